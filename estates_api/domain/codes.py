"""Identifiers, parsed once at the border: postcodes, ODS codes, UPRNs."""

import re
from functools import lru_cache
from typing import NewType

from estates_api.errors import BadInput

OdsCode = NewType("OdsCode", str)
Postcode = NewType("Postcode", str)
Uprn = NewType("Uprn", str)

AGGREGATE = "AGGRE"
"""ERIC's site code for all of a trust's small sites in one row: a holding without a place."""

# Outward and inward code; the pattern of Royal Mail's PAF guide, without its special cases (GIR 0AA, BFPO).
_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?)\s*([0-9][ABD-HJLNP-UW-Z]{2})")

_CODE = re.compile(r"[0-9A-Z][0-9A-Z_./-]{1,39}")
_DIGIT = re.compile(r"[0-9]")
_UPRN = re.compile(r"[0-9]{1,12}")


@lru_cache(maxsize=1 << 14)  # a list has several places in a postcode
def parse_postcode(text: str) -> Postcode:
    """The postcode in its published form, `N18 1QX`, whatever the case and spaces; BadInput otherwise."""
    found = _POSTCODE.fullmatch(" ".join(text.replace("\xa0", " ").upper().split()))
    if not found:
        raise BadInput(f"{text.strip()!r} is not a UK postcode")
    return Postcode(f"{found[1]} {found[2]}")


def parse_ods_code(text: str) -> OdsCode:
    """An organisation or site code in capitals, 2 to 40 characters (ODS publishes 3 to 8; local ids are longer)."""
    code = text.replace("\xa0", " ").strip().upper()
    if not _CODE.fullmatch(code):
        raise BadInput(f"{text.strip()!r} is not an organisation or site code")
    return OdsCode(code)


def parse_local_code(text: str) -> OdsCode:
    """A holding's code in the words of who returns it: as an ODS code, or counted from 1, as councils and maps do."""
    return OdsCode(text.strip()) if _DIGIT.fullmatch(text.strip()) else parse_ods_code(text)


def parse_uprn(text: str) -> Uprn:
    """A unique property reference number: 1 to 12 digits, kept as text (OS: never pad, never a float)."""
    digits = text.strip()
    if not _UPRN.fullmatch(digits):
        raise BadInput(f"{digits!r} is not a UPRN (up to 12 digits; spreadsheets often damage them)")
    return Uprn(digits.lstrip("0") or "0")
