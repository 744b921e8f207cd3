"""How coordinate reference systems are named."""

import pytest

from estates_api.domain.crs import CRS84, CRSS, EPSG3857, EPSG4326, EPSG27700, Crs, parse_crs
from estates_api.errors import BadInput


@pytest.mark.parametrize("crs", CRSS, ids=lambda crs: crs.uri)
def test_every_system_is_known_by_its_uri_over_http_and_https(crs: Crs) -> None:
    """The URI of every system that is offered names it, with either scheme."""
    assert parse_crs(crs.uri) is crs
    assert parse_crs(crs.uri.replace("http:", "https:")) is crs


@pytest.mark.parametrize(
    ("text", "crs"),
    [
        ("[EPSG:27700]", EPSG27700), ("EPSG:27700", EPSG27700), ("[epsg:3857]", EPSG3857), ("[OGC:CRS84]", CRS84),
        ("[EPSG:4326]", EPSG4326), ("http://www.opengis.net/def/crs/OGC/0/CRS84", CRS84),
    ],
)  # fmt: skip
def test_curies_are_read(text: str, crs: Crs) -> None:
    """The short forms name the same systems."""
    assert parse_crs(text) is crs


def test_only_4326_of_the_authority_puts_latitude_first() -> None:
    """CRS84 and EPSG:4326 are the same places with the axes the other way round."""
    assert [crs for crs in CRSS if crs.swapped] == [EPSG4326]
    assert CRS84.srid == EPSG4326.srid


@pytest.mark.parametrize(
    "text",
    ["", "27700", "[EPSG:27700", "EPSG:27701", "OGC:27700", "EPSG:CRS84", "http://www.opengis.net/def/crs/EPSG/0/27701",
     "http://example.org/def/crs/EPSG/0/27700", "EPSG:٢٧٧٠٠", "[EPSG:27700]\n", "x" * 100_000],
)  # fmt: skip
def test_other_texts_are_refused_with_what_there_is(text: str) -> None:
    """A system that is not offered is refused shortly, listing those that are."""
    with pytest.raises(BadInput, match=r"OGC/1\.3/CRS84.*EPSG/0/27700") as refused:
        parse_crs(text)
    assert len(refused.value.detail) < 600
