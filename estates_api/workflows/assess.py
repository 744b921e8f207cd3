"""Assess: one run of the method on the data as of a day, stored with everything it rests on."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from estates_api import __version__
from estates_api.domain.area import Area
from estates_api.domain.assessment import Assessed, assess
from estates_api.domain.checks import Found
from estates_api.domain.compact import pack
from estates_api.domain.explanation import describe
from estates_api.domain.method import Method
from estates_api.domain.shortlist import canonical_bytes
from estates_api.errors import Unavailable
from estates_api.store import assessments, editions, redactions
from estates_api.store.audit import add_audit
from estates_api.store.projection import rebuild_projection
from estates_api.store.sites import list_sites
from estates_api.workflows.adoption import InForce
from estates_api.workflows.canonical import quick_bytes
from estates_api.workflows.progress import list_recorded_checks

SEED = 0
"""What draws begin with, stored with every run: the same data, method and seed give the same bytes."""


@dataclass(frozen=True, slots=True)
class Run:
    """A computed assessment: the results in the order of the sites' references, how few may see each, and the checks
    on which a decision is recorded, by site."""

    as_of: date
    method: Method
    results: tuple[Assessed, ...]
    circles: tuple[int, ...]
    recorded: Mapping[str, Mapping[str, Found]] = field(default_factory=dict)

    def describe(self, result: Assessed) -> dict[str, Any]:
        """The full explanation of one of the results."""
        return describe(result, self.method, self.as_of, self.recorded.get(result.site.ref))


def compute(
    connection: Connection, area: Area, method: Method, as_of: date, *, known_at: datetime | None = None
) -> Run:  # fmt: skip
    """Assess the data as of a day, as they were known at a moment (now if left out), without storing anything.

    Who means to store the run locks the catalogue first (editions.lock_catalogue): what is masked meanwhile must not
    be stored again.
    """
    sites = list_sites(connection, as_of, area, known_at)
    circles = assessments.list_comparable(connection)
    seen = [circles.get(site.ref, assessments.OWNERS_ONLY) for site in sites]
    recorded = list_recorded_checks(connection, as_of, known_at)
    return Run(as_of, method, assess(sites, method, as_of, seed=SEED, circles=seen), tuple(seen), recorded)


@dataclass(frozen=True, slots=True)
class Done:
    """A run that is stored: under which number, and whether it is new."""

    run: Run
    number: int
    new: bool


def assess_as_of(
    connection: Connection, as_of: date, *, area: Area, by: InForce, today: date, actor: str = "command line"
) -> Done:  # fmt: skip
    """Assess every site by the method in force and store it; today's is what everybody sees from then on.

    Unavailable when nothing was handed in yet.
    """
    editions.lock_catalogue(connection)
    run = compute(connection, area, by.method, as_of)
    number, new = store_run(connection, run, method_content=by.content, present=as_of == today, actor=actor)
    return Done(run, number, new)


def store_run(
    connection: Connection, run: Run, *, method_content: bytes, present: bool, actor: str = "command line"
) -> tuple[int, bool]:
    """Store a run; (its id, whether it is new). A run that would repeat a stored one to the byte is not added.

    `present` runs also bring what every audience sees up to date.
    """
    editions.lock_catalogue(connection)
    known_at = editions.known_at(connection)
    if known_at is None:
        raise Unavailable("the catalogue is empty; hand in a file with `estates ingest` or run `estates setup`")
    rows = [_row(result, run) for result in run.results]
    values = {
        "method_sha256": run.method.sha256,
        "as_of": run.as_of,
        "present": present,
        "known_at": known_at,
        "data_sha256": data_fingerprint(connection),
        "code_version": __version__,
        "seed": SEED,
        "draws": run.method.trials.draws,
        "sha256": _hash(rows),
    }
    if (same := assessments.find_same(connection, values)) is not None:
        return same, False
    assessments.put_method(connection, sha256=run.method.sha256, id_=run.method.id, content=method_content)
    few = assessments.OWNERS_ONLY
    circled = [row | {"circle": min(circle, few)} for row, circle in zip(rows, run.circles, strict=True)]
    number = assessments.add_assessment(connection, values, circled)
    if present:
        rebuild_projection(connection)
    add_audit(connection, actor=actor, action="assess", subject=f"assessment {number}",
              detail={"as_of": run.as_of.isoformat(), "sites": len(rows), "sha256": values["sha256"]})  # fmt: skip
    return number, True


def data_fingerprint(connection: Connection) -> str:
    """SHA-256 over the hashes of all editions and over what is masked of them: the same data, the same fingerprint."""
    parts = [sha256 for _, sha256 in editions.edition_hashes(connection)]
    parts += redactions.list_fingerprints(connection)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _hash(rows: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 of the canonical bytes of {"sites": rows}. What is JSON text in them, which is nearly all, is not written
    a second time: its keys come before all others."""
    found = hashlib.sha256(b'{"sites":[')
    for number, row in enumerate(rows):
        plain = canonical_bytes({name: value for name, value in row.items() if name not in _TEXTS})
        texts = ",".join(f'"{name}":{row[name]}' for name in _TEXTS)
        found.update(b"".join((b"," if number else b"", b"{", texts.encode(), b",", plain[1:])))
    found.update(b"]}")
    return found.hexdigest()


_TEXTS = ("explanation", "measured")


def _row(result: Assessed, run: Run) -> dict[str, Any]:
    return {
        "site_ref": result.site.ref,
        "route": result.route,
        "release_score": result.release.expected,
        "release_coverage": result.release.coverage,
        "reuse_score": result.reuse.expected,
        "reuse_coverage": result.reuse.coverage,
        "explanation": quick_bytes(run.describe(result)).decode(),
        "measured": quick_bytes(pack(result)).decode(),
    }


def totals(results: Sequence[Assessed]) -> dict[str, int]:
    """How many sites went which way."""
    found: dict[str, int] = {}
    for result in results:
        found[result.route] = found.get(result.route, 0) + 1
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
