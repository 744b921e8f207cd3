"""Names and addresses of places, taken apart so that two of them can be compared."""

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

_NOISE = re.compile(r"\b(the|and|nhs|trust|foundation|services?|new)\b|[^a-z0-9 ]")
_POSTCODE = re.compile(r"\b[a-z]{1,2}[0-9][0-9a-z]?\s+[0-9][a-z]{2}\b")
_INITIALS = re.compile(r"\b(?:[a-z]\.)+[a-z]?\b")

# A few letters in a long name, and yet what tells neighbours apart: 7A, block B, the north wing; and a part of a place
# or another use beside it: the hospital's car park, the land at its rear, the library next to the clinic.
_MARK = re.compile(
    "[a-z]{0,3}[0-9]+[a-z]{0,2}|[a-z]|north|south|east|west|upper|lower|rear|front|side|adjacent|adjoining|behind|opposite|"
    "annexe?|accommodation|allotments?|cafe|car|cars|cemetery|cottages?|depot|flats?|garages?|kiosk|land|library|"
    "nursery|parking|pavilion|playground|residences?|school|shops?|stores?|substation|toilets?|yard"
)
_CODE = re.compile(r"\(r[0-9a-z]{2}\)")
"""A trust's code in brackets, with which editions of ERIC tell two trusts' names for one site apart."""

_TAIL = re.compile(r"[,(]| - ")

_SHORTENED = """
    ave avenue, cc centre, center centre, cntr centre, comm community, cr centre, cre centre, cres crescent, ctr centre,
    ctre centre, fl floor, gdns gardens, gen general, gnd ground, grd ground, hc health centre, healthcare health care,
    hlth health, hosp hospital, hospl hospital, hpl hospital, hse house, hth health, med medical, mh mental health,
    mhu mental health unit, pcc primary care centre, pk park, prac practice, pract practice, pri primary, prim primary,
    rd road, saint st, saints sts, sq square, surg surgery, tce terrace, univ university"""
_SHORT = dict(pair.split(maxsplit=1) for pair in _SHORTENED.split(","))

_KIND_WORDS = """
    academy aggregate and area at block building buildings by campus care carried central centre centres
    children childrens city clinic close club community council court day dental department district
    emi estate family floor for former gardens general great green ground group hall health
    hospital hostel hotel house in inpatient institute internal learning lodge main medical medicine memorial mental
    national no nursing of office offices old on open outpatient of park part people picu place practice
    premises primary public queen recreation rehabilitation resource road royal section site sites social
    space st station street support surgery team town unit units university village ward way wing with works
    young youth"""
_KIND = frozenset(_KIND_WORDS.split())
"""Words that many places have in their names: alone they tell no place from another."""

_KIND_TEXT = re.compile(rf"\b(?:the|{'|'.join(sorted(_KIND))}|nhs|trust)\b|[^a-z0-9]+")

_KEPT = 8_192
"""Names and addresses that are kept taken apart: those of a few thousand places that are compared together."""

_KIND_WEIGHT, _TAIL_WEIGHT = 0.3, 0.5
_TYPO = 84.0
"""Two longer words are one, mistyped, from this likeness on (EDGEWARE and EDGWARE 93, BATHOLOMEWS 95, BURNET 83)."""

_PART = re.compile(r"\b(?:flat|unit|suite|block)s?\s+((?:[0-9]+[a-z]?|[a-z])\b)(?:\s*[-–/&]\s*[0-9]+)?")
_STREET_WORDS = """
    avenue broadway circus close court crescent drive embankment end front gardens green grove hill lane lanes mews
    mount parade park place rise road row square street terrace vale walk way wood yard"""
_STREETS = frozenset(_STREET_WORDS.split())
_NUMBERED = re.compile(
    r"(?<![0-9a-z])(?P<low>[0-9]{1,4})(?P<letter>[a-z]?)(?:\s*[-–/]\s*(?P<high>[0-9]{1,4})[a-z]?)?\s*,?\s+"
    r"(?=(?P<street>[a-z][a-z .]+))"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A place's name in words: `words` in their order without the `marks` (numbers, sides, uses), and those of them
    that stand after a comma or in brackets (`tail`): the part or the town rather than the place."""

    words: tuple[str, ...]
    marks: frozenset[str]
    tail: frozenset[str]


@dataclass(frozen=True, slots=True)
class Street:
    """A street, and the house numbers in it (both None where the address gives none)."""

    name: str
    low: int | None = None
    high: int | None = None
    letter: str = ""


def plain_name(name: str) -> str:
    """A name without case, accents, punctuation, postcode and words that say nothing about the place."""
    text = _folded(name)
    text = _CODE.sub(" ", _POSTCODE.sub(" ", text))
    text = _INITIALS.sub(lambda found: found[0].replace(".", ""), text)
    return " ".join(_NOISE.sub(" ", text.replace("'", "")).split())


@lru_cache(maxsize=_KEPT)
def parse_name(name: str) -> Name:
    """The words and marks of a name; shortened words written out."""
    written = _written(name)
    marks = frozenset(word for word in written if _MARK.fullmatch(word))
    words = tuple(word for word in written if word not in marks)
    return Name(words, marks, _tail(name, frozenset(words)))


@lru_cache(maxsize=_KEPT)
def parse_streets(address: str) -> tuple[Street, ...]:
    """The streets that an address names, the numbered ones first."""
    found = [_street(segment) for segment in _segments(address)]
    streets = [street for street in found if street]
    return tuple(sorted(dict.fromkeys(streets), key=lambda street: street.low is None))


@lru_cache(maxsize=_KEPT)
def parts_of(address: str) -> frozenset[str]:
    """The marks of the part of a building that an address speaks of: flat 7, unit 3, block B."""
    return frozenset(found[1] for found in _PART.finditer(_folded(address)))


@lru_cache(maxsize=_KEPT)
def building_of(address: str) -> str | None:
    """What an address calls the building: its first part, where that is a name and no street."""
    first = _folded(address).split(",")[0].strip()
    words = parse_name(first).words
    named = len(words) > 1 and not re.search(r"[0-9]", first) and not _is_street(_long(first))
    return first if named and "," in address else None


def likeness(one: Name, other: Name, excused: frozenset[str] = frozenset()) -> float | None:
    """How alike two names are, 0-1: the share of their words that both have; None where either has no word.

    Words of kind (hospital, centre) and of the tail weigh little. A word in `excused` (one that the address of the
    other gives) does not count where only one name has it.
    """
    if not one.words or not other.words:
        return None
    if "".join(one.words) == "".join(other.words):
        return 1.0
    shared, left, right = _paired(one.words, other.words)
    both = 2 * math.fsum(map(_weight, shared))
    alone = math.fsum(
        _weight(word) * (_TAIL_WEIGHT if word in name.tail else 1.0)
        for name, words in ((one, left), (other, right)) for word in words if word not in excused
    )  # fmt: skip
    return both / (both + alone) if both else 0.0


def telling_words(name: str) -> str:
    """A name in small letters without the words that many places have: quick, for finding what is worth comparing."""
    return _KIND_TEXT.sub(" ", name.lower()).strip()


def shares_telling_word(one: Name, other: Name) -> bool:
    """Whether both names have a word that is more than a kind of place."""
    if "".join(one.words) == "".join(other.words):
        return any(word not in _KIND for word in one.words)
    return any(word not in _KIND for word in _paired(one.words, other.words)[0])


def same_street(one: Street, other: Street) -> bool:
    """Whether two streets are one, typing mistakes and spaces aside."""
    return fuzz.ratio(one.name.replace(" ", ""), other.name.replace(" ", "")) >= 90.0


def numbers_meet(one: Street, other: Street) -> bool | None:
    """Whether the house numbers overlap; None where either has none."""
    if one.low is None or other.low is None or one.high is None or other.high is None:
        return None
    if one.letter and other.letter and one.letter != other.letter:
        return False
    return one.low <= other.high and other.low <= one.high


def _folded(text: str) -> str:
    plain = text.replace("’", "'").replace("&", " and ").lower()
    if not plain.isascii():
        plain = "".join(char for char in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(char))
    return " ".join(plain.split())


def _written(name: str) -> list[str]:
    return " ".join(_SHORT.get(word, word) for word in plain_name(name).split()).split()


def _tail(name: str, words: frozenset[str]) -> frozenset[str]:
    if not _TAIL.search(name):
        return frozenset()
    main = words & frozenset(_written(_TAIL.split(_folded(name).strip("(, "), maxsplit=1)[0]))
    return words - main if main else frozenset()


def _weight(word: str) -> float:
    return _KIND_WEIGHT if word in _KIND else 1.0


def _paired(one: Iterable[str], other: Iterable[str]) -> tuple[list[str], list[str], list[str]]:
    """The words that both have (mistyped ones too), and those that only one or only the other has.

    The result does not depend on which of two names comes first: pairs are taken from the likest down.
    """
    mine, theirs = list(dict.fromkeys(one)), list(dict.fromkeys(other))
    shared = [word for word in mine if word in theirs]
    left, right = [w for w in mine if w not in shared], [w for w in theirs if w not in shared]
    if left and right:
        close = sorted((-nearness, *sorted((a, b)), a, b) for a in left for b in right if (nearness := _nearness(a, b)))
        for _, _, _, a, b in close:
            if a in left and b in right:
                left.remove(a)
                right.remove(b)
                shared.append(min(a, b))
    return shared, left, right


@lru_cache(maxsize=_KEPT)
def _nearness(one: str, other: str) -> float:
    """How surely two words are one, in the plural or mistyped; 0 when not. Short words and kinds (ward, yard) are not
    guessed at."""
    if one.rstrip("s") == other.rstrip("s"):
        return 100.0 if min(len(one), len(other)) >= 3 else 0.0
    guessed = min(len(one), len(other)) > 4 and one not in _KIND and other not in _KIND
    return fuzz.ratio(one, other, score_cutoff=_TYPO) if guessed else 0.0


def _segments(address: str) -> list[str]:
    """The parts of an address between commas; a number alone belongs to what follows it."""
    text = _PART.sub(" ", _POSTCODE.sub(" ", _folded(address)).replace("'", ""))
    text = re.sub(r"([0-9]+[a-z]?)\s*,", r"\1 ", text)
    return [" ".join(part.split()) for part in text.split(",")]


def _street(segment: str) -> Street | None:
    """The street of one part of an address, with its numbers; of several, the last."""
    for match in reversed(list(_NUMBERED.finditer(segment))):
        name = _long(match["street"])
        if _is_street(name):
            low, high = int(match["low"]), int(match["high"] or match["low"])
            return Street(name, min(low, high), max(low, high), match["letter"])
    name = _long(segment)
    return Street(name) if _is_street(name) and not re.search("[0-9]", segment) else None


def _long(text: str) -> str:
    words = [_SHORT.get(word, word) for word in text.replace(".", " ").split() if not re.search("[0-9]", word)]
    return " ".join([*words[:-1], "street"] if len(words) > 1 and words[-1] == "st" else words)


def _is_street(text: str) -> bool:
    words = text.split()
    return len(words) > 1 and words[-1] in _STREETS
