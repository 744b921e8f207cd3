"""`estates quarter`: the whole of a quarter's work in one command, for cron or a systemd timer."""

import hashlib
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from sqlalchemy import Engine

from estates_api.cli.files import write_folder
from estates_api.cli.session import Session, console, errors, open_session, today
from estates_api.domain.callers import Circle
from estates_api.domain.quarters import Quarter, parse_quarter, quarter_of
from estates_api.errors import BadInput, Unavailable
from estates_api.exports.webhook import parse_webhook
from estates_api.store.database import transaction
from estates_api.store.layers import AUDIENCES
from estates_api.store.shortlists import Seeing
from estates_api.workflows.adoption import InForce
from estates_api.workflows.handing_out import FORMATS, hand_out, hand_out_llc, read_file
from estates_api.workflows.quarter import Outcome, Wishes, run_quarter, tell
from estates_api.workflows.shortlist import Frozen, get_shortlist

REFUSED, NOT_TOLD = 1, 3
"""Exit codes: the evidence or a check is in the way; all is done, but the webhook did not take it."""


def quarter(  # noqa: PLR0913 -- the options of a command
    which: Annotated[
        str | None, typer.Argument(help="A calendar quarter, 2026-Q4; the last one that has ended if left out.",
                                   metavar="[QUARTER]")
    ] = None,
    *,
    publish: Annotated[bool, typer.Option("--publish", help="Publish the list; needs --by.")] = False,
    by: Annotated[str | None, typer.Option(help="Who publishes: a board or a person; shown to everybody.")] = None,
    because: Annotated[str | None, typer.Option(help="Why a list that is published is replaced.")] = None,
    allow_stale: Annotated[
        str | None, typer.Option(help="Why a list may go out though its evidence is old; recorded.", metavar="REASON")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A folder to write the files of the quarter to.")] = None,
    audience: Annotated[str, typer.Option(help="For whom the files are: public, partner or complete.")] = "public",
    webhook: Annotated[str | None, typer.Option(help="An address to post the outcome to.")] = None,
) -> None:  # fmt: skip
    """Do the whole quarter: assess, draft, check, publish if told so, write files, tell a webhook.

    Run again, it changes nothing and says so. Exit code 1: refused, with the reason; 3: done, but the webhook failed.
    """
    wanted = parse_quarter(which) if which else quarter_of(today()).before
    if publish and not by:
        raise BadInput("--publish: say who publishes, with --by")
    if webhook:
        parse_webhook(webhook)
    wishes = Wishes(publish, by or "command line", because, _reason(allow_stale))
    seeing = Seeing(_audience(audience))
    with open_session() as session:
        in_force = InForce(session.method, session.method_content)
        with transaction(session.engine) as connection:
            outcome = run_quarter(connection, wanted, wishes, area=session.area, by=in_force, today=today())
            shown = get_shortlist(connection, wanted, seeing)
        _tell_outcome(wanted, outcome)
        if outcome.refused:
            raise typer.Exit(REFUSED)
        wrote = _write(out, shown, seeing.audience, session) if out else False
        told = _tell_webhook(session.engine, wanted, webhook) if webhook else False
        if not (outcome.did or wrote or told):
            console.print("nothing changed")


def _tell_webhook(engine: Engine, wanted: Quarter, url: str) -> bool:
    """Whether it was told now; exit code 3, after everything else, when it did not take it."""
    try:
        with transaction(engine) as connection:
            told = tell(connection, wanted, url)
    except Unavailable as error:
        errors.print(f"[yellow]warning:[/yellow] {escape(error.detail)}; run it again to try again", soft_wrap=True)
        raise typer.Exit(NOT_TOLD) from None
    if told:
        console.print("told the webhook")
    return told


def _reason(text: str | None) -> str | None:
    if text is not None and not text.strip():
        raise BadInput("--allow-stale: say why")
    return text


def _audience(given: str) -> Circle:
    found = next((one for one in AUDIENCES if one == given), None)
    if found is None:
        raise BadInput(f"--audience: must be one of {', '.join(AUDIENCES)}")
    return found


def _tell_outcome(wanted: Quarter, outcome: Outcome) -> None:
    frozen = outcome.frozen
    which = f"shortlist {wanted} revision {frozen.revision}, {frozen.status}"
    console.print(f"{which}, SHA-256 {frozen.sha256}", soft_wrap=True)
    for line in outcome.did:
        console.print(escape(line), soft_wrap=True)
    for reason in outcome.refused:
        errors.print(f"[red]refused:[/red] {escape(reason)}", soft_wrap=True)


def _write(folder: Path, frozen: Frozen, circle: Circle, session: Session) -> bool:
    """The list in every format, and as the Commission may take it, with hashes, whole or not at all; False where it is
    there already."""
    name = f"shortlist-{frozen.quarter}"
    with transaction(session.engine) as connection:
        handed = hand_out(connection, frozen, adopted=session.method, area=session.area)
        files = {f"{name}.json": frozen.content} | hand_out_llc(connection, frozen, circle)
    files |= {f"{name}.{suffix}": read_file(handed, frozen, suffix) for suffix in FORMATS}
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {file}\n" for file, content in sorted(files.items()))
    target = folder / f"{frozen.quarter}-revision-{frozen.revision}"
    new = write_folder(target, files | {"SHA256SUMS": sums.encode()})
    if new:
        console.print(escape(f"wrote {len(files) + 1} files to {target}"), soft_wrap=True)
    return new
