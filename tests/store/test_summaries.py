"""Counts and boxes that are kept with the sites: what is told of them is what a look at every row would tell."""

from collections.abc import Callable, Mapping

import pytest
from sqlalchemy import Connection, Engine, text

from estates_api.store.database import transaction
from estates_api.store.features import get_summary
from estates_api.store.layers import AUDIENCES, SITE_COLLECTIONS, Audience, layer
from estates_api.store.projection import rebuild_projection
from estates_api.store.summaries import Summary, count_features, put_summaries


def counted(connection: Connection, audience: Audience, collection: str) -> Summary:
    """What a look at every row tells."""
    return count_features(connection, layer(collection, audience))


@pytest.mark.parametrize("audience", AUDIENCES)
def test_what_is_kept_is_what_is_there(reading: Engine, audience: Audience) -> None:
    """For every collection of sites, as each audience sees it."""
    with transaction(reading) as connection:
        for name in SITE_COLLECTIONS:
            kept = get_summary(connection, audience, name)
            assert kept == counted(connection, audience, name)
        assert get_summary(connection, audience, "sites").features > 100


def test_each_audience_has_its_own(loaded: Engine) -> None:
    """A site that is for partners is in their count and their box, and in none of the public's."""
    with transaction(loaded) as connection:
        before = get_summary(connection, "public", "sites")
        connection.execute(text(
            "WITH far AS (SELECT ref FROM site_public WHERE geom IS NOT NULL ORDER BY ST_Y(geom) DESC LIMIT 1), "
            "gone AS (DELETE FROM site_public WHERE ref IN (SELECT ref FROM far) RETURNING *) "
            "INSERT INTO site_partner SELECT * FROM gone"
        ))  # fmt: skip
        put_summaries(connection)
        seen: Mapping[Audience, Summary] = {who: get_summary(connection, who, "sites") for who in AUDIENCES}
        connection.rollback()
    assert seen["public"].features == before.features - 1
    assert seen["public"].boxes[4326][3] < before.boxes[4326][3]
    assert seen["partner"] == seen["complete"] == before


def test_they_change_with_the_sites(
    loaded: Engine, hand_in: Callable[..., object], template: Callable[..., bytes]
) -> None:  # fmt: skip
    """A file that brings a site brings it into the count."""
    with transaction(loaded) as connection:
        before = get_summary(connection, "public", "sites").features
    hand_in(loaded, "new.csv", template({"holding_code": "RZ1NEW", "gia_m2": 500}))
    with transaction(loaded) as connection:
        assert get_summary(connection, "public", "sites").features == before + 1
        rebuild_projection(connection)
        assert get_summary(connection, "public", "sites").features == before + 1


def test_of_nothing(migrated: Engine) -> None:
    """An empty catalogue has no features and no box."""
    with transaction(migrated) as connection:
        assert get_summary(connection, "public", "sites") == Summary(0, 0, {})
        assert not Summary(0, 0, {}).is_within((-180, -90, 180, 90), 4326)
