"""`estates key`: keys given out to partners, owners, stewards and approvers, listed, exchanged and taken back."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from estates_api.cli.session import console, errors, open_session, today
from estates_api.domain.callers import ROLES
from estates_api.domain.decision_form import parse_one_day
from estates_api.domain.keys import parse_holder
from estates_api.domain.moments import write_day
from estates_api.errors import BadInput
from estates_api.store import keys as stored
from estates_api.store.database import transaction
from estates_api.workflows import keys

app = typer.Typer(help="Give out keys, list them, exchange them, take them back.", no_args_is_help=True)

Prefix = Annotated[str, typer.Argument(help="The eight digits after estates_, as `estates key list` has them.")]


@app.command("create")
def create(
    *,
    role: Annotated[str, typer.Option(help=", ".join(one for one in ROLES if one != "public"))],
    name: Annotated[str, typer.Option(help="Whose it is; stands in the audit trail.")],
    organisation: Annotated[str | None, typer.Option(help="The code of the one it acts for: RAL.")] = None,
    sector: Annotated[str | None, typer.Option(help="Of an approver: NHS, council or other public.")] = None,
    expires: Annotated[str | None, typer.Option(help="The last day on which it counts: 2027-03-31.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="Only this of what the role may do; may be repeated.")] = None,
) -> None:
    """Give out a key. It is shown once; only its hash is kept."""
    last = parse_one_day("expires", expires) if expires else None
    if last and last < today():
        raise BadInput(f"expires: {write_day(last)} is over; give the last day on which the key is to count")
    holder = parse_holder(role, name, organisation=organisation, sector=sector, scopes=scope or (), expires=last)
    with open_session() as session, transaction(session.engine) as connection:
        made = keys.create_key(connection, holder)
    _show(made)


@app.command("list")
def list_all() -> None:
    """List the keys, the newest first."""
    with open_session() as session, transaction(session.engine) as connection:
        rows = stored.list_keys(connection)
    table = Table("key", "role", "for", "name", "only", "created", "expires", "last used", "revoked")
    for row in rows:
        bounds = " ".join(one for one in (row["organisation"], row["sector"]) if one)
        days = [f"{row[one]:%Y-%m-%d}" if row[one] else "" for one in ("at", "expires", "last_used", "revoked")]
        only = "" if row["scopes"] is None else ", ".join(row["scopes"])
        table.add_row(row["prefix"], row["role"], escape(bounds), escape(row["name"]), only, *days)
    console.print(table)


@app.command("revoke")
def revoke(prefix: Prefix) -> None:
    """Take a key back: from now on it opens nothing."""
    with open_session() as session, transaction(session.engine) as connection:
        keys.revoke_key(connection, prefix)
    console.print(f"revoked: {escape(prefix)}")


@app.command("rotate")
def rotate(prefix: Prefix) -> None:
    """Exchange a key: another one for the same holder, and the old one is revoked."""
    with open_session() as session, transaction(session.engine) as connection:
        made = keys.rotate_key(connection, prefix)
    _show(made)


def _show(key: str) -> None:
    typer.echo(key)
    errors.print("this key is shown once; keep it as a password, and send it as X-API-Key or as Basic password")
