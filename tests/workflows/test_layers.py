"""Layers handed in like every other file: an edition, once, whole or not at all, and told of every site."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from estates_api.domain.area import Area
from estates_api.errors import BadInput
from estates_api.sources.reader import Hints
from estates_api.store.database import transaction
from estates_api.store.designations import list_layers
from estates_api.store.sites import list_sites
from estates_api.workflows.ingest import Ingested, ingest
from estates_api.workflows.origin import Origin

SAMPLES = Path(__file__).parents[1] / "samples"

HandIn = Callable[..., Ingested]


@pytest.fixture
def layer(area: Area) -> HandIn:
    """Hand a sample in."""

    def run(engine: Engine, name: str, **origin: object) -> Ingested:
        with transaction(engine) as connection:
            return ingest(connection, SAMPLES / name, area=area, origin=Origin(**origin))

    return run


def test_a_layer_is_an_edition(reference: Engine, layer: HandIn) -> None:
    """With its hash, licence and counts; the same bytes twice change nothing."""
    done = layer(reference, "layer_planning_made.geojson", licence="OGL", publisher="Made")
    assert (done.new, done.counts["features"], done.counts["holdings"]) == (True, 10, 0)
    assert not layer(reference, "layer_planning_made.geojson").new
    with transaction(reference) as connection:
        found = {row["kind"]: row for row in list_layers(connection)}
    assert {"green-belt", "conservation-area", "flood-zone-2", "flood-zone-3", "listed-building", "open-space"} == {
        *found
    }
    assert (found["green-belt"]["licence"], found["conservation-area"]["features"]) == ("OGL", 2)


@pytest.mark.parametrize(("entity", "reason"), [
    ('"dataset": "tree"}, "geometry": {"type": "Point", "coordinates": [-0.1, 51.6]}', "1 entry left out: tree is not"),
    ('"dataset": "green-belt"}, "geometry": {"type": "Point", "coordinates": [9, 9]}', ".*outside Great Britain"),
])  # fmt: skip
def test_a_layer_of_nothing_is_refused_with_the_reason(
    reference: Engine, area: Area, tmp_path: Path, entity: str, reason: str
) -> None:
    """A file of which nothing is read says why: what its entries are, or where they lie."""
    file = tmp_path / "layer.geojson"
    file.write_text(f'{{"type": "FeatureCollection", "features": [{{"type": "Feature", "properties": {{{entity}}}]}}')
    with transaction(reference) as connection, pytest.raises(BadInput, match=f"no row could be taken .{reason}"):
        ingest(connection, file, area=area, origin=Origin(insisted="planning-data"))


def test_a_layer_is_public(reference: Engine, layer: HandIn) -> None:
    """What is withheld would show in the columns of every site: it is refused, and nothing is written."""
    with pytest.raises(BadInput, match="a layer is public; hand it in without a sensitivity"):
        layer(reference, "naptan_made.csv", sensitivity="partner")
    with transaction(reference) as connection:
        assert connection.execute(text("SELECT count(*) FROM layer_feature")).scalar_one() == 0


def test_parts_of_a_layer_stand_beside_each_other(reference: Engine, layer: HandIn) -> None:
    """Handed in for two organisations, one borough's part does not replace the other's."""
    for code, name in (("E09000003", "layer_planning_made.csv"), ("E09000014", "layer_planning_made.geojson")):
        layer(reference, name, hints=Hints(organisation_code=code))
    with transaction(reference) as connection:
        sources = [row["source"] for row in list_layers(connection) if row["kind"] == "conservation-area"]
    assert sources == ["planning.data.gov.uk E09000003", "planning.data.gov.uk E09000014"]


def test_a_layer_is_of_somebody_who_is_known(reference: Engine, layer: HandIn) -> None:
    """Said to be of an organisation that the register has not, a layer is refused, and nothing is written."""
    with pytest.raises(BadInput, match="organisation: 'NOPE' is not in the register"):
        layer(reference, "layer_planning_made.geojson", hints=Hints(organisation_code="NOPE"))
    with transaction(reference) as connection:
        assert (
            connection.execute(text("SELECT count(*) FROM edition WHERE file_name LIKE 'layer_planning%'")).scalar_one()
            == 0
        )


def test_what_ships_tells_stations_and_town_centres(loaded: Engine, area: Area) -> None:
    """An installation knows, of every site with a postcode, the nearest station and centres; designations it does
    not, and says so."""
    with transaction(loaded) as connection:
        found = {site.ref: site for site in list_sites(connection, date(2026, 1, 1), area)}
        columns = connection.execute(text("""
            SELECT station, station_m, town_centre, limits, housing_zone FROM site_public WHERE ref = 'NCL-RALC7'
        """)).one()  # fmt: skip
    precise = [site for site in found.values() if site.precision == "postcode" and site.inside_area]
    assert len(precise) > 50
    assert all(site.surroundings.station and len(site.surroundings.centres) == 4 for site in precise)
    assert all(site.surroundings.layers == {"station", "town-centre"} for site in precise)
    assert all(site.surroundings.station is None for site in found.values() if site.precision == "borough")
    assert columns.station == "Gordon Hill"
    assert columns.station_m == pytest.approx(900, abs=500)
    assert (columns.limits, columns.housing_zone) == (None, None)
