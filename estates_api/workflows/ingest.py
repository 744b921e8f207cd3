"""Ingest: one file becomes one edition, in one transaction, or nothing is written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from estates_api.domain.area import Area
from estates_api.domain.records import Issue, Reading
from estates_api.domain.values import shorten
from estates_api.errors import BadInput
from estates_api.sources import find_reader
from estates_api.sources.document import Document, fingerprint, open_document
from estates_api.sources.outlines import Parcels
from estates_api.store import editions
from estates_api.store.audit import add_audit
from estates_api.store.organisations import list_organisations
from estates_api.store.outlines import refresh_outlines
from estates_api.store.projection import refresh_projection
from estates_api.store.touched import open_touched
from estates_api.workflows.match import match_places
from estates_api.workflows.origin import Origin, check_same
from estates_api.workflows.quality import find_later_issues
from estates_api.workflows.writing import COUNTED, Writer, make_writer

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a file. `new` is False when the same bytes were handed in before; then nothing changed.

    `issues` are the first of them; all are in the catalogue.
    """

    edition: str
    new: bool
    counts: Mapping[str, int]
    issues: tuple[Issue, ...] = ()
    edition_id: int = 0


def ingest(  # noqa: PLR0913 -- who, what, where from and where to tell are all needed
    connection: Connection, path: Path, *, area: Area, name: str | None = None,
    origin: Origin | None = None, actor: str = "command line", progress: Progress = lambda _: None,
) -> Ingested:  # fmt: skip
    """Read a file, and add its edition, claims, places and issues in the caller's transaction.

    BadInput, and nothing written, when the file cannot be read at all; Conflict when its bytes are here as something
    else. Rows that cannot be read become issues.
    """
    name, origin = name or path.name, origin or Origin()
    origin = replace(origin, hints=origin.hints_in(area))
    editions.lock_catalogue(connection)
    if known := editions.find_edition(connection, fingerprint(path)[0]):
        check_same(known, path, name, origin)
        return Ingested(f"{known['source']} {known['label']}", new=False, counts=known["counts"],
                        edition_id=known["id"])  # fmt: skip
    progress(f"checking {name}")
    document = open_document(path, name)
    reading = find_reader(document, origin.insisted, origin.hints).read(document, origin.hints)
    title = f"{reading.source} {reading.label}"
    edition_id = editions.add_edition(connection, describe_edition(document, reading, origin))
    open_touched(connection)
    writer = _write(connection, edition_id, reading, origin, document=document, progress=progress)
    if writer.counts["features"]:
        _check_whose(connection, origin.hints.organisation_code, area)
    writer.counts["questions"] = match_places(connection, area, tell=progress).questions
    refresh_outlines(connection, area.boroughs)
    progress("looking at what does not fit")
    writer.add_filed(find_later_issues(connection, edition_id))
    counts = {name: writer.counts[name] for name in COUNTED}
    editions.add_tally(connection, edition_id, counts)
    progress("rendering sites")
    refresh_projection(connection)
    add_audit(connection, actor=actor, action="ingest", subject=title,
              detail={"sha256": document.sha256, "counts": counts})  # fmt: skip
    return Ingested(title, new=True, counts=counts, issues=tuple(writer.issues), edition_id=edition_id)


def _check_whose(connection: Connection, code: str | None, area: Area) -> None:
    """BadInput when a layer is said to be of an organisation that nobody knows: it would stand there for good, beside
    the layer that it was to replace."""
    if code is None or code in {*area.boroughs, *area.neighbours, *area.trusts}:
        return
    if not list_organisations(connection, "complete", code=code):
        raise BadInput(f"organisation: {shorten(code)!r} is not in the register; /organisations lists those that are")


_LEFT_OUT = {"rows-left-out", "layer-rows-left-out", "geometry-not-taken", "position-not-taken"}


def _write(
    connection: Connection, edition_id: int, reading: Reading, origin: Origin, *, document: Document, progress: Progress
) -> Writer:
    """Everything the file says, counted by its writer; BadInput when no row of it could be taken."""
    sensitivity, title = origin.sensitivity or "public", f"{reading.source} {reading.label}"
    writer = make_writer(connection, reading, edition_id, sensitivity=sensitivity, today=datetime.now(UTC).date(),
                         organisation=origin.hints.organisation_code)  # fmt: skip
    try:
        writer.write_all(lambda done: progress(f"writing {title}: {done}"))
    except BadInput as error:
        detail = error.detail
        raise BadInput(detail if detail.startswith(f"{document.name}: ") else f"{document.name}: {detail}") from error
    counts = writer.counts
    for what, title in (("organisations", "list of organisations"), ("features", "layer")):
        if counts[what] and sensitivity != "public":
            raise BadInput(f"{document.name}: a {title} is public; hand it in without a sensitivity")
    if not any(counts[what] for what in ("holdings", "organisations", "places", "events", "features")):
        raise BadInput(f"{document.name}: no row could be taken ({_first_reason(writer.issues)})")
    return writer


def _first_reason(issues: Sequence[Issue]) -> str:
    """Why a row was not taken: the first error, else what was left out or was nowhere."""
    errors = [issue for issue in issues if issue.severity == "error"]
    first = next(iter([*errors, *(issue for issue in issues if issue.rule in _LEFT_OUT)]), None)
    if first is None:
        return "it has a header and nothing else"
    return first.reason if first.line is None else f"line {first.line}: {first.reason}"


def describe_edition(document: Document, reading: Reading | Parcels, origin: Origin) -> dict[str, Any]:
    """The row of an edition: what its file says it is, and who handed it in as what."""
    return {
        "source": reading.source,
        "label": reading.label,
        "format": reading.format,
        "file_name": document.name,
        "sha256": document.sha256,
        "bytes": document.size,
        "period_start": reading.period_start,
        "period_end": reading.period_end,
        "publisher": origin.publisher,
        "licence": origin.licence,
        "attribution": origin.attribution,
        "url": origin.url,
        "sensitivity": origin.sensitivity or "public",
    }
