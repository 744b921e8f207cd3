"""`estates llc`: a shortlist in the schema aligned with the London Land Commission, and whether a file is in it."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from estates_api.cli.files import check_file, shown_name, write_whole
from estates_api.cli.session import console, open_session
from estates_api.domain.llc import ID
from estates_api.domain.llc_check import Fault
from estates_api.domain.llc_mappings import MAPPINGS, mapped_rows
from estates_api.domain.quarters import parse_quarter
from estates_api.domain.values import counted, shorten
from estates_api.errors import BadInput
from estates_api.exports.llc import write_csv, write_geojson, write_mapping
from estates_api.store.database import transaction
from estates_api.workflows.llc import check_llc
from estates_api.workflows.shortlist import Frozen, get_shortlist

app = typer.Typer(help=f"Shortlists in the schema {ID}: write them, and check a file.", no_args_is_help=True)

FORMS = ("llc", "geojson", *MAPPINGS)


@app.command("export")
def export(
    quarter: Annotated[str, typer.Argument(help="A calendar quarter, 2026-Q4.", metavar="QUARTER")],
    *,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    form: Annotated[str, typer.Option("--as", help=f"One of {', '.join(FORMS)}.")] = "llc",
    revision: Annotated[int | None, typer.Option(min=1, help="An older revision; the newest if left out.")] = None,
) -> None:
    """Write a quarter's shortlist, whole, as CSV unless it is geojson."""
    wanted = parse_quarter(quarter)
    if form not in FORMS:
        raise BadInput(f"--as: {shorten(form)!r} is none of {', '.join(FORMS)}")
    with open_session() as session, transaction(session.engine) as connection:
        frozen = get_shortlist(connection, wanted, revision=revision)
    write_whole(out, _content(frozen, form).decode("utf-8"))
    mapping = MAPPINGS.get(form)
    kept = sum(1 for _ in mapped_rows(mapping, frozen.document, frozen.sha256)) if mapping else len(frozen.entries)
    said = f"{counted(kept, 'row')} of {counted(len(frozen.entries), 'site')} on {frozen.quarter}"
    console.print(
        f"{escape(str(out))}: {said} revision {frozen.revision}, {frozen.status}, SHA-256 {frozen.sha256}",
        soft_wrap=True,
    )
    if mapping:
        blank = [column.name for column in mapping.columns if column.rule is None]
        console.print(f"{mapping.which}\nLeft blank: {', '.join(blank)} (see /llc for why)", soft_wrap=True)


def _content(frozen: Frozen, form: str) -> bytes:
    match form:
        case "llc":
            return write_csv(frozen.document, frozen.sha256)
        case "geojson":
            return write_geojson(frozen.document, frozen.sha256)
        case _:
            return write_mapping(MAPPINGS[form], frozen.document, frozen.sha256)


@app.command("validate")
def validate(
    file: Annotated[Path, typer.Argument(help="CSV or .xlsx.")],
    *,
    every: Annotated[bool, typer.Option("--every", help="Print the rows that pass as well.")] = False,
) -> None:
    """Check a file row by row: `line 7: passes`, or each fault with its field and what is wanted.

    Exit code 0 when every row passes, 1 when some do not, 2 when the file cannot be read or has other columns.
    """
    name = shown_name(file)
    try:
        check_file(file)
    except BadInput as error:
        raise BadInput(f"{name}: {error.detail}") from None
    table, rows = check_llc(file, name)
    for line, faults in rows:
        if faults or every:
            sys.stdout.write(_told(line, faults))
    failed = f"{counted(table.failed, 'row')} {'does' if table.failed == 1 else 'do'} not"
    console.print(f"{escape(name)}: {counted(table.rows, 'row')} held against {ID}: "
                  f"{table.rows - table.failed:,} pass{'' if table.rows - table.failed != 1 else 'es'}, {failed}",
                  soft_wrap=True)  # fmt: skip
    sys.exit(1 if table.failed else 0)


def _told(line: int, faults: list[Fault]) -> str:
    if not faults:
        return f"line {line}: passes\n"
    return "".join(f"line {line}: {fault.field + ': ' if fault.field else ''}{fault.reason}\n" for fault in faults)
