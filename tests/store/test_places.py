"""Sites as they are written: references that are free, positions as good as is known, outlines that stay."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from estates_api.domain.area import Area
from estates_api.store import places
from estates_api.store.candidates import Blocking
from estates_api.store.database import transaction
from estates_api.store.judgements import add_questions
from estates_api.store.reference import borough_of_points
from estates_api.store.touched import touch_sites
from estates_api.workflows.match import match_places

Place = Callable[..., dict[str, str]]


@pytest.fixture
def connection(reference: Engine) -> Iterator[Connection]:
    """A transaction on a database with reference tables and no holding."""
    with transaction(reference) as opened:
        yield opened


@pytest.fixture
def place(connection: Connection, area: Area) -> Place:
    """Add holdings (organisation, code and what else is known), match, and give the site of each by its key."""

    def put(*holdings: dict[str, Any]) -> dict[str, str]:
        edition = connection.execute(text("SELECT min(id) FROM edition")).scalar_one()
        for holding in holdings:
            values = {"sector": "NHS", "name": f"Holding {holding['code']}"} | holding
            connection.execute(text("""INSERT INTO organisation (code, name, sector, kind, status, edition_id)
                VALUES (:code, :code, 'NHS', 'made', 'active', :edition) ON CONFLICT DO NOTHING"""),
                {"code": values["organisation_code"], "edition": edition})  # fmt: skip
            names = ", ".join(values)
            marks = ", ".join(f":{name}" for name in values)
            connection.execute(text(f"INSERT INTO holding ({names}) VALUES ({marks})"), values)
        match_places(connection, area)
        found = connection.execute(text("SELECT organisation_code || ':' || code, site_ref FROM holding")).all()
        return {row[0]: row[1] for row in found}

    return put


def test_a_taken_code_gets_the_organisations_before_it(place: Place) -> None:
    """Sites under one code are places with references of their own, however codes and organisations are spelt."""
    found = place(
        {"organisation_code": "A", "code": "X1"}, {"organisation_code": "B", "code": "X1"},
        {"organisation_code": "A", "code": "B-X1"},
    )  # fmt: skip
    assert len(set(found.values())) == 3
    assert (found["A:X1"], found["A:B-X1"]) == ("NCL-X1", "NCL-B-X1")
    assert found["B:X1"].startswith("NCL-B-X1-")
    again = place({"organisation_code": "C", "code": "X1"})
    assert again["C:X1"] == "NCL-C-X1"
    assert {key: ref for key, ref in again.items() if key in found} == found


def test_an_outline_stays(place: Place, connection: Connection, area: Area) -> None:
    """A site with an outline keeps its shape, precision and borough when its holdings' points and names change."""
    ref = place({"organisation_code": "A", "code": "X1", "easting": 530000.0, "northing": 190000.0})["A:X1"]
    shape = "ST_Multi(ST_Buffer(ST_SetSRID(ST_MakePoint({}, {}), {}), {}))"
    connection.execute(
        text(f"""UPDATE site SET precision = 'outline',
        geom = {shape.format(530000, 190000, 27700, 50)}, geom_crs84 = {shape.format(-0.1, 51.6, 4326, 0.001)}""")
    )
    connection.execute(text("UPDATE holding SET name = 'New name', easting = 531000, postcode = 'N15 3TH'"))
    places.open_moves(connection)
    touch_sites(connection, [ref])
    match_places(connection, area)
    row = connection.execute(
        text("SELECT name, postcode, precision, GeometryType(geom), ST_XMin(geom) FROM site")
    ).one()
    assert tuple(row)[:4] == ("New name", "N15 3TH", "outline", "MULTIPOLYGON")
    assert row[4] < 530000


def test_only_what_is_touched_is_written(place: Place, connection: Connection, area: Area) -> None:
    """A site is written anew when it was touched, and only then; one that says the same is left alone."""
    refs = place(*({"organisation_code": "A", "code": code, "postcode": "E8 2BB"} for code in ("X1", "X2")))
    connection.execute(text("TRUNCATE touched_site"))
    connection.execute(text("UPDATE holding SET name = 'New name'"))
    touch_sites(connection, [refs["A:X1"]])
    match_places(connection, area)
    found = connection.execute(text("SELECT ref, name FROM site ORDER BY ref")).all()
    assert [tuple(row) for row in found] == [("NCL-X1", "New name"), ("NCL-X2", "Holding X2")]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"easting": 532294.0, "northing": 188587.0}, ("uprn", "E09000014", True)),
        ({"easting": 400000.0, "northing": 400000.0}, ("uprn", None, False)),
        ({"postcode": "N15 3TH"}, ("postcode", "E09000014", True)),
        ({"postcode": "ZZ9 9ZZ"}, ("unknown", None, None)),
        ({}, ("unknown", None, None)),
        ({"organisation_code": "E09000010"}, ("borough", "E09000010", True)),
    ],
)
def test_where_a_site_is(
    place: Place, connection: Connection, stated: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    """A site's precision, borough and whether it is in the area follow from the best that is stated."""
    place({"organisation_code": "A", "code": "X1"} | stated)
    row = connection.execute(text("SELECT precision, borough_gss, inside_area FROM site")).one()
    assert tuple(row) == expected


def test_the_first_holding_speaks_first(place: Place, connection: Connection) -> None:
    """A site has the founder's name and postcode; what the founder does not say, the others say in their order."""
    shared = {"name": "Elm House", "uprn": "7"}
    refs = place(
        {"organisation_code": "B", "code": "X2", "postcode": "N15 3TH", "address": "2 Elm Road"} | shared,
        {"organisation_code": "C", "code": "X3", "postcode": "E8 2BB", "address": "3 Elm Road"} | shared,
        {"organisation_code": "A", "code": "X1"} | shared | {"name": "ELM HOUSE"},
    )  # fmt: skip
    row = connection.execute(text("SELECT ref, name, postcode, address FROM site WHERE ref = 'NCL-X1'")).one()
    assert refs["A:X1"] == "NCL-X1"
    assert tuple(row)[:2] == ("NCL-X1", "ELM HOUSE")
    assert row[2] == ("N15 3TH" if refs["B:X2"] == "NCL-X1" else "E8 2BB" if refs["C:X3"] == "NCL-X1" else None)


def test_points_in_boroughs(connection: Connection) -> None:
    """A point is in the borough that covers it, in the order of the points; outside all there is none."""
    found = borough_of_points(connection, [532294.0, 0.0, 523613.0], [188587.0, 0.0, 196159.0])
    assert found == ["E09000014", None, "E09000003"]


def test_near_points_with_like_names_are_candidates(place: Place, connection: Connection) -> None:
    """Holdings 40 m apart with like names are worth comparing without a postcode; unlike names or 2 km are not."""
    place({"organisation_code": "A", "code": "X1", "name": "Marigold House", "easting": 532294.0, "northing": 188587.0})
    place({"organisation_code": "B", "code": "Y0"})
    for code, shift, name in (("Y1", 40, "Marigold Hse"), ("Y2", 40, "Ash Clinic"), ("Y3", 2000, "Marigold Hse")):
        connection.execute(text("""INSERT INTO holding (organisation_code, code, name, sector, easting, northing)
            VALUES ('B', :code, :name, 'NHS', :easting, 188587)"""),
            {"code": code, "name": name, "easting": 532294 + shift})  # fmt: skip
    blocking = Blocking(connection)
    assert next(blocking.chunks()) == 3
    codes = dict(connection.execute(text("SELECT id, code FROM holding")).all())
    assert [{codes[one], codes[other]} for one, other in blocking.pairs()] == [{"X1", "Y1"}]


def test_a_question_is_asked_once(place: Place, connection: Connection) -> None:
    """The same pair, whichever holding is named first, is one question."""
    place({"organisation_code": "A", "code": "X1"}, {"organisation_code": "B", "code": "X2"})
    ids = connection.execute(text("SELECT id FROM holding ORDER BY id")).scalars().all()
    for one, other in (ids, ids[::-1]):
        add_questions(connection, [(one, other, 3.5, "name +3.5 = 3.5: ask")])
    assert connection.execute(text("SELECT count(*) FROM question")).scalar_one() == 1
