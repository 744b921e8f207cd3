"""`estates claims`, `estates redact`, `estates organisation`: what is said of a site, what is masked, who is who."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from estates_api.api.parameters import parse_moment
from estates_api.cli.session import console, open_session, today
from estates_api.cli.shortlists import parse_day
from estates_api.domain.attributes import ATTRIBUTES, IDENTITY
from estates_api.domain.values import counted
from estates_api.errors import BadInput, NotFound
from estates_api.store import features
from estates_api.store.database import transaction
from estates_api.store.editions import find_number
from estates_api.store.sites import Moment
from estates_api.workflows import organisations, redact
from estates_api.workflows.weighing import Weighed, list_weighed

AsOf = Annotated[str | None, typer.Option("--as-of", help="The day the data speak of, 2015-03-31.")]
KnownAt = Annotated[
    str | None, typer.Option("--known-at", help="Only what was known by a day or a moment, 2026-11-01T12:00:00Z.")
]


def claims(
    ref: Annotated[str, typer.Argument(help="A site, NCL-RRP03, or the code of a holding, RRP03.")],
    *,
    attribute: Annotated[str | None, typer.Option(help="One attribute, such as gia_m2.")] = None,
    holding: Annotated[str | None, typer.Option(help="One holding by its code.")] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> None:
    """Show every value that any file says of a site: edition, row, day, and which one counts and why."""
    if attribute is not None and attribute not in {**ATTRIBUTES, **IDENTITY}:
        raise BadInput(f"there is no attribute {attribute!r}; there are {', '.join((*IDENTITY, *ATTRIBUTES))}")
    moment = None
    if as_of or known_at:
        known = parse_moment(known_at, "--known-at") if known_at else None
        moment = Moment(parse_day(as_of) if as_of else today(), known)
    with open_session() as session, transaction(session.engine) as connection:
        site = features.find_ref_of_holding(connection, "complete", ref) or ref
        found = list_weighed(connection, site, moment, today=today(), attribute=attribute)
    if holding:
        found = [one for one in found if one.stated.holding[1] == holding.upper()]
    if not found:
        raise NotFound(f"nothing is said of {ref} that fits")
    console.print(_table(found, f"{site}: {counted(len(found), 'claim')}"))


def _table(found: list[Weighed], title: str) -> Table:
    table = Table("holding", "attribute", "value", "edition, row and day", "counts?", title=title,
                  title_justify="left")  # fmt: skip
    for one in found:
        claim, row = one.stated.claim, one.stated.row
        value = "redacted" if claim.redacted else claim.state if claim.value is None else f"{claim.value}"
        value = f"{value} {row['unit']}" if claim.number is not None else value
        day = f"{claim.as_of}" if claim.dated else "undated"
        table.add_row(*(escape(cell) for cell in (
            one.stated.holding[1], claim.attribute, value,
            f"{claim.told}, {day}", "yes" if one.wins else f"no: {one.why_not}",
        )))  # fmt: skip
    return table


def redact_row(
    edition: Annotated[str, typer.Argument(help="The id of an edition, from /editions.")],
    line: Annotated[int, typer.Argument(help="The row of its file.", min=1, max=2**31 - 1)],
    *,
    because: Annotated[str, typer.Option(help="Why. Everybody may read it, so it must not repeat what is masked.")],
    attribute: Annotated[str | None, typer.Option(help="One attribute of the row; all of it if left out.")] = None,
    by: Annotated[str, typer.Option(help="Who redacts: recorded, and shown to holders of the key.")] = "command line",
) -> None:
    """Mask what one row of a file says, by every route and for everybody. The record and its hashes stay."""
    with open_session() as session:
        conditions = redact.Conditions(session.area, session.method, session.method_content, today())
        with transaction(session.engine) as connection:
            mask = redact.Mask(find_number(connection, "complete", edition), line, because, attribute)
            refs = redact.redact(connection, mask, by=conditions, actor=by)
    what = f"{attribute} of " if attribute else ""
    console.print(f"redacted: {what}row {line} of edition {edition}; sites written anew: {', '.join(refs) or 'none'}")


def organisation(
    code: Annotated[str, typer.Argument(help="The code of an organisation, RVL.")], *, as_of: AsOf = None
) -> None:
    """Show an organisation: its names, whom it carries on, whom it leads to today, and what it holds."""
    day = parse_day(as_of) if as_of else None
    with open_session() as session, transaction(session.engine) as connection:
        register = organisations.open_register(connection, "complete", day, today())
        found = organisations.get_organisation(connection, "complete", register, code)
    lines = [f"[bold]{escape(found['code'])}[/bold] {escape(found['name'])}: {found['kind']}, {found['status']}"]
    spoken = {naming["name"]: naming for naming in found["names"]}
    lines += [f"  called {escape(name)} in {escape(naming['edition'])}" for name, naming in spoken.items()]
    lines += [f"  carries on {one['predecessor']} since {one['on'] or 'a day not known'} ({escape(one['edition'])})"
              for one in found["predecessors"]]  # fmt: skip
    lines += [f"  carried on by {one['successor']} since {one['on'] or 'a day not known'} ({escape(one['edition'])})"
              for one in found["succeeded_by"]]  # fmt: skip
    if found["current"] != [found["code"]]:
        lines.append(f"  today: {', '.join(found['current']) or 'nobody'}")
    for holding in found["holdings"]:
        place = f"{escape(holding['name'])} at {escape(holding['site_name'])} ({holding['site_ref']})"
        lines.append(f"  holds {escape(holding['code'])}: {place}")
    console.print("\n".join(lines), soft_wrap=True)
