"""ODS ORD: organisations of the NHS as its directory service gives them, in JSON.

One organisation (`{"Organisation": {…}}`), several (`{"Organisations": […]}` or a list), or one a line. A trust
becomes an organisation, a trust's site a holding of the trust that operates it, a practice or branch an organisation.
Successions are kept with their day. ORD gives no coordinates: places are found by postcode and, where stated, UPRN.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import Any, TextIO

from estates_api.domain.codes import OdsCode, parse_ods_code, parse_postcode, parse_uprn
from estates_api.domain.records import HoldingRecord, Issue, OrganisationRecord, Reading, Record, Succession, Value
from estates_api.domain.values import clean_text, parse_day, shorten
from estates_api.errors import BadInput
from estates_api.sources.document import Document
from estates_api.sources.naming import dated_edition
from estates_api.sources.ods import trust_of
from estates_api.sources.reader import Hints, Reader

MOST_AT_ONCE = 256 * 1024 * 1024
"""Bytes of JSON that is not one organisation a line: all of it is in memory at once."""

# Role ids of the directory's own list of roles.
_TRUSTS = {"RO197": "NHS trust", "RO107": "care trust"}
_SITES = frozenset({"RO198", "RO108"})  # of an NHS trust, of a care trust
_COST_CENTRE, _PRACTICE, _BRANCH = "RO177", "RO76", "RO96"
_OPERATED_BY = "RE6"


def recognises(document: Document) -> bool:
    """JSON that speaks of organisations (see `document`)."""
    return document.kind == "json"


def read(document: Document, hints: Hints) -> Reading:
    """One record an organisation. BadInput when the file is no JSON or holds no organisation."""
    if document.kind != "json":
        raise BadInput(f"{document.name}: ODS ORD needs JSON with Organisation or Organisations")
    label, (start, end), issues = dated_edition(document, hints)
    source = hints.source or "ODS ORD"
    records = _read_all(document, undated=end is None)
    return Reading("ord", source, label, start, end, chain(issues, records))


def _read_all(document: Document, *, undated: bool) -> Iterator[Record]:
    seen: set[str] = set()
    ended: list[int] = []
    for line, found in _list_organisations(document):
        entry = _Entry(line, found if isinstance(found, dict) else {})
        try:
            if isinstance(found, Issue):
                yield found
                continue
            record = _read_entry(entry, undated=undated)
            if isinstance(record, Issue):
                yield record
                continue
            if record.code in seen:
                raise BadInput(f"{record.code} was already listed")
        except BadInput as error:
            reason = f"{error.detail}; the organisation was not taken"
            yield Issue("row-unreadable", line, None, reason, shorten(str(entry.found.get("Name", ""))) or None)
            continue
        seen.add(record.code)
        ended += [line] if entry.ended else []
        yield record
        yield from entry.issues
    if ended:
        reason = (
            f"sites that are closed, which are not in use: {len(ended)}, the first is number {ended[0]}; one that has "
            "ended is no site of its own"
        )
        yield Issue("holding-ended", ended[0], None, reason)


def _list_organisations(document: Document) -> Iterator[tuple[int, Any]]:
    """(line or number, organisation as parsed, or the issue that says why not)."""
    try:
        with document.path.open(encoding="utf-8-sig") as file:
            first = _first_line(file)
            if first is not None:
                file.seek(0)
                yield from _read_lines(file)
                return
            file.seek(0)
            if document.size > MOST_AT_ONCE:
                limit = MOST_AT_ONCE // 1024 // 1024
                raise BadInput(f"JSON of more than {limit} MB must have one organisation a line")
            parsed = parse_json(file.read())
    except UnicodeDecodeError:
        raise BadInput(f"{document.name}: JSON must be UTF-8") from None
    except BadInput as error:
        raise BadInput(f"{document.name}: {error.detail}") from None
    yield from enumerate(_unwrap(document, parsed), 1)


def _first_line(file: TextIO) -> Any:
    """The organisation of the first line when there is a whole one on it and more lines follow; else None."""
    text = next((line for line in iter(lambda: file.readline(MOST_AT_ONCE), "") if line.strip()), "")
    more = any(line.strip() for line in iter(lambda: file.readline(MOST_AT_ONCE), ""))
    try:
        return parse_json(text) if more and text.strip() not in {"{", "["} else None
    except BadInput:
        return None


def _read_lines(file: TextIO) -> Iterator[tuple[int, Any]]:
    for line, text in enumerate(iter(lambda: file.readline(MOST_AT_ONCE), ""), 1):
        if not text.strip():
            continue
        try:
            found = parse_json(text)
        except BadInput as error:
            reason = f"{error.detail}; the organisation was not taken"
            yield line, Issue("row-unreadable", line, None, reason, shorten(text))
            continue
        yield line, _inner(found)


def _unwrap(document: Document, parsed: Any) -> list[Any]:
    if isinstance(parsed, dict) and "Organisations" in parsed:
        parsed = parsed["Organisations"]
    if isinstance(parsed, dict):
        parsed = [parsed]
    if not isinstance(parsed, list) or not parsed:
        raise BadInput(f"{document.name}: the JSON holds no Organisation")
    return [_inner(found) for found in parsed]


def _inner(found: Any) -> Any:
    return found["Organisation"] if isinstance(found, dict) and "Organisation" in found else found


def parse_json(text: str) -> Any:
    """What the JSON says; BadInput for what is none: `NaN`, a key that stands twice in one object, too deep nesting."""
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_once_each)
    except json.JSONDecodeError as error:
        raise BadInput(f"not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from None
    except ValueError:  # a number of more digits than Python turns into one
        raise BadInput("not usable JSON: it holds a number of thousands of digits") from None
    except RecursionError:
        raise BadInput("not usable JSON: it is nested too deeply") from None


def _refuse_constant(word: str) -> None:
    raise BadInput(f"not JSON: {word} is not a number")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise BadInput(f"the key {shorten(twice)!r} stands twice in one object")
    return found


@dataclass(slots=True)
class _Entry:
    """One organisation while it is read: what was parsed, and the doubts about it."""

    line: int
    found: dict[str, Any]
    issues: list[Issue] = field(default_factory=list)
    ended: bool = False

    def doubtful(self, name: str, text: str | None, parse: Any) -> Any:
        """The parsed text; None, and a warning, when it is wrong."""
        if text is None:
            return None
        try:
            return parse(text)
        except BadInput as error:
            reason = f"{error.detail}; not taken"
            self.issues.append(Issue("value-not-taken", self.line, name, reason, shorten(text)))
            return None


def _read_entry(entry: _Entry, *, undated: bool) -> OrganisationRecord | HoldingRecord | Issue:
    found = entry.found
    if not found:
        raise BadInput("this is no organisation")
    code = parse_ods_code(_require_code(found.get("OrgId")))
    primary, others = _roles(found)
    if primary in _SITES:
        return _read_site(entry, code, undated=undated)
    kind = _kind(primary, others)
    if kind is None:
        reason = f"nothing is read from an organisation in the role {primary or 'none'}"
        return Issue("row-role-unknown", entry.line, None, reason, shorten(code))
    return _read_organisation(entry, code, kind)


def _kind(primary: str, others: set[str]) -> str | None:
    if primary == _COST_CENTRE or _PRACTICE in others:
        return "GP practice" if _PRACTICE in others else "prescribing cost centre"
    return _TRUSTS.get(primary) or ("branch surgery" if primary == _BRANCH else None)


def _read_organisation(entry: _Entry, code: OdsCode, kind: str) -> OrganisationRecord:
    opened, closed = _days(entry)
    address, postcode, _ = _location(entry)
    parent = _operator(entry.found) or (code[:6] if kind == "branch surgery" and len(code) == 9 else None)
    active = _is_active(entry.found)
    return OrganisationRecord(
        line=entry.line, code=code, name=_text(entry.found, "Name") or code, sector="NHS", kind=kind,
        status="active" if active else "closed", postcode=postcode, address=address, opened=opened,
        closed=closed, parent_code=parent, successions=tuple(_successions(entry, code)),
    )  # fmt: skip


def _read_site(entry: _Entry, code: OdsCode, *, undated: bool) -> HoldingRecord:
    opened, closed = _days(entry)
    address, postcode, uprn = _location(entry)
    active = _is_active(entry.found)
    entry.ended = not active or closed is not None
    found = list(_successions(entry, code))
    texts = {
        "ods_status": "active" if active else "closed",
        "opened_on": str(opened or ""),
        "ended_on": str(closed or ""),
        "predecessor_codes": " ".join(one.predecessor_code for one in found if one.successor_code == code),
        "successor_codes": " ".join(one.successor_code for one in found if one.predecessor_code == code),
    }
    changed = entry.doubtful("LastChangeDate", _text(entry.found, "LastChangeDate"), parse_day) if undated else None
    return HoldingRecord(
        line=entry.line, organisation_code=trust_of(code, _operator(entry.found) or ""), organisation_name="",
        sector="NHS", code=code, name=_text(entry.found, "Name") or code,
        values=tuple(Value(name, text, text=text) for name, text in texts.items() if text),
        organisation_type="NHS trust", address=address, postcode=postcode, uprn=uprn, evidence_date=changed,
    )  # fmt: skip


def _roles(found: dict[str, Any]) -> tuple[str, set[str]]:
    """The primary role, and all that are in force."""
    roles = [role for role in _list(_dict(found, "Roles"), "Role") if _text(role, "Status") != "Inactive"]
    roles = roles or _list(_dict(found, "Roles"), "Role")
    ids = {_text(role, "id") or "" for role in roles}
    marked = next((_text(role, "id") for role in roles if str(role.get("primaryRole")).lower() == "true"), None)
    return marked or _text(found, "PrimaryRoleId") or next((_text(role, "id") or "" for role in roles), ""), ids


def _is_active(found: dict[str, Any]) -> bool:
    status = _text(found, "Status")
    if status not in {"Active", "Inactive"}:
        raise BadInput(f"Status {shorten(status or '')!r} is neither Active nor Inactive")
    return status == "Active"


def _days(entry: _Entry) -> tuple[date | None, date | None]:
    """Start and end of operation, else of the legal body."""
    dates = {_text(one, "Type"): one for one in reversed(_list(entry.found, "Date"))}
    one = dates.get("Operational") or dates.get("Legal") or {}
    return entry.doubtful("Start", _text(one, "Start"), parse_day), entry.doubtful("End", _text(one, "End"), parse_day)


def _location(entry: _Entry) -> tuple[str | None, str | None, str | None]:
    """Address, postcode and UPRN."""
    place = _dict(_dict(entry.found, "GeoLoc"), "Location")
    parts = [_text(place, name) for name in ("AddrLn1", "AddrLn2", "AddrLn3", "Town", "County")]
    address = ", ".join(part for part in parts if part) or None
    stated = _text(place, "PostCode") or _text(entry.found, "PostCode")
    postcode = entry.doubtful("PostCode", stated, parse_postcode)
    return address, postcode, entry.doubtful("UPRN", _text(place, "UPRN"), parse_uprn)


def _operator(found: dict[str, Any]) -> str | None:
    """Who operates it: the relation in force that began last."""
    rels = [rel for rel in _list(_dict(found, "Rels"), "Rel") if _text(rel, "id") == _OPERATED_BY]
    rels = [rel for rel in rels if _text(rel, "Status") != "Inactive"] or rels
    began = [(max((_text(one, "Start") or "" for one in _list(rel, "Date")), default=""), rel) for rel in rels]
    newest = max(began, key=lambda pair: pair[0], default=None)
    return parse_ods_code(_require_code(_dict(newest[1], "Target").get("OrgId"))) if newest else None


def _successions(entry: _Entry, code: OdsCode) -> Iterator[Succession]:
    for one in _list(_dict(entry.found, "Succs"), "Succ"):
        kind, other = _text(one, "Type"), parse_ods_code(_require_code(_dict(one, "Target").get("OrgId")))
        dates = {_text(when, "Type"): when for when in reversed(_list(one, "Date"))}
        when: dict[str, Any] = dates.get("Legal") or dates.get("Operational") or next(iter(dates.values()), {})
        day = entry.doubtful("Start", _text(when, "Start"), parse_day)
        if kind not in {"Predecessor", "Successor"} or other == code:
            raise BadInput(f"{shorten(other)} is neither its predecessor nor its successor ({shorten(kind or '')!r})")
        yield Succession(other, code, day) if kind == "Predecessor" else Succession(code, other, day)


def _require_code(found: Any) -> str:
    """The code of an OrgId: a text, or an object with an `extension`."""
    code = _text(found, "extension") if isinstance(found, dict) else _text({"OrgId": found}, "OrgId")
    if not code:
        raise BadInput("OrgId has no code")
    return code


def _text(node: dict[str, Any], name: str) -> str | None:
    found = node.get(name)
    if found is None:
        return None
    if not isinstance(found, str | int | float) or isinstance(found, bool):
        raise BadInput(f"{name} is not a text")
    text = clean_text(str(found))
    if not text.isprintable():
        raise BadInput(f"{name} holds characters that are no text")
    return text or None


def _dict(node: dict[str, Any], name: str) -> dict[str, Any]:
    found = node.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BadInput(f"{name} is not an object")
    return found


def _list(node: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects; one object alone counts as a list of one."""
    found = node.get(name)
    found = [] if found is None else [found] if isinstance(found, dict) else found
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadInput(f"{name} is not a list of objects")
    return found


READER = Reader("ord", "ODS ORD (organisations in JSON)", recognises, read)
