"""`estates method adopt` and `history`, `estates what-if`: trying another method, and deciding on one."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from estates_api.cli.files import check_file, write_whole
from estates_api.cli.session import console, open_session
from estates_api.domain.method import SCORES
from estates_api.domain.toml_table import read_toml
from estates_api.domain.values import counted, shorten
from estates_api.errors import BadInput
from estates_api.exports.issues import write_lines
from estates_api.store import adoptions
from estates_api.store.database import check_schema, transaction
from estates_api.store.what_if import read_known
from estates_api.workflows import adoption
from estates_api.workflows.what_if import ask, prepare

LARGEST_BYTES = 4 * 1024 * 1024


def add_commands(app: typer.Typer, methods: typer.Typer) -> None:
    """Add the commands, those on methods to the group of them."""
    app.command("what-if")(what_if)
    methods.command("adopt")(adopt)
    methods.command("history")(history)


def adopt(
    file: Annotated[Path, typer.Argument(help="A method file (TOML).")],
    *,
    by: Annotated[str, typer.Option(help="Who decides: a board or a person. Recorded, and shown to everybody.")],
    reason: Annotated[str, typer.Option(help="Why. Recorded, and shown to everybody.")],
) -> None:
    """Adopt a method: from now on every assessment and shortlist goes by it. The decision is recorded."""
    content = _read(file)
    # The method in force is not read: one that this version cannot read must not be in the way of another.
    with open_session(check=False) as session:
        with transaction(session.engine) as connection:
            check_schema(connection)
            decision, name = adoption.Decision(by, reason), shorten(str(file), 200)
            method = adoption.adopt(connection, content, name, decision, session.method.sha256)
        console.print(f"adopted: {method.id}, SHA-256 {method.sha256}", soft_wrap=True)
        console.print("what is shown still goes by the method before; bring it up to date with: estates assess")


def history() -> None:
    """List the decisions on methods, the newest first."""
    with open_session() as session, transaction(session.engine) as connection:
        rows = adoptions.list_adoptions(connection)
        if not rows:
            console.print(f"no method was adopted; the configured one counts: {session.method.id}, "
                          f"SHA-256 {session.method.sha256}", soft_wrap=True)  # fmt: skip
            return
    table = Table("when", "method", "SHA-256", "by", "reason")
    for row in rows:
        table.add_row(f"{row['at']:%Y-%m-%d %H:%M}", escape(row["method"]), row["sha256"][:12],
                      escape(row["adopted_by"]), escape(row["reason"]))  # fmt: skip
    console.print(table)


def what_if(
    file: Annotated[Path, typer.Argument(help="TOML with any of: groups, criteria, points, gates_off, cut_offs, top.")],
    *,
    csv: Annotated[Path | None, typer.Option(help="Write every site to this file too.")] = None,
) -> None:
    """Try other weights, points, gates or cut-offs on the latest assessment. Nothing is stored."""
    asked = read_toml(_read(file), shorten(str(file), 200))
    with open_session() as session, transaction(session.engine) as connection:
        found = ask(prepare(*read_known(connection, "complete")), asked)
    rows = found["sites"]
    changed = [row for row in rows if row["route"] != row["route_before"]]
    lines = [f"{counted(len(rows), 'site')}, {counted(len(changed), 'route')} changed (top {found['top']})"]
    lines += [f"  {_site(row)}: {row['route_before']} -> {row['route']}" for row in changed]
    lines += [line for score in SCORES for line in _top(rows, score, found["top"])]
    console.print("\n".join(lines), soft_wrap=True)
    if csv is not None:
        write_whole(csv, "".join(write_lines(rows, tuple(rows[0]) if rows else ("site",))))
        console.print(f"written to {escape(str(csv))}", soft_wrap=True)


def _top(rows: Sequence[Mapping[str, Any]], score: str, top: int) -> Iterator[str]:
    """Who enters and who leaves the top k of one score."""
    for row in rows:
        if (way := row[f"{score}_top"]) in {"enters", "leaves"}:
            ranks = f"{row[f'{score}_rank_before'] or 'no rank'} -> {row[f'{score}_rank'] or 'no rank'}"
            yield f"  {way} the top {top} for {score}: {_site(row)}, {ranks}"


def _site(row: Mapping[str, Any]) -> str:
    return f"{row['site']} {escape(row['name'])}"


def _read(path: Path) -> bytes:
    try:
        check_file(path)
        if path.stat().st_size > LARGEST_BYTES:
            raise BadInput("larger than any method file")
        return path.read_bytes()
    except (BadInput, OSError) as error:
        reason = error.detail if isinstance(error, BadInput) else error.strerror or "it cannot be read"
        raise BadInput(f"{shorten(str(path), 200)}: {reason}") from None
