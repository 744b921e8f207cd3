"""Outline: the parcels of one file become outlines of sites, in one transaction, or nothing is written."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection

from estates_api.domain.area import Area
from estates_api.domain.outlines import Parcel, choose_parcels, without_overlaps
from estates_api.domain.records import Issue, Sensitivity
from estates_api.errors import BadInput
from estates_api.sources.document import fingerprint, open_document
from estates_api.sources.outlines import FORMAT, read_parcels
from estates_api.store import editions, outlines
from estates_api.store.audit import add_audit
from estates_api.store.issues import Filed, add_issues
from estates_api.store.projection import refresh_projection
from estates_api.store.touched import open_touched
from estates_api.workflows.ingest import Ingested, Progress, describe_edition
from estates_api.workflows.origin import Origin, check_same

BATCH = 5000
SHOWN_ISSUES = 200


def outline(  # noqa: PLR0913 -- who, what, where from and where to tell are all needed
    connection: Connection, path: Path, *, area: Area, name: str | None = None,
    origin: Origin | None = None, actor: str = "command line", progress: Progress = lambda _: None,
) -> Ingested:  # fmt: skip
    """Attach the parcels of a vector file to sites, where it is sure whose they are, in the caller's transaction.

    Counts: `parcels` read, `attached`, `sites` that got an outline by this file, `without`: sites that have none still.
    BadInput, and nothing written, when the file cannot be read; Conflict when its bytes are here as something else.
    """
    name, origin = name or path.name, replace(origin or Origin(), insisted=FORMAT)
    editions.lock_catalogue(connection)
    if known := editions.find_edition(connection, fingerprint(path)[0]):
        check_same(known, path, name, origin)
        return Ingested(f"{known['source']} {known['label']}", new=False, counts=known["counts"],
                        edition_id=known["id"])  # fmt: skip
    progress(f"checking {name}")
    document = open_document(path, name)
    parcels = read_parcels(document, origin.hints)
    title = f"{parcels.source} {parcels.label}"
    edition_id = editions.add_edition(connection, describe_edition(document, parcels, origin))
    filing = _Filing(connection, edition_id, origin.sensitivity or "public")
    filing.write_parcels(parcels.found, lambda done: progress(f"reading {title}: {done}"))
    if not filing.counts["parcels"]:
        raise BadInput(f"{name}: no feature is an area that can be drawn ({_first_reason(filing.issues)})")
    progress(f"finding the sites of {filing.counts['parcels']:,} parcels")
    filing.attach()
    progress("rendering sites")
    outlines.refresh_outlines(connection, area.boroughs)
    refresh_projection(connection)
    counts = filing.counted()
    editions.add_tally(connection, edition_id, counts)
    add_audit(connection, actor=actor, action="outline", subject=title,
              detail={"sha256": document.sha256, "counts": counts})  # fmt: skip
    return Ingested(title, new=True, counts=counts, issues=tuple(filing.issues), edition_id=edition_id)


COUNTED = ("rows", "parcels", "attached", "sites", "without", "error", "warning", "note")


@dataclass(slots=True)
class _Filing:
    """One edition of parcels while it is written."""

    connection: Connection
    edition_id: int
    sensitivity: Sensitivity
    counts: Counter[str] = field(default_factory=Counter)
    issues: list[Issue] = field(default_factory=list)

    def write_parcels(self, found: Iterator[Parcel | Issue], progress: Progress) -> None:
        """Read the file to its end, a batch at a time."""
        outlines.open_parcels(self.connection)
        while batch := list(islice(found, BATCH)):
            parcels = [one for one in batch if isinstance(one, Parcel)]
            outlines.add_parcels(self.connection, parcels)
            self.add_issues([one for one in batch if isinstance(one, Issue)])
            self.counts["parcels"] += len(parcels)
            progress(f"{self.counts['parcels']:,} parcels")

    def attach(self) -> None:
        """Decide which parcel is whose, and write the outlines of those that are sure."""
        open_touched(self.connection)
        outlines.index_parcels(self.connection)
        named = outlines.list_named(self.connection)
        unknown = outlines.list_unknown(self.connection, {one.line for one in named})
        unsure = {line for line, _ in unknown}
        near = [one for one in outlines.list_near(self.connection) if one.line not in unsure]
        choice = choose_parcels(named, near)
        overlaps = outlines.attach(self.connection, choice.attached)
        final = without_overlaps(choice.attached, overlaps)
        lines = [one.line for one in final.attached]
        outlines.add_outlines(self.connection, self.edition_id, lines, self.sensitivity)
        self.counts["attached"] = len(lines)
        self.counts["sites"] = len({one.site_ref for one in final.attached})
        self.add_issues(list(_unknown_issues(unknown)))
        self.add_site_issues([*choice.issues, *final.issues])

    def add_issues(self, issues: Sequence[Issue]) -> None:
        """Issues, counted by severity."""
        self._file([Filed(issue, self.sensitivity) for issue in issues])

    def add_site_issues(self, issues: Sequence[Issue]) -> None:
        """Issues that name sites: whoever may not see one of these sees none of it."""
        withheld = outlines.list_withheld(self.connection)
        self._file([Filed(one, "owner" if _names_any(one, withheld) else self.sensitivity) for one in issues])

    def _file(self, filed: Sequence[Filed]) -> None:
        add_issues(self.connection, self.edition_id, filed)
        issues = [one.issue for one in filed]
        self.counts.update(issue.severity for issue in issues)
        self.issues.extend(issues[: SHOWN_ISSUES - len(self.issues)])

    def counted(self) -> dict[str, int]:
        """What the file came to."""
        self.counts["rows"] = self.counts["parcels"]
        self.counts["without"] = outlines.count_without(self.connection)
        return {name: self.counts[name] for name in COUNTED}


def _unknown_issues(unknown: Sequence[tuple[int, str]]) -> Iterator[Issue]:
    for line, words in unknown:
        reason = "names a site or holding that is not here; hand in the list that has it first"
        yield Issue("outline-unknown", line, None, reason, words)


def _names_any(issue: Issue, withheld: Set[str]) -> bool:
    return not withheld.isdisjoint(re.findall(r"[0-9A-Z][0-9A-Z-]+", issue.reason))


def _first_reason(issues: Sequence[Issue]) -> str:
    first = next((issue for issue in issues if issue.rule == "geometry-not-taken"), None)
    return f"feature {first.line}: {first.reason}" if first else "it has none"
