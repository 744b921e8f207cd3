"""Proving a shortlist: that what is stored is what was frozen, and that the stored data still give it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping

from estates_api import __version__
from estates_api.domain.area import Area
from estates_api.domain.callers import Circle
from estates_api.domain.method_file import parse_method
from estates_api.domain.quarters import parse_quarter
from estates_api.domain.reproduction import NOT_REWOUND, Reproduction, compare_lists
from estates_api.domain.shortlist import NOT_PUBLIC, canonical_bytes, fingerprint
from estates_api.errors import BadInput
from estates_api.store import assessments, editions, shortlists
from estates_api.workflows.assess import compute
from estates_api.workflows.canonical import quick_bytes
from estates_api.workflows.shortlist import Known, Made, freeze


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold of a frozen list, whether it does, and what was found: a size or a hash, which tells
    something of what it is of, and so is for one audience beside the complete one, or for everybody (None). Not
    `counted`: that there is such a thing is for the complete audience alone."""

    title: str
    passed: bool
    found: str
    seen_by: Circle | None = "complete"
    counted: bool = True


def verify(connection: Connection, row: RowMapping) -> list[Check]:
    """Whether stored bytes, what they name and what they rest on are what they were. `row` has the whole list."""
    document = json.loads(bytes(row["content"]))
    return [*_bytes(connection, row, document), *_run(connection, row, document), *_editions(connection, document)]


def holds(connection: Connection, row: RowMapping) -> bool:
    """Whether the bytes of a list are those that were frozen, for every audience. What it rests on is not read again:
    that takes as long as an assessment is large."""
    return all(check.passed for check in _bytes(connection, row, json.loads(bytes(row["content"]))))


def _bytes(connection: Connection, row: RowMapping, document: Mapping[str, Any]) -> Iterator[Check]:
    content = bytes(row["content"])
    yield _same("the list's bytes have the hash that was stored", row["sha256"], fingerprint(content))
    yield Check("the bytes are canonical", canonical_bytes(document) == content, f"{len(content):,} bytes")
    yield from _views(connection, row)


def verify_published(connection: Connection) -> tuple[int, list[str]]:
    """How many published lists verify, and what fails of which of the others."""
    proved, failed = 0, list[str]()
    for told in shortlists.list_shortlists(connection):
        if told["status"] != "published":
            continue
        name = f"{told['quarter']} revision {told['revision']}"
        try:
            checks = verify(connection, shortlists.get_shortlist(connection, told["quarter"], told["revision"]))
        except (ValueError, KeyError, TypeError):
            checks = [Check("it can be read", passed=False, found="not a list of this service")]
        wrong = [f"{name}: {check.title}: {check.found}" for check in checks if not check.passed]
        proved, failed = proved + (not wrong), failed + wrong
    return proved, failed


def _same(title: str, wanted: str, found: str, seen_by: Circle | None = "complete") -> Check:
    return Check(title, wanted == found, found if wanted == found else f"{found} instead of {wanted}", seen_by)


def _views(connection: Connection, row: RowMapping) -> Iterator[Check]:
    """What each audience sees hashes to what was stored."""
    views = shortlists.list_views(connection, row["id"])
    for audience, (content, sha256) in views.items():
        title = f"what the {audience} audience sees has the hash that was stored"
        yield _same(title, sha256, fingerprint(content), audience)
    if not views:
        yield Check("there is a view for each audience", passed=False, found="none: made before there were any")


def _run(connection: Connection, row: RowMapping, document: Mapping[str, Any]) -> Iterator[Check]:
    """The method and the assessment that the list rests on."""
    run, wanted = assessments.get_run(connection, row["assessment_id"]), document["method"]["sha256"]
    method = hashlib.sha256(bytes(run["method_content"])).hexdigest()
    yield _same("the method stored under its hash still has it", wanted, method, None)
    yield _same("the assessment still has the hash that was stored", run["sha256"],
                hash_results(connection, row["assessment_id"]))  # fmt: skip


def hash_results(connection: Connection, assessment_id: int) -> str:
    """SHA-256 of the canonical bytes of a stored run, without all of it in memory at once."""
    found = hashlib.sha256(b'{"sites":[')
    for number, row in enumerate(assessments.read_results(connection, assessment_id)):
        found.update((b"," if number else b"") + quick_bytes(row))
    found.update(b"]}")
    return found.hexdigest()


def _editions(connection: Connection, document: Mapping[str, Any]) -> Iterator[Check]:
    """Each edition named is still there with its hash."""
    there = {sha256: name for name, sha256 in editions.edition_hashes(connection)}
    for named in document["editions"]:
        found = there.get(named["sha256"])
        title = f"edition {named['edition']} is still there with its hash"
        yield Check(title, found == named["edition"], named["sha256"] if found else "no edition has this hash", None,
                    counted=named["edition"] != NOT_PUBLIC)  # fmt: skip


def reproduce(connection: Connection, row: RowMapping, *, area: Area) -> Reproduction:
    """Draw the list up again from the stored editions, method, seed and day, and compare. Nothing is stored.

    First from all that is known now, as it was made; where something came since, from what was known at the moment
    that the revision was frozen.
    """
    document = json.loads(row["content"])
    try:
        now = _again(connection, row, document, area, rewound=False)
        if now.sha256 == row["sha256"]:
            return Reproduction(same=True)
        then = _again(connection, row, document, area, rewound=True)
    except BadInput as error:
        return Reproduction(same=False, reason=f"this version of the service cannot read the method: {error.detail}")
    if then.sha256 == row["sha256"]:
        return Reproduction(same=True)
    return compare_lists(document, json.loads(then.content), __version__)


def _again(
    connection: Connection, row: RowMapping, document: Mapping[str, Any], area: Area, *, rewound: bool
) -> Made:  # fmt: skip
    run = assessments.get_run(connection, row["assessment_id"])
    method = parse_method(bytes(run["method_content"]), document["method"]["id"])
    moment = row["at"] if rewound else None
    computed = compute(connection, area, method, date.fromisoformat(document["as_of"]), known_at=moment)
    return freeze(
        connection, parse_quarter(document["quarter"]), computed, area=area, present=run["present"],
        known=Known(moment, document["code_version"]),
    )  # fmt: skip


def _told(one: Check, audience: Circle) -> dict[str, Any]:
    shown = one.seen_by is None or audience in {one.seen_by, "complete"}
    return {"title": one.title, "passed": one.passed, "found": one.found if shown else None}


def describe_proof(
    row: RowMapping, checks: list[Check], again: Reproduction | None, audience: Circle = "complete"
) -> dict[str, Any]:  # fmt: skip
    """What was proved, JSON-ready, with the sizes and hashes that an audience may know."""
    told = {
        "quarter": row["quarter"],
        "revision": row["revision"],
        "status": row["status"],
        "sha256": row["sha256"],
        "verified": all(check.passed for check in checks),
        "checks": [_told(one, audience) for one in checks if one.counted or audience == "complete"],
    }
    if again is None:
        return told
    return told | {"reproduced": again.told, "not_rewound": list(NOT_REWOUND), "differences": list(again.differences),
                   "explanation": again.reason}  # fmt: skip
