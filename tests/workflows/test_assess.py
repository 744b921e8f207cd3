"""Assess: scores whose parts add up, as of any day, on nothing that was said later."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.domain.area import Area
from estates_api.domain.method_file import parse_method
from estates_api.domain.sites import Site
from estates_api.errors import BadInput, Unavailable
from estates_api.settings import ROOT
from estates_api.store.database import transaction
from estates_api.workflows import assess, setup

METHOD = setup.read_shipped(ROOT / "data", setup.METHOD_FILE)
Assess = Callable[..., tuple[int, bool]]


@pytest.fixture
def assess_again(area: Area) -> Assess:
    """Run and store an assessment as of a day."""
    method = parse_method(METHOD, setup.METHOD_FILE)

    def run(engine: Engine, day: date, *, present: bool = False) -> tuple[int, bool]:
        with transaction(engine) as connection:
            made = assess.compute(connection, area, method, day)
            return assess.store_run(connection, made, method_content=METHOD, present=present)

    return run


@pytest.fixture(scope="module")
def latest(api: TestClient) -> dict[str, Any]:
    """The latest assessment."""
    found: dict[str, Any] = api.get("/assessments/latest").json()
    return found


def sources(value: Any) -> Iterator[dict[str, Any]]:
    """Every source named anywhere in an answer."""
    if isinstance(value, dict):
        yield from value.get("sources", [])
        for part in value.values():
            yield from sources(part)
    elif isinstance(value, list):
        for part in value:
            yield from sources(part)


@pytest.mark.parametrize("score", ["release", "reuse"])
def test_parts_add_up(latest: dict[str, Any], score: str) -> None:
    """For every site the contributions add up to the score to 1e-9, the interval holds it, the weights make one."""
    assert len(latest["sites"]) > 100
    for site in latest["sites"]:
        parts = site[score]["contributions"]
        assert abs(sum(part["points"] for part in parts) - site[score]["score"]) < 1e-9, site["ref"]
        assert all(abs(part["points"] - 100 * part["weight"] * part["value"]) < 1e-9 for part in parts)
        assert abs(sum(part["weight"] for part in parts) - 1) < 1e-9 or not any(part["weight"] for part in parts)
        assert site[score]["low"] - 1e-6 <= site[score]["score"] <= site[score]["high"] + 1e-6
        known = sum(part["weight"] for part in parts if part["state"] == "known")
        assert abs(known - site[score]["coverage"]) < 1e-6


def test_every_known_measure_names_its_source(latest: dict[str, Any]) -> None:
    """A measure that rests on returns names the edition and row; none is known from nowhere."""
    for site in latest["sites"]:
        for score in ("release", "reuse"):
            for part in site[score]["contributions"]:
                if part["state"] == "known":
                    assert part["sources"] or part["note"], (site["ref"], part["criterion"])
                assert part["why"]
                assert part["citation"]


def test_sources_are_claims_that_exist(latest: dict[str, Any], reading: Engine) -> None:
    """Every source leads to a stored claim of that edition, row, attribute and value."""
    query = text("SELECT e.source || ' ' || e.label, c.line, c.attribute, "
                 "coalesce(to_jsonb(c.number), to_jsonb(c.text)) FROM claim c "
                 "JOIN edition e ON e.id = c.edition_id")  # fmt: skip
    with transaction(reading) as connection:
        stored = set(map(tuple, connection.execute(query)))
    told = [source for site in latest["sites"] for source in sources(site)]
    assert len(told) > 1000
    for source in told:
        assert tuple(source[name] for name in ("edition", "row", "attribute", "value")) in stored, source


@pytest.mark.parametrize("day", ["2014-03-31", "2014-12-31", "2015-03-31", "2017-03-30"])
def test_a_day_uses_nothing_later(api: TestClient, day: str, reading: Engine) -> None:
    """As of a day, no claim that speaks of a later day is used, whichever edition has it; nor is a later event."""
    found = api.get(f"/assessments/latest?as-of={day}").json()
    assert found["as_of"] == day
    used = list(sources(found))
    assert used
    assert max(source["as_of"] for source in used) <= day
    later = [event["date"] for site in found["sites"] for event in site["events"]]
    assert all(text_of_day[:4] <= day[:4] for text_of_day in later)
    assert all(site["evidence_date"] is None or site["evidence_date"] <= day for site in found["sites"])


def test_before_any_return_there_is_nothing(api: TestClient) -> None:
    """As of a day before the oldest evidence there is no site to assess, and no failure."""
    found = api.get("/assessments/latest?as-of=1990-01-01").json()
    assert (found["sites"], found["routes"]) == ([], {})


def test_old_evidence_is_marked(latest: dict[str, Any], api: TestClient) -> None:
    """Evidence older than three years is stale, on that day: what was fresh in 2015 is stale today."""
    then = {site["ref"]: site for site in api.get("/assessments/latest?as-of=2015-03-31").json()["sites"]}
    now = {site["ref"]: site for site in latest["sites"]}
    assert then["NCL-RAL01"]["evidence_date"] == "2015-03-31"
    assert (then["NCL-RAL01"]["stale"], now["NCL-RAL01"]["stale"]) == (False, True)
    limit = f"{int(latest['as_of'][:4]) - 3}{latest['as_of'][4:]}"
    for site in latest["sites"]:
        assert site["stale"] == (site["evidence_date"] is None or site["evidence_date"] < limit), site["ref"]


def test_a_tiny_house_has_no_hundred_hectares(latest: dict[str, Any], sites_on: Callable[[date], list[Site]]) -> None:
    """TAF10's 103 ha (19 Aberdeen Park, a house) is an issue of its edition and counts nowhere."""
    assert all(source["value"] != 103 for source in sources(latest) if source["attribute"].endswith("_ha"))
    for day in (date(2014, 3, 31), date(2015, 3, 31), date(2017, 3, 31)):
        for site in sites_on(day):
            land = [h.number(name) for h in site.holdings for name in ("land_ha", "land_owned_ha", "idle_land_ha")]
            assert 103 not in land
    assert max(site["land_ha"] or 0 for site in latest["sites"]) < 60


def test_the_same_run_is_stored_once(loaded: Engine, assess_again: Assess) -> None:
    """An assessment that repeats a stored one to the byte is the stored one; another day is another."""
    with transaction(loaded) as connection:
        before = connection.execute(text("SELECT count(*) FROM assessment")).scalar_one()
    first, new = assess_again(loaded, date(2016, 3, 31))
    assert new
    assert assess_again(loaded, date(2016, 3, 31)) == (first, False)
    with transaction(loaded) as connection:
        assert connection.execute(text("SELECT count(*) FROM assessment")).scalar_one() == before + 1


def test_a_look_back_leaves_what_people_see(loaded: Engine, assess_again: Assess) -> None:
    """Only an assessment of today is shown on the map; a look back is stored beside it."""
    read = text("SELECT ref, candidate_feature FROM site_public ORDER BY ref")
    with transaction(loaded) as connection:
        before = connection.execute(read).all()
    assess_again(loaded, date(2014, 3, 31))
    with transaction(loaded) as connection:
        assert connection.execute(read).all() == before


def test_an_empty_catalogue_says_what_to_do(migrated: Engine, assess_again: Assess) -> None:
    """Without any edition there is nothing to assess, and the error names the commands that help."""
    with pytest.raises(Unavailable, match=r"estates ingest.*estates setup"):
        assess_again(migrated, date(2015, 3, 31))


def test_a_method_without_measures_is_refused() -> None:
    """A method file that asks for what cannot be measured is named with the criterion."""
    broken = METHOD.replace(b"vacancy", b"charm")
    with pytest.raises(BadInput, match="charm"):
        parse_method(broken, "broken.toml")
