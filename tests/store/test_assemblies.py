"""Assemblies: land of several public owners within 50 m, worked out for each audience by itself."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.domain.area import Area
from estates_api.domain.method_file import parse_method
from estates_api.settings import ROOT
from estates_api.store.assemblies import list_around, list_neighbours
from estates_api.store.database import transaction
from estates_api.store.projection import rebuild_projection
from estates_api.store.sites import list_sites
from estates_api.workflows import setup
from estates_api.workflows.assess import compute, store_run
from estates_api.workflows.ingest import Ingested

HandIn = Callable[..., Ingested]
Template = Callable[..., bytes]
Make = Callable[..., TestClient]
Settle = Callable[[Engine], Engine]

EAST, NORTH = 531_800.0, 188_700.0
"""A place in Haringey."""

COUNCIL = {"organisation_code": "E09000014", "organisation_name": "London Borough of Haringey", "sector": "council"}
HEALTH = {"organisation_code": "RZ1", "organisation_name": "Made Up NHS Trust", "sector": "NHS"}
SECRET = {"organisation_code": "RZ2", "organisation_name": "Quiet Trust", "sector": "NHS"}


def parcel(code: str, east: float, owner: dict[str, str] = HEALTH, **more: object) -> dict[str, object]:
    """A freehold site with a point of its own, so many metres east of the place."""
    return {**owner, "holding_code": code, "uprn": 100_000 + int(east) % 50_000, "easting": EAST + east,
            "northing": NORTH, "interest": "freeholder", "name": f"Plot {code}", **more}  # fmt: skip


def outline_of(east: float, side: float = 20) -> str:
    """A square of so many metres, its south-western corner so many metres east of the place."""
    west, north = EAST + east, NORTH + side
    return f"MULTIPOLYGON((({west} {NORTH},{west + side} {NORTH},{west + side} {north},{west} {north},{west} {NORTH})))"


def read(engine: Engine, audience: str = "public", what: str = "*") -> list[dict[str, Any]]:
    """The assemblies of an audience, as its database role reads them."""
    with transaction(engine) as connection:
        connection.execute(text(f"SET LOCAL ROLE estates_{audience}"))
        rows = connection.execute(text(f"SELECT {what} FROM assembly_{audience} ORDER BY id"))
        return [dict(row) for row in rows.mappings()]


def site(engine: Engine, ref: str, audience: str = "public") -> dict[str, Any]:
    """What a candidate says of the land next to it, in its column and in its rendered text."""
    with transaction(engine) as connection:
        query = f"SELECT adjacent_owners, adjacent_ha, candidate_feature FROM site_{audience} WHERE ref = :ref"
        return dict(connection.execute(text(query), {"ref": ref}).mappings().one())


@pytest.fixture
def settle(area: Area) -> Callable[[Engine], Engine]:
    """Assess what is there, so that sites have the land that they come to."""
    content = setup.read_shipped(ROOT / "data", setup.METHOD_FILE)
    method = parse_method(content, setup.METHOD_FILE)

    def run(engine: Engine) -> Engine:
        with transaction(engine) as connection:
            run = compute(connection, area, method, datetime.now(UTC).date())
            store_run(connection, run, method_content=content, present=True)
        return engine

    return run


@pytest.fixture
def pair(reference: Engine, hand_in: HandIn, template: Template, settle: Settle) -> Engine:
    """Land of a trust and of a council 40 m apart, another plot of the trust 45 m on, and one far off."""
    hand_in(reference, "a.csv", template(
        parcel("RZ1A", 0, land_owned_ha=0.2), parcel("RZ1B", 85, land_owned_ha=0.6),
        parcel("HAR-1", 40, COUNCIL, land_ha=0.1), parcel("HAR-2", 900, COUNCIL, land_ha=3),
    ), period="2020")  # fmt: skip
    return settle(reference)


def test_land_of_two_owners_within_reach_is_an_assembly(pair: Engine) -> None:
    """Three parcels in a row of two owners are one, with their land together; the far one is in none."""
    (found,) = read(pair)
    assert (found["id"], found["sites"], found["site_count"]) == (
        "assembly-NCL-HAR-1", "NCL-HAR-1; NCL-RZ1A; NCL-RZ1B", 3,
    )  # fmt: skip
    assert (found["owners"], found["owner_count"]) == ("London Borough of Haringey; Made Up NHS Trust", 2)
    assert (found["area_ha"], found["area_known_of"]) == (pytest.approx(0.9), 3)
    assert (found["drawn_count"], found["geom"]) == (0, None)


def test_the_gain_is_the_land_of_plots_too_small_alone(pair: Engine) -> None:
    """Plots of 0.2 and 0.1 ha reach the 0.25 ha of a register together; the one of 0.6 ha gains nothing."""
    assert read(pair)[0]["gain_ha"] == pytest.approx(0.3)


@pytest.mark.parametrize(("east", "found"), [(49.9, 1), (50.1, 0)])
def test_reach_ends_at_fifty_metres(
    reference: Engine, hand_in: HandIn, template: Template, east: float, found: int
) -> None:
    """49.9 m is near, 50.1 m is not."""
    hand_in(reference, "a.csv", template(parcel("RZ1A", 0), parcel("HAR-1", east, COUNCIL)), period="2020")
    assert len(read(reference)) == found


NO_ASSEMBLY: dict[str, list[dict[str, object]]] = {
    "one owner": [parcel("RZ1A", 0), parcel("RZ1B", 20)],
    "no public owner": [parcel("RZ1A", 0), parcel("X1", 20, {**COUNCIL, "sector": "private"})],
    "a lease": [parcel("RZ1A", 0), parcel("HAR-1", 20, COUNCIL, interest="head lessee")],
    "owner not known": [parcel("RZ1A", 0), parcel("HAR-1", 20, COUNCIL, interest="unknown")],
    "a postcode alone": [parcel("RZ1A", 0), {**COUNCIL, "holding_code": "HAR-1", "interest": "freeholder",
                                              "postcode": "N15 3TH", "name": "Plot"}],
}  # fmt: skip


@pytest.mark.parametrize("case", NO_ASSEMBLY)
def test_what_makes_no_assembly(reference: Engine, hand_in: HandIn, template: Template, case: str) -> None:
    """One owner twice, an owner that is not public or not known, a lease, and a postcode's middle make none."""
    hand_in(reference, "a.csv", template(*NO_ASSEMBLY[case]), period="2020")
    assert read(reference) == []


def test_a_successor_is_the_same_owner(reference: Engine, hand_in: HandIn, template: Template) -> None:
    """Land of a trust next to that of the trust that carries it on belongs to one owner."""
    hand_in(reference, "o.csv", "code,name,sector,kind,status,successor_code,succeeded_on\n"
            "RZ2,Quiet Trust,NHS,NHS trust,closed,RZ1,2019-01-01\n"
            "RZ1,Made Up NHS Trust,NHS,NHS trust,active,,\n")  # fmt: skip
    hand_in(reference, "a.csv", template(parcel("RZ1A", 0), parcel("RZ2A", 20, SECRET)), period="2020")
    assert read(reference) == []


def test_sites_tell_of_the_land_next_to_them(pair: Engine) -> None:
    """A site has the owners and the land of its neighbours of other owners, its own owner's left out."""
    assert site(pair, "NCL-HAR-1")["adjacent_owners"] == "Made Up NHS Trust"
    assert site(pair, "NCL-HAR-1")["adjacent_ha"] == pytest.approx(0.8)
    assert site(pair, "NCL-RZ1B")["adjacent_owners"] == "London Borough of Haringey"
    assert site(pair, "NCL-HAR-2")["adjacent_owners"] is None


def test_outlines_are_drawn_and_measured(pair: Engine) -> None:
    """Land under outlines is drawn, counted by its outline and not as stated, and once where outlines overlap."""
    with transaction(pair) as connection:
        for ref, shape in (("NCL-RZ1A", outline_of(0, 100)), ("NCL-HAR-1", outline_of(50, 100))):
            connection.execute(text("""
                UPDATE site SET precision = 'outline', geom = ST_GeomFromText(:shape, 27700),
                    geom_crs84 = ST_Multi(ST_Transform(ST_GeomFromText(:shape, 27700), 4326)) WHERE ref = :ref
            """), {"ref": ref, "shape": shape})  # fmt: skip
    rebuild(pair)
    (found,) = read(pair, what="*, ST_Area(geom) AS drawn_m2, GeometryType(geom_crs84) AS kind")
    assert (found["drawn_count"], found["kind"]) == (2, "MULTIPOLYGON")
    assert found["drawn_m2"] == pytest.approx(15_000)
    assert found["area_ha"] == pytest.approx(1.5 + 0.6)


def rebuild(engine: Engine) -> None:
    """Render everything anew."""
    with transaction(engine) as connection:
        rebuild_projection(connection)


def test_it_follows_the_catalogue(pair: Engine, hand_in: HandIn, template: Template) -> None:
    """A parcel that moves away leaves the assembly, and its old neighbours say so at once."""
    hand_in(pair, "b.csv", template(parcel("HAR-1", 5_000, COUNCIL, land_ha=0.1)), period="2021")
    assert read(pair) == []
    assert site(pair, "NCL-RZ1A")["adjacent_owners"] is None


@pytest.fixture
def planted(pair: Engine, hand_in: HandIn, template: Template, settle: Settle) -> Engine:
    """Beside them a plot of a third owner, 30 m from the council's, that is for its owner's eyes."""
    hand_in(pair, "s.csv", template(parcel("RZ2X", 20, SECRET, land_owned_ha=77, name="Plot For Quiet Sale")),
            period="2020", sensitivity="owner")  # fmt: skip
    return settle(pair)


@pytest.mark.parametrize("audience", ["public", "partner"])
def test_a_withheld_plot_does_not_show(planted: Engine, audience: str) -> None:
    """For those whom it is not for, the assembly is to the byte as without it: owners, counts, land, id and shape."""
    (found,) = read(planted, audience)
    assert found == {**found, "sites": "NCL-HAR-1; NCL-RZ1A; NCL-RZ1B", "owner_count": 2, "site_count": 3,
                     "id": "assembly-NCL-HAR-1", "refs": ["NCL-HAR-1", "NCL-RZ1A", "NCL-RZ1B"],
                     "owners": "London Borough of Haringey; Made Up NHS Trust"}  # fmt: skip
    assert found["area_ha"] == pytest.approx(0.9)
    assert "Quiet" not in str(found)
    for ref in ("NCL-HAR-1", "NCL-RZ1A"):
        told = site(planted, ref, audience)
        assert "Quiet" not in str(told)
        assert told["adjacent_ha"] in (pytest.approx(0.8), pytest.approx(0.1))


def test_its_owner_sees_it(planted: Engine) -> None:
    """The complete view has the withheld plot, its owner and its land in the assembly, and what is next to it."""
    (found,) = read(planted, "complete")
    assert (found["site_count"], found["owner_count"]) == (4, 3)
    assert found["area_ha"] == pytest.approx(77.9)
    told = site(planted, "NCL-RZ2X", "complete")
    assert told["adjacent_owners"] == "London Borough of Haringey; Made Up NHS Trust"


def test_a_withheld_plot_does_not_join_others(reference: Engine, hand_in: HandIn, template: Template) -> None:
    """Two parcels 80 m apart with a withheld one between them are no assembly for the public."""
    hand_in(reference, "a.csv", template(parcel("RZ1A", 0), parcel("HAR-1", 80, COUNCIL)), period="2020")
    hand_in(reference, "s.csv", template(parcel("RZ2X", 40, SECRET)), period="2020", sensitivity="partner")
    assert (len(read(reference)), len(read(reference, "partner")), len(read(reference, "complete"))) == (0, 1, 1)


ROUTES = ("/collections/assemblies/items", "/collections/assemblies/items/assembly-NCL-HAR-1", "/sites/NCL-HAR-1",
          "/collections/assemblies", "/sites/NCL-HAR-1?f=html", "/collections/assemblies/items.csv",
          "/collections/candidates/items")  # fmt: skip


@pytest.mark.parametrize("route", ROUTES)
def test_no_route_tells_of_it(planted: Engine, make_api: Make, route: str) -> None:
    """No answer without the key names the withheld plot; the key's does where assemblies or neighbours are told."""
    answer = make_api(planted).get(route)
    assert answer.status_code == 200 or route.endswith(".csv")
    assert [trace for trace in ("Quiet", "RZ2X", "77.") if trace in answer.text] == []
    keyed = make_api(planted, key="the-key-of-the-tests").get("/sites/NCL-HAR-1").json()
    assert "Plot For Quiet Sale" in keyed["assembly"]["told"]


def test_a_site_says_what_is_next_door(pair: Engine, make_api: Make) -> None:
    """A site's document has its neighbours with distances and the assembly it is part of; of an older day it says
    that this is told of the present only."""
    api = make_api(pair)
    told = api.get("/sites/NCL-HAR-1").json()["assembly"]
    assert [(one["ref"], one["distance_m"]) for one in told["adjacent"]] == [("NCL-RZ1A", 40.0), ("NCL-RZ1B", 45.0)]
    assert told["assembly"] == "assembly-NCL-HAR-1"
    then = api.get("/sites/NCL-HAR-1?as-of=2021-01-01").json()["assembly"]
    assert then["told"] == "Assemblies and neighbours are told of the present only."
    assert then["adjacent"] is None


def test_a_page_names_the_sites_around(pair: Engine, make_api: Make) -> None:
    """Within 800 m the nearest comes first, with its distance, whoever owns it; what is farther is not named, and of an
    older day nothing is."""
    api = make_api(pair)
    page = api.get("/sites/NCL-HAR-1?f=html").text.partition('<caption id="around">')[2].partition("</table>")[0]
    assert re.findall(r'sites/(NCL-[^"]+)">', page) == ["NCL-RZ1A", "NCL-RZ1B"]
    assert re.findall(r'class="number">((?:about )?\d+ m)<', page) == ["40 m", "45 m"]
    assert "Made Up NHS Trust" in page
    assert 'id="around"' not in api.get("/sites/NCL-HAR-2?f=html").text
    assert 'id="around"' not in api.get("/sites/NCL-HAR-1?f=html&as-of=2021-01-01").text


@pytest.mark.parametrize(("audience", "named"), [("public", False), ("partner", False), ("complete", True)])
def test_a_withheld_plot_is_not_around(planted: Engine, audience: str, named: bool) -> None:
    """Who may not see a plot is not told that it is near."""
    with transaction(planted) as connection:
        near = list_around(connection, audience, "NCL-HAR-1", within_m=800, most=99)
    assert ("NCL-RZ2X" in {one["ref"] for one in near}) == named
    assert "NCL-RZ1A" in {one["ref"] for one in near}


def test_less_precise_neighbours_may_adjoin(reference: Engine, hand_in: HandIn, template: Template) -> None:
    """A site at the same postcode is named in words as one that may adjoin, and is no neighbour by distance."""
    hand_in(reference, "a.csv", template(
        {**HEALTH, "holding_code": "RZ1A", "postcode": "N15 3TH", "gia_m2": 90},
        {**COUNCIL, "holding_code": "HAR-1", "postcode": "N15 3TH", "name": "Something Else", "gia_m2": 80},
    ), period="2020")  # fmt: skip
    with transaction(reference) as connection:
        found = [one for one in list_neighbours(connection, "public", "NCL-RZ1A") if one.ref == "NCL-HAR-1"]
    assert [one.told() for one in found] == ["Something Else, same postcode"]


def sectors(engine: Engine, area: Area) -> dict[str, tuple[frozenset[str] | None, frozenset[str]]]:
    """The sectors next door, and perhaps next door, of every site as the assessment reads them."""
    with transaction(engine) as connection:
        found = list_sites(connection, datetime.now(UTC).date(), area)
    return {one.ref: (one.surroundings.near_sectors, one.surroundings.perhaps_sectors) for one in found}


def test_the_assessment_knows_the_sectors_next_door(planted: Engine, area: Area) -> None:
    """Sectors of public sites within 50 m, none of the far plot; a withheld neighbour is not among them."""
    found = sectors(planted, area)
    assert found["NCL-RZ1A"] == (frozenset({"council"}), frozenset())
    assert found["NCL-HAR-1"] == (frozenset({"NHS"}), frozenset())
    assert found["NCL-HAR-2"][0] == frozenset()
    assert found["NCL-RZ2X"][0] == frozenset({"NHS", "council"})


def test_a_withheld_neighbour_decides_no_measure(
    reference: Engine, hand_in: HandIn, template: Template, area: Area
) -> None:
    """Next to nobody but a withheld council plot, an NHS site has no partner."""
    hand_in(reference, "a.csv", template(parcel("RZ1A", 0)), period="2020")
    hand_in(reference, "s.csv", template(parcel("HAR-1", 20, COUNCIL)), period="2020", sensitivity="partner")
    assert sectors(reference, area)["NCL-RZ1A"] == (frozenset(), frozenset())


def test_a_postcode_nearby_may_be_next_door(reference: Engine, hand_in: HandIn, template: Template, area: Area) -> None:
    """A site known by its postcode 100 m off may be next door; itself it knows no neighbours."""
    middle = "SELECT easting, northing FROM postcode WHERE postcode = 'N15 3TH'"
    with transaction(reference) as connection:
        east, north = connection.execute(text(middle)).one()
    hand_in(reference, "a.csv", template(
        {**parcel("RZ1A", 0), "easting": east + 100, "northing": north},
        {**COUNCIL, "holding_code": "HAR-1", "postcode": "N15 3TH", "name": "Hall", "gia_m2": 80},
    ), period="2020")  # fmt: skip
    found = sectors(reference, area)
    assert found["NCL-RZ1A"] == (frozenset(), frozenset({"council"}))
    assert found["NCL-HAR-1"] == (None, frozenset())
