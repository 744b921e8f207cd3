"""Needs as somebody writes them: what is taken, and what each mistake is told as."""

from dataclasses import replace
from datetime import date

import pytest
import shapely

from estates_api.domain.needs import FIELDS, Gazetteer, NeedFaults, doubt_about, parse_need
from estates_api.domain.search_areas import Boroughs, Circle, Drawn
from estates_api.errors import BadInput

PLACES = Gazetteer({"E09000010": "Enfield", "E09000007": "Camden"}, {"N18 1QX": (533_000.0, 192_000.0)})
SAID = {
    "need": "hub-1", "organisation_code": "rz1", "organisation_name": "Made Up  Trust", "service": "Integrated hub",
    "floor_area_low_m2": "1,200", "boroughs": "camden; E09000010",
}  # fmt: skip
TODAY = date(2026, 11, 23)
SQUARE = "POLYGON ((530000 190000, 531000 190000, 531000 191000, 530000 191000, 530000 190000))"


def said(**changes: str) -> dict[str, str]:
    """A whole need with changes; an area of search takes the place of the boroughs."""
    area = {"boroughs": ""} if {"postcode", "easting", "radius_m", "polygon"} & changes.keys() else {}
    return SAID | area | changes


def test_a_need_is_parsed_once() -> None:
    """References are capitals, spaces are tidied, numbers are numbers, and boroughs go by name or code."""
    found = parse_need(said(ptal="1A", required_by="31/03/2027", sensitivity="Partner", note=" as  soon"), PLACES)
    assert (found.id, found.organisation_code, found.organisation_name) == ("HUB-1", "RZ1", "Made Up Trust")
    assert (found.floor_area_low_m2, found.floor_area_high_m2) == (1200.0, None)
    assert found.area == Boroughs(("E09000007", "E09000010"), ("Camden", "Enfield"))
    assert (found.ptal, found.required_by, found.sensitivity) == ("1a", date(2027, 3, 31), "partner")
    assert found.told() == (
        "Integrated hub: at least 1,200 m², in Camden or Enfield, PTAL 1a or better, by 2027-03-31"
    )  # fmt: skip


def test_what_is_left_blank_is_left_open() -> None:
    """No upper bound, any transport, no day, for everybody: what is not said is not made up."""
    found = parse_need(SAID, PLACES)
    assert (found.ptal, found.required_by, found.sensitivity, found.note, found.closed) == (
        None,
        None,
        "public",
        "",
        None,
    )


def test_the_area_is_a_circle_or_a_polygon_too() -> None:
    """Around a postcode's middle, around a point, or drawn; a single polygon becomes a multipolygon."""
    around = parse_need(said(postcode="n181qx", radius_m="800"), PLACES).area
    assert around == Circle(533_000.0, 192_000.0, 800.0, "N18 1QX")
    assert around.told() == "within 800 m of the middle of N18 1QX"
    point = parse_need(said(easting="533000", northing="192000.5", radius_m="1500"), PLACES).area
    assert point == Circle(533_000.0, 192_000.5, 1500.0)
    drawn = parse_need(said(polygon=SQUARE), PLACES).area
    assert isinstance(drawn, Drawn)
    assert (drawn.shape.geom_type, drawn.shape.area) == ("MultiPolygon", 1e6)
    assert drawn.told() == "in the area that was drawn (1 km²)"


def test_all_that_is_wrong_is_told_at_once() -> None:
    """Every field that cannot be is named, and not the first alone."""
    with pytest.raises(NeedFaults) as refused:
        parse_need(said(need="a b", ptal="9", boroughs="Croydon", floor_area_low_m2="some"), PLACES)
    assert [reason.partition(":")[0] for reason in refused.value.reasons] == [
        "need", "floor_area_low_m2", "boroughs", "ptal"]  # fmt: skip


def test_the_register_names_whom_it_knows() -> None:
    """A known code needs no name; an unknown one does, and is flagged, as is another name than the register's."""
    known = replace(PLACES, organisations={"RAL": "Royal Free"})
    found = parse_need(said(organisation_code="ral", organisation_name=""), known)
    assert (found.organisation_name, doubt_about(found, known.organisations, TODAY)) == ("Royal Free", "")
    other = parse_need(said(organisation_code="RAL", organisation_name="Some Trust"), known)
    assert doubt_about(other, known.organisations, TODAY) == "the register calls RAL Royal Free, and not Some Trust"
    unknown = parse_need(SAID, known)
    assert doubt_about(unknown, known.organisations, TODAY).startswith("the organisation RZ1 is not in the register")
    with pytest.raises(BadInput, match="organisation_name: is blank, and RZ1 is not in the register"):
        parse_need(said(organisation_name=""), known)


def test_a_need_whose_day_has_passed_is_doubted() -> None:
    """It is overdue from the day after, and told so; one that is closed is looked for no longer, and is not."""
    need = parse_need(said(required_by="2024-03-31"), PLACES)
    assert [need.is_overdue(date(2024, 3, 31)), need.is_overdue(date(2024, 4, 1))] == [False, True]
    told = "it was needed by 2024-03-31, which has passed"
    assert doubt_about(need, {"RZ1": "Made Up Trust"}, date(2024, 4, 1)) == told
    assert doubt_about(need, {}, date(2024, 4, 1)).startswith(f"{told}; the organisation RZ1 is not in the register")
    assert not replace(need, closed="found").is_overdue(date(2024, 4, 1))
    assert not parse_need(SAID, PLACES).is_overdue(date(2024, 4, 1))


@pytest.mark.parametrize(("low", "high", "told"), [("200", "400", "200 to 400 m²"), ("200", "200", "200 m²")])
def test_the_floor_area_in_words(low: str, high: str, told: str) -> None:
    """A range, or one figure where both are the same."""
    assert parse_need(said(floor_area_low_m2=low, floor_area_high_m2=high), PLACES).space() == told


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"need": ""}, "need: '' is no reference"),
        ({"need": "a b"}, "need: 'a b' is no reference"),
        ({"organisation_code": ""}, "organisation_code: is blank"),
        ({"organisation_code": "?"}, "organisation_code: '?' is not an organisation"),
        ({"service": " "}, "service: is blank; what the space is for"),
        ({"service": "x" * 1001}, "service: must be plain text of at most 1000 letters"),
        ({"note": "nul\0"}, "note: must be plain text"),
        ({"floor_area_low_m2": ""}, "floor_area_low_m2: is blank"),
        ({"floor_area_low_m2": "0"}, "floor_area_low_m2: '0' is not a number above 0 and up to 1,000,000"),
        ({"floor_area_low_m2": "not applicable"}, "floor_area_low_m2: 'not applicable' is not a number"),
        ({"floor_area_low_m2": "some"}, "floor_area_low_m2: 'some' is not a number"),
        ({"floor_area_high_m2": "1e9"}, "floor_area_high_m2: '1e9' is not a number above 0"),
        ({"floor_area_high_m2": "1199"}, "floor_area_high_m2: 1,199 is less than floor_area_low_m2, 1,200; swap them"),
        ({"boroughs": ""}, "boroughs: there is no area of search; give boroughs, or a centre with radius_m"),
        ({"boroughs": " ; "}, "boroughs: names no borough"),
        ({"boroughs": "Croydon"}, "boroughs: 'Croydon' is not a borough here; there are Camden, Enfield"),
        ({"boroughs": "Camden", "polygon": SQUARE}, "polygon: boroughs is given too, and one need has one area"),
        ({"boroughs": "Camden", "radius_m": "800"}, "radius_m: boroughs is given too"),
        ({"postcode": "N18 1QX", "polygon": SQUARE}, "polygon: postcode is given too"),
        ({"postcode": "N18 1QX"}, "radius_m: is blank"),
        ({"postcode": "nowhere", "radius_m": "5"}, "postcode: 'nowhere' is not a UK postcode"),
        ({"postcode": "N1 1AA", "radius_m": "5"}, "postcode: the position of N1 1AA is not known here"),
        ({"postcode": "N18 1QX", "easting": "1", "radius_m": "5"}, "easting: a postcode is given too"),
        ({"radius_m": "800"}, "easting: is blank; the centre of radius_m"),
        ({"radius_m": "800", "easting": "530000"}, "northing: is blank; the centre"),
        ({"radius_m": "-5", "postcode": "N18 1QX"}, "radius_m: '-5' is not a number above 0 and up to 100,000"),
        ({"radius_m": "5", "easting": "900000", "northing": "1"}, "easting: '900000' is not a number above 0 and up"),
        ({"polygon": "here"}, "polygon: is not well-known text"),
        ({"polygon": "POLYGON EMPTY"}, "polygon: must be a polygon with an inside, not an empty one"),
        ({"polygon": "POINT (530000 190000)"}, "polygon: must be a polygon with an inside, not Point"),
        ({"polygon": "POLYGON ((0 0, 9 9, 0 9, 9 0, 0 0))"}, "polygon: is not valid (Self-intersection"),
        ({"polygon": "POLYGON ((-0.1 51, 0.1 51, 0.1 52, -0.1 51))"}, "polygon: lies outside Great Britain"),
        ({"polygon": "POLYGON ((0 0, nan 1, 1 1, 0 0))"}, "polygon: is not valid (Invalid Coordinate"),
        ({"polygon": "POLYGON ((0 0, 1e400 1, 1 1, 0 0))"}, "polygon: lies outside Great Britain"),
        ({"ptal": "7"}, "ptal: '7' is not a level; there are 0, 1a, 1b"),
        ({"required_by": "2027"}, "required_by: '2027' is not one day"),
        ({"required_by": "soon"}, "required_by: 'soon' is not a date"),
        ({"sensitivity": "secret"}, "sensitivity: 'secret' is not one of public, partner, owner"),
        ({"colour": "red"}, "there is no field 'colour'; there are need, organisation_code"),
    ],
)  # fmt: skip
def test_each_mistake_names_its_field(changes: dict[str, str], told: str) -> None:
    """What cannot be is refused with the field, and with what would be right."""
    with pytest.raises(BadInput) as refused:
        parse_need(said(**changes), PLACES)
    assert refused.value.detail.startswith(told)


def test_a_polygon_may_have_so_many_corners() -> None:
    """An outline of ten thousand corners and more is refused before anything is computed with it."""
    ring = shapely.Point(530_000, 190_000).buffer(1000, quad_segs=2501)
    with pytest.raises(BadInput, match="more than 10,000 corners"):
        parse_need(said(polygon=ring.wkt), PLACES)


def test_every_field_says_what_it_is() -> None:
    """The template's columns each have a description."""
    assert all(text and len(text) < 120 for text in FIELDS.values())
