"""Limits: applies, does not apply or unknown, each with its reason and the land that it takes."""

from dataclasses import replace

import pytest
from builders import HERE, full, holding, method, site

from estates_api.domain.limits import Limit, limits_of, told_limits
from estates_api.domain.place import describe_place
from estates_api.domain.sites import Overlap, Site

ALL = frozenset({*method().limits, "housing-zone", "opportunity-area"})


def placed(*overlaps: Overlap, precision: str = "outline", layers: frozenset[str] = ALL, **parts: object) -> Site:
    """A site with 4 ha of land, 1 ha of it under buildings, where layers have something."""
    held = parts.pop("held", None) or holding("RAL01", land_owned_ha=4.0, gia_m2=30_000.0, footprint_m2=10_000.0)
    return site(held, precision=precision, surroundings=replace(HERE, overlaps=overlaps, layers=layers), **parts)


def of(one: Site, name: str) -> Limit:
    """One limit of a site."""
    return next(limit for limit in limits_of(one, method()) if limit.id == name)


def area(kind: str, area_ha: float | None = 3.0, share: float | None = 0.75) -> Overlap:
    """What a layer of a kind has in common with the outline."""
    return Overlap(kind, "Made", area_ha, share, "Made 2026")


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        ("green-belt", 2.25), ("metropolitan-open-land", 2.25), ("flood-zone-3b", 3.0), ("open-space", 3.0),
        ("conservation-area", None), ("listed-building", None),
    ],
)  # fmt: skip
def test_how_much_land_a_limit_takes(kind: str, taken: float | None) -> None:
    """Green belt and metropolitan open land leave their share of what buildings stand on; floodplain and open space
    take all; what only asks for consent takes none. Each says where, and on whose word."""
    limit = of(placed(area(kind)), kind)
    assert (limit.state, limit.area_ha, limit.source) == ("applies", taken, "Made 2026")
    assert limit.reason.startswith("3 ha (75%) in Made")
    assert limit.citation


def test_developed_land_that_is_not_known_keeps_nothing() -> None:
    """Without a floor area or footprint nobody can say what is previously developed: the whole is taken, and said."""
    council = holding("C1", sector="council", land_ha=4.0, land_or_building="land with permanent building")
    limit = of(placed(area("green-belt"), held=council), "green-belt")
    assert limit.area_ha == 3.0
    assert "not known" in limit.reason


@pytest.mark.parametrize(("area_ha", "share", "taken"), [(6.0, 0.6, 4.5), (2.0, 1.0, 1.5)])
def test_developed_land_is_a_share_of_the_outline(area_ha: float, share: float, taken: float) -> None:
    """A quarter of the 4 ha stated is built on, so a quarter of what lies in the green belt, however large the outline
    is; and the share that is taken is of the outline."""
    limit = of(placed(area("green-belt", area_ha, share)), "green-belt")
    assert limit.area_ha == pytest.approx(taken)
    assert limit.share == pytest.approx(share * 0.75)
    assert limit.reason.endswith("stay, if what is under buildings (25% of the stated land) is spread evenly")


@pytest.mark.parametrize(("area_ha", "told"), [(125.4, "125 ha"), (3.456, "3.46 ha"), (0.012, "0.012 ha")])
def test_areas_are_written_as_planners_do(area_ha: float, told: str) -> None:
    """In three figures, and never with an exponent."""
    assert of(placed(area("open-space", area_ha, 0.8)), "open-space").reason == f"{told} (80%) in Made"


@pytest.mark.parametrize("precision", ["postcode", "lsoa", "borough", "unknown"])
def test_a_rough_position_tells_nothing(precision: str) -> None:
    """With less than an outline or a UPRN every limit is unknown, whatever is loaded."""
    limits = limits_of(placed(precision=precision), method())
    assert {limit.state for limit in limits} == {"unknown"}
    assert precision in limits[0].reason
    assert told_limits(limits) is None


def test_a_layer_that_is_not_loaded_leaves_its_limit_unknown() -> None:
    """And says so, while the others are known."""
    one = placed(layers=ALL - {"open-space"})
    assert (of(one, "open-space").state, of(one, "open-space").reason) == ("unknown", "no layer of it is loaded here")
    assert of(one, "green-belt").state == "does not apply"
    assert told_limits(limits_of(one, method())) == "none (not known: open space)"


def test_a_point_lies_within_or_not() -> None:
    """A UPRN's point says whether, never how much."""
    one = placed(area("flood-zone-3b", None, None), precision="uprn")
    floodplain = of(one, "flood-zone-3b")
    assert (floodplain.state, floodplain.area_ha, floodplain.share, floodplain.effect) == (
        "applies", None, None, "removed",
    )  # fmt: skip
    assert of(one, "green-belt").state == "does not apply"
    assert of(one, "listed-building").state == "unknown"  # published as points, which are in no point


@pytest.mark.parametrize(("overlaps", "state"), [((area("flood-zone-3"),), "unknown"), ((), "does not apply")])
def test_the_floodplain_is_a_part_of_zone_3(overlaps: tuple[Overlap, ...], state: str) -> None:
    """Where only zone 3 is loaded: outside it is outside 3b, within it nobody can tell."""
    one = placed(*overlaps, layers=frozenset({"flood-zone-3"}))
    assert of(one, "flood-zone-3b").state == state


def test_limits_in_one_line() -> None:
    """Those that apply, by their titles."""
    one = placed(area("green-belt"), area("conservation-area"))
    assert told_limits(limits_of(one, method())) == "green belt; conservation area"


def test_priority_columns_tell_none_from_not_known() -> None:
    """A Housing Zone is named, `none` where the layer tells, and blank where nobody can."""
    assert describe_place(placed(), method())["housing_zone"] == "none"
    assert describe_place(placed(precision="postcode"), method())["housing_zone"] is None
    assert describe_place(placed(layers=frozenset()), method())["opportunity_area"] is None
    here = replace(HERE, housing_zone="Made", station="Made Road", station_m=120.0, town_centre="major",
                   town_centre_name="Made Town", town_centre_m=300.0)  # fmt: skip
    said = describe_place(site(full(), surroundings=here), method())
    assert (said["housing_zone"], said["station"], said["town_centre"]) == ("Made", "Made Road", "Made Town (major)")
