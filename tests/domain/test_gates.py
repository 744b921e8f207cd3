from datetime import date

import pytest
from builders import OWNED, assessed, event, full, holding, method, site

from estates_api.domain.assessment import assess
from estates_api.domain.gates import GATES, Gate, closed_gates, public_tenure, released_by
from estates_api.domain.sites import Event, Interest, Site

ACUTE = {"site_type": "General acute hospital", "gia_m2": 100.0}


def closed(one: Site, acute: int = 2) -> dict[str, str]:
    """The gates that are closed for a site, with `acute` acute sites in its borough."""
    return {gate.id: gate.reason for gate in closed_gates(one, GATES, {"E09000003": acute})}


def test_a_site_with_a_public_owner_has_no_gate() -> None:
    """An NHS freeholder and nothing against it: no gate."""
    assert closed(site(full())) == {}


@pytest.mark.parametrize(
    ("kind", "sector", "told"),
    [
        ("freeholder", "private", "somebody must state who owns it"),
        ("unknown", "NHS", "A Body is stated as owner, but not by what tenure"),
        ("occupier", "NHS", "somebody must state who owns it"),
        ("head lessee", "private", "somebody must state who owns it"),
    ],
)
def test_without_a_public_owner_nothing_is_released(kind, sector, told: str) -> None:
    """An occupier, a lessee or a private landlord cannot release; the gate says what is missing."""
    interest = Interest("X", "A Body", sector, kind, "stated")
    assert told in closed(site(full(), interests=(interest,)))["owner"]
    assert "owner" in closed(site(full(), interests=()))


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ([("NHS", "freeholder"), ("council", "head lessee")], "freehold"),
        ([("private", "freeholder"), ("NHS", "head lessee")], "leasehold"),
        ([("private", "freeholder"), ("NHS", "occupier"), ("council", "unknown")], None),
        ([], None),
    ],
)
def test_tenure_is_that_of_a_public_owner(held, told: str | None) -> None:
    """The freehold where a public body has one, else a lease that one has; what nobody states is not known."""
    assert public_tenure(Interest("X", "A Body", sector, kind, "stated") for sector, kind in held) == told


def test_a_lease_without_a_break_is_a_gate_of_its_own() -> None:
    """A public tenant without a break cannot release; the reason names it, and the end of the lease where known."""
    lease = (Interest("X", "A Body", "NHS", "head lessee", "stated"),)
    assert closed(site(full(), interests=lease)) == {
        "lease": "A Body holds a lease; no break is known, and no public freeholder"
    }
    assert "holds a lease until 2032-09; no break" in closed(site(full(lease_end="2032-09"), interests=lease))["lease"]
    assert closed(site(full(lease_break="2025-03-25"), interests=lease)) == {}
    assert "lease" in closed(site(full(lease_break="No"), interests=lease))
    assert closed(site(full(), interests=(*lease, *OWNED))) == {}


def test_the_named_lessee_does_not_depend_on_the_order() -> None:
    """Of several head lessees the first by name is told."""
    lessees = tuple(Interest(name, name, "NHS", "head lessee", "stated") for name in ("Z", "B"))
    assert closed(site(interests=lessees)) == closed(site(interests=lessees[::-1]))
    assert closed(site(interests=lessees))["lease"].startswith("B holds")


def test_the_only_acute_hospital_of_a_borough_stays() -> None:
    """One general acute site in the borough closes the gate; a second one, or no known borough, does not."""
    acute = site(holding(**ACUTE))
    assert "sole-acute" in closed(acute, 1)
    assert "sole-acute" not in closed(acute, 2)
    assert "sole-acute" not in closed(site(holding(**ACUTE), borough_gss=None), 0)
    assert "sole-acute" not in closed(site(full()), 0)


def test_a_sold_hospital_is_no_alternative() -> None:
    """Where the borough's other acute hospital was sold, the one that is left is the only one."""
    kept = site(holding(**ACUTE), ref="NCL-A")
    sold = site(holding(**ACUTE), ref="NCL-B", events=(event("sold"),))
    first, _ = assess([kept, sold], method(), date(2020, 1, 1))
    assert "sole-acute" in {gate.id for gate in first.gates}


def test_a_gate_does_not_tell_of_a_hospital_that_fewer_may_see() -> None:
    """A public site is told to be the only acute one also where there is another that the public may not know of; who
    may see the other is not told so."""
    public, hidden = (site(holding(**ACUTE), ref=ref) for ref in ("NCL-A", "NCL-B"))
    first, second = assess([public, hidden], method(), date(2020, 1, 1), circles=[0, 2])
    assert [gate.id for gate in first.gates] == ["sole-acute"]
    assert [gate.id for gate in second.gates] == []


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"pfi_unitary_charge_gbp": 1.0}, None),
        ({"pfi_unitary_charge_gbp": 0.0}, None),
        ({"pfi_unitary_charge_gbp": "not applicable"}, None),
        ({"pfi_unitary_charge_gbp": 11_124_962.0}, "PFI unitary charge of £11,124,962 a year (ERIC 2016-17)"),
        ({"private_finance": "LIFT"}, "LIFT term running, by Trust RYX's entry"),
        ({"private_finance": "None"}, None),
    ],
    ids=["a filler of one pound", "nothing", "not applicable", "North Middlesex", "Finchley", "none, in words"],
)
def test_private_finance(values, told: str | None) -> None:
    """A real unitary charge or a stated term closes the gate; RYX23's charge of £1 is a filler."""
    assert closed(site(holding("RYX23", **values))).get("private-finance") == told


def test_a_decision_to_keep_closes_the_gate() -> None:
    """What the owner decided counts, whatever a return says; the newest decision is told."""
    first = event("retained", date(2018, 1, 1), id=1)
    second = event("reopened", date(2019, 1, 1), id=2)
    assert closed(site(full(), events=(second, first)))["kept"] == "A Trust: reopened, 2019-01"
    assert "kept" in closed(site(full(), events=(event("retained", date(2016, 1, 1)),)))


def test_what_was_kept_may_be_given_up_later() -> None:
    """A decision to keep stands against any later return, until the owner itself says otherwise."""
    kept, given_up = event("retained", date(2015, 1, 1), id=1), event("declared surplus", date(2016, 1, 1), id=2)
    assert "kept" in closed(site(full(), events=(kept,)))
    assert "kept" not in closed(site(full(), events=(kept, given_up)))
    again = event("reopened", date(2016, 6, 1), id=3)
    assert "reopened" in closed(site(full(), events=(given_up, again, kept)))["kept"]


@pytest.mark.parametrize(
    ("events", "found"),
    [
        ((), None),
        ((event("part sold", area_ha=1.0),), None),
        ((event("sold", scope="other"),), None),
        ((event("sold", id=5),), 5),
        ((event("sold", date(2019, 1, 1), id=1), event("sold", date(2018, 1, 1), id=2)), 1),
        ((event("sold", None, id=3),), 3),
    ],
)
def test_what_ends_public_ownership(events: tuple[Event, ...], found: int | None) -> None:
    """Only a sale of the whole releases a site; the last one is told."""
    sale = released_by(site(events=events))
    assert (sale and sale.id) == found


def test_gates_come_in_the_methods_order() -> None:
    """Gates are listed as the method lists them, and only those that are closed."""
    one = site(holding(private_finance="PFI", **ACUTE), interests=())
    assert [gate.id for gate in closed_gates(one, method().gates, {})] == ["owner", "sole-acute", "private-finance"]
    assert closed_gates(one, ["private-finance"], {}) == (
        Gate("private-finance", "PFI term running, by Trust RAL's entry"),
    )


def test_a_gate_never_changes_a_score() -> None:
    """Gates and scores are apart: without an owner the score is the same, the route is not."""
    with_owner, without = (assessed(site(full(land_owned_ha=40.0), interests=i)) for i in (OWNED, ()))
    assert with_owner.release == without.release
    assert with_owner.route != without.route
