"""ODS `epraccur`: GP practices and other prescribing cost centres, 27 quoted fields and no header.

Field numbers are those of the ODS file specification, counted from 1.
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Literal

from estates_api.domain.codes import parse_ods_code, parse_postcode
from estates_api.domain.records import Issue, OrganisationRecord, Reading
from estates_api.domain.values import clean_text, parse_day, shorten
from estates_api.errors import BadInput
from estates_api.sources.document import Document
from estates_api.sources.naming import dated_edition
from estates_api.sources.reader import Hints, Reader
from estates_api.sources.sheets import Row

WIDTH = 27
_CODE = re.compile(r"[0-9A-Z]{3,8}")
_DAY = re.compile(r"[0-9]{8}|")

Status = Literal["active", "closed", "dormant", "proposed"]
_STATUS: dict[str, Status] = {"A": "active", "C": "closed", "D": "dormant", "P": "proposed"}

# Field 26, prescribing setting. Setting 4 and status A together are what ODS means by a practice.
_KINDS = {
    "0": "other",
    "1": "walk-in centre",
    "2": "out of hours service",
    "3": "walk-in centre and out of hours service",
    "4": "GP practice",
    "8": "public health service",
    "9": "community health service",
    "10": "hospital service",
    "11": "optometry service",
    "12": "urgent and emergency care",
    "13": "hospice",
    "14": "care or nursing home",
    "15": "border force",
    "16": "young offender institution",
    "17": "secure training centre",
    "18": "secure children's home",
    "19": "immigration removal centre",
    "20": "court",
    "21": "police custody",
    "22": "sexual assault referral centre",
    "24": "other justice estate",
    "25": "prison",
}


def recognises(document: Document) -> bool:
    """Most rows have 27 cells, a code first, days in yyyymmdd where ODS has them and a status letter."""
    rows = [row for row in document.sheets[0].head[:50] if not row.blank]
    return sum(_fits(row) for row in rows) * 2 > len(rows)


def _fits(row: Row) -> bool:
    if len(row.cells) < WIDTH:
        return False
    cells = [clean_text(cell) for cell in row.cells]
    return bool(_CODE.fullmatch(cells[0]) and _DAY.fullmatch(cells[10]) and cells[12] in _STATUS)


def read(document: Document, hints: Hints) -> Reading:
    """One organisation a row; a header row, if someone added one, is passed over."""
    if not recognises(document):
        raise BadInput(f"{document.name}: ODS epraccur has {WIDTH} fields in each row, the first an organisation code")
    label, (start, end), issues = dated_edition(document, hints)
    source = hints.source or "ODS epraccur"
    return Reading("epraccur", source, label, start, end, chain(issues, _read_rows(document)))


def _read_rows(document: Document) -> Iterator[OrganisationRecord | Issue]:
    seen: set[str] = set()
    for row in _data_rows(document):
        try:
            record, doubts = _read_row(row, seen)
        except BadInput as error:
            yield Issue("row-unreadable", row.line, None, f"{error.detail}; the row was not taken", _raw(row))
            continue
        seen.add(record.code)
        yield record
        yield from doubts


def _data_rows(document: Document) -> Iterator[Row]:
    filled = (row for row in document.sheets[0].rows if not row.blank)
    first = next(filled)
    return filled if "code" in first.cells[0].casefold() else chain((first,), filled)


def _raw(row: Row) -> str:
    return shorten(",".join(row.cells[:3]))


def _read_row(row: Row, seen: set[str]) -> tuple[OrganisationRecord, list[Issue]]:
    if len(row.cells) < WIDTH:
        raise BadInput(f"the row has {len(row.cells)} fields instead of {WIDTH}")
    cells = [clean_text(cell) for cell in row.cells]
    code = parse_ods_code(cells[0])
    if code in seen:
        raise BadInput(f"{code} was already listed")
    if cells[12] not in _STATUS:
        raise BadInput(f"status {cells[12]!r} is not one of {', '.join(_STATUS)}")
    postcode, doubts = _postcode(row.line, cells[9], code)
    record = OrganisationRecord(
        line=row.line,
        code=code,
        name=cells[1] or code,
        sector="NHS",
        kind=_KINDS.get(cells[25], f"prescribing setting {cells[25] or 'not given'}"),
        status=_STATUS[cells[12]],
        postcode=postcode,
        address=", ".join(part for part in cells[4:9] if part) or None,
        opened=parse_day(cells[10]),
        closed=parse_day(cells[11]),
        parent_code=cells[14] or None,
    )
    return record, doubts


def _postcode(line: int, text: str, code: str) -> tuple[str | None, list[Issue]]:
    if not text:
        return None, []
    try:
        return parse_postcode(text), []
    except BadInput as error:
        return None, [Issue("value-not-taken", line, "Postcode", f"{error.detail}; not taken", shorten(text), code)]


READER = Reader("epraccur", "ODS epraccur (GP practices)", recognises, read)
