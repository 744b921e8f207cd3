"""Bodies: who spoke for the area, and when."""

from datetime import date

import pytest

from estates_api.domain.area import Area, parse_area
from estates_api.errors import BadInput
from estates_api.settings import ROOT

PROFILE = (ROOT / "data/areas/ncl.toml").read_bytes()


@pytest.fixture(scope="module")
def ncl() -> Area:
    """The profile of North Central London."""
    return parse_area(PROFILE, "ncl.toml")


@pytest.mark.parametrize(
    ("day", "kinds"),
    [
        (date(2015, 11, 30), {"clinical commissioning groups"}),
        (date(2018, 6, 1), {"partnership", "clinical commissioning groups"}),
        (date(2020, 4, 1), {"partnership", "clinical commissioning group"}),
        (date(2022, 6, 30), {"partnership", "clinical commissioning group"}),
        (date(2022, 7, 1), {"partnership", "integrated care board"}),
    ],
)
def test_who_spoke_for_the_area(ncl: Area, day: date, kinds: set[str]) -> None:
    """By the day each began and ended, the first and the last day included; an end that is not known is open."""
    assert {body.kind for body in ncl.bodies if body.spoke_on(day)} == kinds


def test_a_body_has_its_codes_and_its_source(ncl: Area) -> None:
    """Codes that are not confirmed say so in the note."""
    board = next(body for body in ncl.bodies if body.kind == "integrated care board")
    assert (board.codes, board.start, board.end) == (("QMJ",), date(2022, 7, 1), None)
    assert "unconfirmed" in (board.note or "")
    assert board.citation


@pytest.mark.parametrize(
    ("part", "other", "reason"),
    [
        (b'from = "2015-12"', b'from = "soon"', r"ncl\.toml: 'soon' is not a date"),
        (b'codes = ["QMJ"]', b'codes = "QMJ"', "ncl.toml: .*body"),
        (b'kind = "partnership"\n', b"", "'kind' is missing"),
    ],
)
def test_a_profile_that_cannot_be_read(part: bytes, other: bytes, reason: str) -> None:
    """A day that is none, codes that are no list, a kind that is missing: named with the file."""
    with pytest.raises(BadInput, match=reason):
        parse_area(PROFILE.replace(part, other), "ncl.toml")
