"""`estates shortlist`: draft, publish, show and list; pin and strike; verify, reproduce and compare."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy import RowMapping

from estates_api.cli.files import write_whole
from estates_api.cli.session import Session, console, open_session, today
from estates_api.domain.choices import Kind
from estates_api.domain.quarters import Quarter, parse_quarter
from estates_api.domain.reproduction import NOT_REWOUND, Reproduction
from estates_api.domain.shortlist import by_organisation
from estates_api.domain.values import counted
from estates_api.errors import BadInput
from estates_api.store import shortlists as stored
from estates_api.store.database import transaction
from estates_api.workflows import choose, comparison, prove
from estates_api.workflows import shortlist as lists
from estates_api.workflows.adoption import InForce
from estates_api.workflows.handing_out import FORMATS, hand_out, read_file
from estates_api.workflows.shortlist import Frozen

app = typer.Typer(
    help="The quarterly shortlist: draft it, publish it, show it, prove it, say what changed.", no_args_is_help=True
)

QuarterArgument = Annotated[str, typer.Argument(help="A calendar quarter, 2026-Q4.", metavar="QUARTER")]
SiteArgument = Annotated[str, typer.Argument(help="The reference of a site, NCL-RRP03.", metavar="SITE")]
By = Annotated[str, typer.Option(help="Who does it: a board or a person. Recorded, and shown to everybody.")]
Because = Annotated[str, typer.Option(help="Why. Recorded, printed in the list, and shown to everybody.")]
Revision = Annotated[int | None, typer.Option(help="An older revision; the newest if left out.", min=1)]


def parse_day(text: str) -> date:
    """An ISO day; BadInput otherwise."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is not a day; write it like 2015-03-31") from None


@app.command("draft")
def draft(quarter: QuarterArgument) -> None:
    """Assess and freeze a draft. A past quarter is drawn up from what the data say of its last day."""
    wanted = parse_quarter(quarter)
    with open_session() as session:
        frozen, new = draft_quarter(session, wanted)
        console.print(f"shortlist {frozen.quarter} revision {frozen.revision}, {frozen.status}"
                      f"{'' if new else ' (unchanged)'}")  # fmt: skip
        show_frozen(frozen)


def draft_quarter(session: Session, quarter: Quarter) -> tuple[Frozen, bool]:
    """Draft a quarter in one transaction."""
    by = InForce(session.method, session.method_content)
    with transaction(session.engine) as connection:
        return lists.draft(connection, quarter, area=session.area, by=by, today=today())


@app.command("publish")
def publish(
    quarter: QuarterArgument,
    *,
    by: By,
    because: Annotated[str | None, typer.Option(help="Why the list that is published is replaced.")] = None,
    allow_stale: Annotated[
        str | None,
        typer.Option(help="Why it may go out though its evidence is old. Recorded, and shown to everybody.",
                     metavar="REASON"),
    ] = None,
) -> None:  # fmt: skip
    """Publish the newest draft, to the byte. What is published is never changed: a correction is a new revision.

    Refused, as `estates quarter` is, when the evidence is too old or too little is known.
    """
    wanted = parse_quarter(quarter)
    with open_session() as session:
        with transaction(session.engine) as connection:
            asked = lists.Publication(by, because, allow_stale)
            frozen = lists.publish(connection, wanted, asked, area=session.area, method=session.method)
        instead = f", replacing revision {frozen.replaces}" if frozen.replaces else ""
        which = f"shortlist {frozen.quarter} revision {frozen.revision}"
        console.print(escape(f"{which}, published by {frozen.by}{instead}"), soft_wrap=True)
        console.print(f"SHA-256 {frozen.sha256}", soft_wrap=True)


@app.command("pin")
def pin(
    quarter: QuarterArgument,
    site: SiteArgument,
    *,
    by: By,
    because: Because,
    to: Annotated[str, typer.Option("--list", help="release, part release or reuse.")],
) -> None:
    """Put a site on a list of a quarter whatever the rule says. Refused where a gate is closed for release."""
    _choose(quarter, choose.Asked(site, "pin", by, because, to))


@app.command("strike")
def strike(quarter: QuarterArgument, site: SiteArgument, *, by: By, because: Because) -> None:
    """Take a site off the lists of a quarter whatever the rule says."""
    _choose(quarter, choose.Asked(site, "strike", by, because))


@app.command("unpin")
def unpin(quarter: QuarterArgument, site: SiteArgument, *, by: By, because: Because) -> None:
    """Take back a pin or a strike: the rule decides again."""
    _choose(quarter, choose.Asked(site, "withdrawn", by, because))


_DONE: dict[Kind, str] = {"pin": "pinned", "strike": "struck", "withdrawn": "taken back"}


def _choose(quarter: str, asked: choose.Asked) -> None:
    wanted = parse_quarter(quarter)
    with open_session() as session, transaction(session.engine) as connection:
        choose.choose(connection, wanted, asked, area=session.area, method=session.method, today=today())
        follows = choose.what_follows(connection, wanted)
    console.print(f"{_DONE[asked.kind]}: {escape(asked.ref)}; {follows}", soft_wrap=True)


@app.command("verify")
def verify(quarter: QuarterArgument, *, revision: Revision = None) -> None:
    """Check that what is stored of a list, and what it rests on, is what was frozen. Exit code 1 when it is not."""
    wanted = parse_quarter(quarter)
    with open_session() as session, transaction(session.engine) as connection:
        row = stored.get_shortlist(connection, str(wanted), revision)
        checks = prove.verify(connection, row)
    _tell_revision(row)
    for check in checks:
        word = "[green]pass[/green]" if check.passed else "[red]FAIL[/red]"
        console.print(f"  {word} {escape(check.title)}: {escape(check.found)}", soft_wrap=True)
    failed = sum(not check.passed for check in checks)
    console.print(f"{counted(len(checks), 'check')}, {failed or 'none'} failed")
    raise typer.Exit(bool(failed))


def _tell_revision(row: RowMapping) -> None:
    which = f"shortlist {row['quarter']} revision {row['revision']}, {row['status']}"
    console.print(f"{which}, SHA-256 {row['sha256']}", soft_wrap=True)


@app.command("reproduce")
def reproduce(quarter: QuarterArgument, *, revision: Revision = None) -> None:
    """Draw a list up again from the stored editions and compare it with the frozen bytes. Exit code 1 when the records
    give another list."""
    wanted = parse_quarter(quarter)
    with open_session() as session, transaction(session.engine) as connection:
        row = stored.get_shortlist(connection, str(wanted), revision)
        found = prove.reproduce(connection, row, area=session.area)
    _tell_revision(row)
    _tell_reproduction(found)
    raise typer.Exit(found.fails)


def _tell_reproduction(found: Reproduction) -> None:
    if found.same:
        console.print("reproduced: the same bytes")
        return
    console.print(f"reproduced: {found.told}{': ' if found.reason else ''}{escape(found.reason)}", soft_wrap=True)
    for one in found.differences:
        site = f" {one['site']}" if "site" in one else ""
        what = ", ".join(one["fields"]) or one.get("there", "")
        console.print(f"  {one['part']}{escape(site)}: {escape(what)}", soft_wrap=True)
    console.print("what the records cannot be rewound in:")
    for line in NOT_REWOUND:
        console.print(f"  {line}", soft_wrap=True)


@app.command("changes")
def changes(
    quarter: QuarterArgument,
    since: Annotated[str, typer.Argument(help="The quarter to compare with.", metavar="SINCE")],
    *,
    revision: Revision = None,
    since_revision: Revision = None,
) -> None:
    """Say what entered, left and moved since another quarter's list, each with its causes and by how much."""
    wanted, other = parse_quarter(quarter), parse_quarter(since)
    with open_session() as session, transaction(session.engine) as connection:
        after, before = (
            lists.get_shortlist(connection, one, revision=number)
            for one, number in ((wanted, revision), (other, since_revision))
        )
        _tell_changes(comparison.compare(connection, before, after, "complete"))


def _tell_changes(found: dict[str, Any]) -> None:
    ends = [f"{found[end]['quarter']} (as of {found[end]['as_of']})" for end in ("from", "to")]
    told = ", ".join(f"{number} {what}" for what, number in found["counts"].items())
    console.print(f"{' to '.join(ends)}: {told}", soft_wrap=True)
    for what in ("entered", "left", "moved"):
        for one in found[what]:
            console.print(f"\n[bold]{what}[/bold] {escape(one['name'])} ({escape(one['site'])}): {escape(_move(one))}",
                          soft_wrap=True)  # fmt: skip
            for cause in one["causes"]:
                console.print(f"  {cause['cause']}: {escape(cause['told'])}", soft_wrap=True)


def _move(one: dict[str, Any]) -> str:
    """The list, rank and scores of a site before and after."""
    lists, ranks = one["list"], one["rank"]
    places = [f"{lists[end]} rank {ranks[end]}" if lists[end] else "not listed" for end in ("from", "to")]
    scores = [f"{name} {score['from']:.1f} to {score['to']:.1f}" for name, score in one["scores"].items()]
    return "; ".join([" -> ".join(places), *scores])


@app.command("show")
def show(quarter: QuarterArgument, *, revision: Revision = None) -> None:
    """Show the newest revision of a quarter's shortlist and the SHA-256 of its stored bytes."""
    wanted = parse_quarter(quarter)
    with open_session() as session, transaction(session.engine) as connection:
        frozen = lists.get_shortlist(connection, wanted, revision=revision)
        console.print(f"shortlist {frozen.quarter} revision {frozen.revision}, {frozen.status} by {escape(frozen.by)}")
        if frozen.replaces:
            console.print(f"replaces revision {frozen.replaces}: {escape(frozen.because or '')}", soft_wrap=True)
        if frozen.on_old_evidence:
            console.print(f"on old evidence, because: {escape(frozen.on_old_evidence)}", soft_wrap=True)
        show_frozen(frozen)


@app.command("list")
def list_all() -> None:
    """List every revision that is frozen."""
    with open_session() as session, transaction(session.engine) as connection:
        table = Table("quarter", "revision", "status", "by", "replaces", box=None, pad_edge=False)
        table.add_column("SHA-256", overflow="fold")
        for row in stored.list_shortlists(connection):
            table.add_row(row["quarter"], str(row["revision"]), row["status"], escape(row["actor"]),
                          str(row["replaces"] or ""), row["sha256"])  # fmt: skip
        console.print(table)


@app.command("export")
def export(
    quarter: QuarterArgument,
    out: Annotated[Path, typer.Option("--out", help="Where the file is written.")],
    file_format: Annotated[str | None, typer.Option("--format", help="The suffix of --out, if left out.")] = None,
) -> None:
    """Write the newest revision of a quarter's shortlist as CSV, workbook, GeoJSON, GeoPackage, GeoParquet or PDF."""
    wanted, suffix = parse_quarter(quarter), file_format or out.suffix.removeprefix(".")
    if suffix not in FORMATS:
        raise BadInput(f"{suffix!r} is not a format of a shortlist; --format takes {', '.join(FORMATS)}")
    with open_session() as session, transaction(session.engine) as connection:
        frozen = lists.get_shortlist(connection, wanted)
        handed = hand_out(connection, frozen, adopted=session.method, area=session.area)
    write_whole(out, read_file(handed, frozen, suffix))
    listed = counted(len(frozen.entries), "entry", "entries")
    told = f"shortlist {frozen.quarter} revision {frozen.revision}, {frozen.status}, {listed}: {escape(str(out))}"
    console.print(told, soft_wrap=True)


def show_frozen(frozen: Frozen) -> None:
    """The fingerprint, the entries as a table, and what stands apart."""
    document = frozen.document
    console.print(
        f"as of {document['as_of']}, method {document['method']['id']}, SHA-256 {frozen.sha256}", soft_wrap=True
    )
    console.print(entries_table(frozen, f"Shortlist {frozen.quarter} as of {document['as_of']}"))
    for row in document.get("next", ()):
        said = f"next on the {row['list']} list: {row['name']} ({row['site']}), {row['why']}"
        console.print(escape(said), soft_wrap=True)
    for row in document.get("choices", ()):
        held = "" if row["followed"] else f" (not followed: {row['why_not']})"
        console.print(escape(f"{row['kind']}: {row['name']} ({row['site']}), by {row['by']}: {row['reason']}{held}"),
                      soft_wrap=True)  # fmt: skip
    console.print(
        f"{counted(len(document['not_enough_data']), 'site')} with not enough data; "
        f"{len(document['released'])} already released; {len(document.get('outside', ()))} outside the area"
    )
    for who, rows in by_organisation(document["not_enough_data"]).items():
        console.print(f"  {counted(len(rows), 'site')} of {escape(who)}", soft_wrap=True)


def entries_table(frozen: Frozen, title: str) -> Table:
    """The entries: list, site, score with interval, and the sentence with later events."""
    table = Table("list", "site", "score", "why, and what happened since", title=title, title_justify="left")
    for entry in frozen.entries:
        stale = " (stale)" if entry["stale"] else ""
        since = f"after {frozen.document['as_of']}: {entry['later_events']}"
        later = f"\n[dim]{escape(since)}[/dim]" if entry["later_events"] else ""
        place = f"{entry['site']}, {entry['borough'] or 'position not known'}"
        table.add_row(
            escape(entry["list"] + stale),
            f"{escape(entry['name'])}\n[dim]{escape(place)}[/dim]",
            f"{entry['score']:.0f}\n[dim]{entry['score_low']:.0f}–{entry['score_high']:.0f}[/dim]",
            escape(entry["reasons"]) + later,
        )
    return table
