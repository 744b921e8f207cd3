"""The coordinate reference systems that can be asked in and answered in, and how they are named."""

import re
from dataclasses import dataclass

from estates_api.errors import BadInput


@dataclass(frozen=True, slots=True)
class Crs:
    """A coordinate reference system: its URI, its number in the database, and whether its first axis is northing.

    `swapped`: the authority puts latitude first, the database keeps longitude first (OGC API - Features Part 2, 6.3).
    """

    uri: str
    srid: int
    swapped: bool = False


CRS84 = Crs("http://www.opengis.net/def/crs/OGC/1.3/CRS84", 4326)
EPSG4326 = Crs("http://www.opengis.net/def/crs/EPSG/0/4326", 4326, swapped=True)
EPSG27700 = Crs("http://www.opengis.net/def/crs/EPSG/0/27700", 27700)
EPSG3857 = Crs("http://www.opengis.net/def/crs/EPSG/0/3857", 3857)

CRSS = (CRS84, EPSG27700, EPSG3857, EPSG4326)
"""All of them, the default first (OGC API - Features Part 2, requirement 2)."""

_URI = re.compile(r"https?://www\.opengis\.net/def/crs/(OGC|EPSG)/(?:0|1\.3)/(CRS84|\d{1,6})", re.IGNORECASE)
# The safe CURIE of OGC API - Common, and the same without its brackets, as people write it.
_CURIE = re.compile(r"\[(OGC|EPSG):(CRS84|\d{1,6})\]|(OGC|EPSG):(CRS84|\d{1,6})", re.IGNORECASE)


def parse_crs(text: str) -> Crs:
    """A URI or `[EPSG:27700]` -> the system it names; BadInput with those there are."""
    found = _URI.fullmatch(text) or _CURIE.fullmatch(text)
    name = "/".join(part for part in found.groups() if part).upper() if found else ""
    for crs in CRSS:
        if name == _name(crs):
            return crs
    there = ", ".join(crs.uri for crs in CRSS)
    raise BadInput(f"{text[:200]!r} is not a coordinate reference system here; there are {there}")


def _name(crs: Crs) -> str:
    """The authority and its code: `EPSG/27700`."""
    authority, _, code = crs.uri.split("/")[-3:]
    return f"{authority}/{code}"
