from dataclasses import replace

import pytest
from builders import FEW, OWNED, any_site, event, full, holding, method, site
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.checks import APPLIES, Check, checks_of
from estates_api.domain.sites import Interest, Site

COUNCIL = (Interest("E09000003", "Barnet Council", "council", "freeholder", "stated"),)
LANDLORD = (Interest("P", "A Landlord", "private", "freeholder", "stated"),)


def check(id_: str, one: Site) -> Check:
    """One check of the shipped method at a site."""
    return next(found for found in checks_of(one, method()) if found.rule.id == id_)


@pytest.mark.parametrize(
    ("id_", "interests", "state", "told"),
    [
        ("best-consideration", COUNCIL, "not done", "Barnet Council would dispose"),
        ("best-consideration", OWNED, "does not apply", "Royal Free London owns it, and no council"),
        ("best-consideration", (), "not known", "who owns it is not known"),
        ("offer-back", OWNED, "not known", "how Royal Free London came by the land is not known"),
        ("offer-back", LANDLORD, "does not apply", "A Landlord owns it, which is no public body"),
        ("offer-back", (), "not known", "who owns it"),
        ("community-value", COUNCIL, "not known", "no list of assets of community value is loaded"),
    ],
)
def test_what_applies_by_who_owns_it(id_: str, interests: tuple[Interest, ...], state: str, told: str) -> None:
    """Best consideration is a council's, the offer back a public owner's; a listing is asked of the borough."""
    found = check(id_, site(full(), interests=interests))
    assert found.state == state
    assert told in found.reason


@pytest.mark.parametrize(
    ("use", "state"),
    [
        ("school", "not done"),
        ("school (closure agreed)", "not done"),
        ("Primary schools", "not done"),
        ("playing fields", "not done"),
        ("park", "not done"),
        ("car park", "not known"),
        ("lorry park", "not known"),
        ("library", "not known"),
        (None, "not known"),
    ],
)
def test_schools_and_open_spaces(use: str | None, state: str) -> None:
    """A stated use as school or open space asks for consent; another use, or none, does not rule it out."""
    found = check(
        "school-or-open-space", site(holding("E09", sector="council", **({"current_use": use} if use else {})))
    )
    assert found.state == state
    assert (use or "no list states its use") in found.reason


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (full(), "not done"),
        (full(occupied_m2=None), "not known"),
        (full(occupied_m2=0.0), "not known"),
        (holding("E09", sector="council", occupied_m2=5.0), "does not apply"),
    ],
)
def test_service_change_is_where_the_nhs_is(one, state: str) -> None:
    """Where an NHS body occupies space, moving it out is a change of services."""
    assert check("service-change", site(one)).state == state


def test_nothing_is_left_to_check_of_what_is_sold() -> None:
    """Of a site that left public ownership no step is left; the sale is named."""
    found = checks_of(site(full(), events=(event("sold"),)), method())
    assert {one.state for one in found} == {"does not apply"}
    assert all("sold" in one.reason for one in found)


def test_what_is_recorded_stands_as_recorded() -> None:
    """A step on which a decision is recorded stands as it says, and how that is known; the others stand as they do."""
    one = site(full(), interests=COUNCIL)
    found = checks_of(one, method(), {"best-consideration": ("done", "cabinet, 3 May 2017, minute 12")})
    assert (found[0].state, found[0].reason) == ("done", "cabinet, 3 May 2017, minute 12")
    assert found[1:] == checks_of(one, method())[1:]


@FEW
@given(any_site(), st.sampled_from(sorted(APPLIES)))
def test_every_rule_answers_every_site(one: Site, rule: str) -> None:
    """Whatever is known of a site, a check stands in one of four states and says why."""
    by = replace(method(), checks={"x": replace(method().checks["offer-back"], id="x", applies_to=rule)})
    (found,) = checks_of(one, by)
    assert found.state in {"done", "not done", "does not apply", "not known"}
    assert len(found.reason) > 10
