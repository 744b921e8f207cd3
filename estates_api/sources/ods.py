"""The frame of the ODS files: 27 quoted fields and no header, the same for practices, branches, trusts and sites.

Field numbers are those of the ODS file specification, counted from 1. Which of the files it is shows in its codes.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Literal

from estates_api.domain.codes import OdsCode, parse_ods_code, parse_postcode
from estates_api.domain.records import HoldingRecord, Issue, Reading, Record, Value
from estates_api.domain.values import clean_text, parse_day, shorten
from estates_api.errors import BadInput
from estates_api.sources.document import Document
from estates_api.sources.naming import dated_edition
from estates_api.sources.reader import Hints, Reader
from estates_api.sources.sheets import Row

WIDTH = 27
_DAY = re.compile(r"[0-9]{8}|")
_TRUST_CODE = re.compile(r"[RT][0-9A-Z]{2}")

Status = Literal["active", "closed", "dormant", "proposed"]
STATUS: dict[str, Status] = {"A": "active", "C": "closed", "D": "dormant", "P": "proposed"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the frame, parsed as far as all files agree. `parent` is field 15: a commissioner, practice or
    trust; `setting` is field 26."""

    line: int
    code: OdsCode
    name: str
    address: str | None
    postcode: str | None
    opened: date | None
    closed: date | None
    status: str
    parent: str
    setting: str
    doubts: tuple[Issue, ...] = ()

    @property
    def known_status(self) -> Status:
        """The status in words; files without one say by the close date whether the code is in use."""
        return STATUS.get(self.status) or ("closed" if self.closed else "active")

    @property
    def days(self) -> tuple[Value, ...]:
        """Status, open and close date as claims of a holding."""
        texts = {"ods_status": self.known_status, "opened_on": self.opened, "ended_on": self.closed}
        return tuple(Value(attribute, str(said), text=str(said)) for attribute, said in texts.items() if said)


@dataclass(frozen=True, slots=True)
class Form:
    """One file in the frame: what its codes look like, and what an entry becomes. BadInput refuses the row."""

    format: str
    title: str
    code: re.Pattern[str]
    described: str
    read_entry: Callable[[Entry], Record]
    has_status: bool = False

    def reader(self) -> Reader:
        """The reader of this file."""
        return Reader(self.format, self.title, self.recognises, self.read)

    def recognises(self, document: Document) -> bool:
        """Most rows have 27 cells, a code of this file first, and days in yyyymmdd where ODS has them."""
        head = document.sheets[0].head[:50] if document.sheets else ()
        rows = [row for row in head if not row.blank]
        return sum(self.fits(row) for row in rows) * 2 > len(rows)

    def fits(self, row: Row) -> bool:
        """The row could be one of this file."""
        if len(row.cells) < WIDTH:
            return False
        cells = [clean_text(cell) for cell in row.cells]
        plain = self.code.fullmatch(cells[0]) and _DAY.fullmatch(cells[10]) and _DAY.fullmatch(cells[11])
        return bool(plain) and (cells[12] in STATUS or not (self.has_status or cells[12]))

    def read(self, document: Document, hints: Hints) -> Reading:
        """One record a row; a header row, if someone added one, is passed over."""
        if not self.recognises(document):
            raise BadInput(f"{document.name}: ODS {self.format} has {WIDTH} fields in each row, first {self.described}")
        label, (start, end), issues = dated_edition(document, hints)
        source = hints.source or f"ODS {self.format}"
        return Reading(self.format, source, label, start, end, chain(issues, self._read_rows(document)))

    def _read_rows(self, document: Document) -> Iterator[Record]:
        seen: set[str] = set()
        ended: list[int] = []
        for row in _data_rows(document):
            try:
                entry = read_entry(row, seen, has_status=self.has_status)
                record = self.read_entry(entry)
            except BadInput as error:
                yield Issue("row-unreadable", row.line, None, f"{error.detail}; the row was not taken", _raw(row))
                continue
            seen.add(entry.code)
            yield record
            yield from entry.doubts
            ended += [row.line] if entry.closed and isinstance(record, HoldingRecord) else []
        if ended:
            reason = (
                f"sites with a close date, which are not in use: {len(ended)}, the first on line {ended[0]}; one that "
                "has ended is no site of its own"
            )
            yield Issue("holding-ended", ended[0], None, reason)


def read_entry(row: Row, seen: set[str], *, has_status: bool) -> Entry:
    """One row of the frame; BadInput says why it cannot be one."""
    if len(row.cells) < WIDTH:
        raise BadInput(f"the row has {len(row.cells)} fields instead of {WIDTH}")
    cells = [clean_text(cell) for cell in row.cells]
    code = parse_ods_code(cells[0])
    if code in seen:
        raise BadInput(f"{code} was already listed")
    if has_status and cells[12] not in STATUS:
        raise BadInput(f"status {cells[12]!r} is not one of {', '.join(STATUS)}")
    postcode, doubts = _postcode(row.line, cells[9], code)
    address = ", ".join(part for part in cells[4:9] if part) or None
    opened, closed = parse_day(cells[10]), parse_day(cells[11])
    return Entry(row.line, code, cells[1] or code, address, postcode, opened, closed, cells[12], cells[14],
                 cells[25], doubts)  # fmt: skip


def trust_of(site: str, stated: str = "") -> OdsCode:
    """The trust of a site code: as stated, else the first three characters of five. BadInput when neither is one."""
    if stated:
        return parse_ods_code(stated)
    if len(site) == 5 and _TRUST_CODE.match(site):
        return parse_ods_code(site[:3])
    raise BadInput(f"nothing says which trust {shorten(site)!r} belongs to")


def is_trust(code: str) -> bool:
    """An NHS trust's code: three characters, the first R or T (ODS coding frame)."""
    return bool(_TRUST_CODE.fullmatch(code))


def _data_rows(document: Document) -> Iterator[Row]:
    filled = (row for row in document.sheets[0].rows if not row.blank)
    first = next(filled)
    return filled if "code" in first.cells[0].casefold() else chain((first,), filled)


def _raw(row: Row) -> str:
    return shorten(",".join(row.cells[:3]))


def _postcode(line: int, text: str, code: str) -> tuple[str | None, tuple[Issue, ...]]:
    if not text:
        return None, ()
    try:
        return parse_postcode(text), ()
    except BadInput as error:
        return None, (Issue("value-not-taken", line, "Postcode", f"{error.detail}; not taken", shorten(text), code),)
