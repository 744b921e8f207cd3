"""Needs recorded: whatever form they come in, all of a file or nothing, each with its audit event."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from sqlalchemy import Connection

from estates_api.domain.codes import OdsCode, Postcode, parse_ods_code, parse_postcode
from estates_api.domain.needs import LONGEST, Gazetteer, Need, NeedFaults, doubt_about, parse_id, parse_need
from estates_api.domain.values import clean_text, counted, shorten
from estates_api.errors import BadInput, Conflict, NotFound
from estates_api.store import needs as stored
from estates_api.store.audit import add_audit
from estates_api.store.layers import Audience
from estates_api.store.needs import Recorded

Outcome = Literal["added", "revised", "unchanged"]


@dataclass(frozen=True, slots=True)
class Given:
    """A need as somebody wrote it: the line where it stands, its fields as text, and what its reader found wrong."""

    line: int
    said: Mapping[str, str]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row cannot be taken."""

    line: int
    reason: str


class Faulty(BadInput):
    """Rows that cannot be taken; nothing is written."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        rows = counted(len({fault.line for fault in faults}), "row")
        super().__init__(f"nothing was written: {rows} cannot be taken; line {faults[0].line}: {faults[0].reason}")
        self.faults = faults


def add_needs(connection: Connection, given: Iterable[Given], by: str) -> dict[str, Outcome]:
    """Record needs, all or none; what became of each by its reference. A reference that is known is revised, and one
    that says the same again is left as it is.

    Faulty (a BadInput) has every row that cannot be taken.
    """
    actor, rows = parse_words("by", by), list(given)
    stored.lock_needs(connection)
    places = stored.read_gazetteer(connection, _postcodes(rows), _organisations(rows))
    wanted, faults = _parse_all(rows, places)
    known = {one.need.id: one for one in stored.list_needs(connection, "complete", list(wanted), closed=True)}
    faults += [Fault(line, f"need: {id_} is closed ({known[id_].need.closed}); give what is new a reference of its own")
               for id_, (line, _) in wanted.items() if id_ in known and known[id_].need.closed]  # fmt: skip
    if faults:
        raise Faulty(tuple(sorted(faults, key=lambda fault: fault.line)))
    return {id_: _record(connection, one, known.get(id_), actor) for id_, (_, one) in wanted.items()}


def _parse_all(rows: Iterable[Given], places: Gazetteer) -> tuple[dict[str, tuple[int, Need]], list[Fault]]:
    wanted: dict[str, tuple[int, Need]] = {}
    faults = []
    for row in rows:
        try:
            one = _parse(row, places)
        except NeedFaults as error:
            faults += [Fault(row.line, reason) for reason in error.reasons]
            continue
        if one.id in wanted:
            faults.append(Fault(row.line, f"need: {one.id} stands in line {wanted[one.id][0]} already"))
        wanted.setdefault(one.id, (row.line, one))
    return wanted, faults


def _parse(row: Given, places: Gazetteer) -> Need:
    if row.fault:
        raise NeedFaults([row.fault])
    return parse_need(row.said, places)


def _organisations(rows: Iterable[Given]) -> set[OdsCode]:
    found = set()
    for row in rows:
        with suppress(BadInput):  # told when the row is parsed
            found.add(parse_ods_code(clean_text(row.said.get("organisation_code", ""))))
    return found


def list_doubts(connection: Connection, ids: Collection[str], today: date) -> dict[str, str]:
    """What is odd about these needs: their day, and who looks, by the register; those of which nothing is are left
    out."""
    needs = [one.need for one in stored.list_needs(connection, "complete", list(ids), closed=True)]
    known = stored.read_gazetteer(connection, (), {one.organisation_code for one in needs}).organisations
    return {one.id: doubt for one in needs if (doubt := doubt_about(one, known, today))}


def _postcodes(rows: Iterable[Given]) -> set[Postcode]:
    found = set()
    for row in rows:
        with suppress(BadInput):  # blank, or told when the row is parsed
            found.add(parse_postcode(row.said.get("postcode", "")))
    return found


def _record(connection: Connection, wanted: Need, known: Recorded | None, by: str) -> Outcome:
    if known and known.need == wanted:
        return "unchanged"
    _add(connection, wanted, known.revision + 1 if known else 1, by, "revise need" if known else "add need")
    return "revised" if known else "added"


def close_need(connection: Connection, id_: str, reason: str, by: str) -> Recorded:
    """Record that nobody looks for this any longer, and why; NotFound, or Conflict where it is closed already."""
    why, actor = parse_words("reason", reason), parse_words("by", by)
    stored.lock_needs(connection)
    known = get_need(connection, "complete", id_)
    if known.need.closed:
        raise Conflict(f"{known.need.id} is closed already: {known.need.closed}")
    _add(connection, replace(known.need, closed=why), known.revision + 1, actor, "close need")
    return get_need(connection, "complete", id_)


def get_need(connection: Connection, audience: Audience, id_: str) -> Recorded:
    """One need, open or closed; NotFound, with where to look, where there is none that the audience may see."""
    try:
        found = stored.find_need(connection, audience, parse_id(id_))
    except BadInput:
        found = None
    if found is None:
        raise NotFound(f"there is no need {shorten(id_)!r}; those that are open: estates needs list, or /needs")
    return found


def _add(connection: Connection, wanted: Need, revision: int, by: str, action: str) -> None:
    stored.add_revision(connection, wanted, revision, by)
    detail = {"revision": revision, "told": wanted.told(), "sensitivity": wanted.sensitivity, "closed": wanted.closed}
    add_audit(connection, actor=by, action=action, subject=f"need {wanted.id}", detail=detail)


def parse_words(field: str, given: str) -> str:
    """A name or a reason that is recorded; BadInput when it says nothing, or cannot be stored."""
    text = clean_text(given)
    if not text or len(text) > LONGEST or not text.isprintable():  # a NUL or half a letter cannot be stored
        raise BadInput(f"{field}: say it in 1 to {LONGEST} letters; it is recorded")
    return text
