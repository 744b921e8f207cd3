from dataclasses import replace

import pytest
from builders import claim, holding, method, site

from estates_api.domain.backtest import (
    NAIVE,
    Pair,
    Scored,
    base_rates,
    compare,
    judge_cut_off,
    links,
    not_foreseen,
    pairs_of,
    rankings,
    release_fingerprint,
)
from estates_api.domain.claims import claims_by_day, winning_claims
from estates_api.domain.sites import Holding, Site

EARLIER = "ERIC 2013-14"


def before(code: str = "RAL01", **said: float | str | None) -> Site:
    """A return of the earlier edition."""
    return site(holding(code, EARLIER, **{"gia_m2": 1_000.0, "land_ha": 1.0, **said}))


def after(code: str = "RAL01", **said: float | str | None) -> Site:
    """A return of the later edition, in its words."""
    return site(holding(code, **{"gia_m2": 1_000.0, "land_owned_ha": 1.0, **said}))


def scored(one: Site, score: float = 50.0, coverage: float = 0.9) -> Scored:
    """A scored return."""
    first: Holding = one.holdings[0]
    return Scored((first.organisation_code, first.code), one, score, coverage, 1)


def pair(earlier: Site, later: Site, carried: dict[tuple[str, str], tuple[str, str]] | None = None) -> Pair | None:
    """The pair that two returns make, or None."""
    first = later.holdings[0]
    found = pairs_of([scored(earlier)], {(first.organisation_code, first.code): later}, carried or {})
    return found[0] if found else None


def outcome(earlier: Site, later: Site, name: str) -> bool | None:
    """One outcome of a pair that must be one."""
    found = pair(earlier, later)
    assert found is not None
    return found.outcomes[name]


@pytest.mark.parametrize(
    ("idle", "owned", "declared"),
    [(0.0, 1.0, False), (0.1, 1.0, False), (0.11, 1.0, True), (19.0, 43.3, True), (None, 1.0, None),
     ("not applicable", 1.0, None)],
)  # fmt: skip
def test_declared_is_more_than_a_tenth_of_the_land(
    idle: float | str | None, owned: float, declared: bool | None
) -> None:
    """Ten per cent is not more than ten; a blank or `Not Applicable` tells nothing."""
    assert outcome(before(), after(idle_land_ha=idle, land_owned_ha=owned), "declared") is declared


def test_idle_beyond_the_land_is_not_believed() -> None:
    """More idle than owned is an issue, never a declaration: the claim does not win."""
    stated = [claim("gia_m2", 1_000.0), claim("land_owned_ha", 1.0), claim("idle_land_ha", 2.0, implausible="too much")]
    held = Holding("RAL", "Royal Free", "NHS", "RAL01", winning_claims(stated), claims_by_day(stated))
    assert outcome(before(), site(held), "declared") is None


def test_a_slip_of_the_keyboard_is_not_compared() -> None:
    """103 ha under 399 m² are not believed, so nobody knows what land there is."""
    stated = [claim("gia_m2", 399.0), claim("land_owned_ha", 103.0, implausible="mistyped?")]
    held = Holding("RAL", "Royal Free", "NHS", "RAL01", winning_claims(stated), claims_by_day(stated))
    assert pair(before(), site(held)) is None


@pytest.mark.parametrize(("now", "shrunk"), [(850.0, True), (851.0, False), (1_200.0, False), (None, None)])
def test_shrunk_is_fifteen_per_cent_of_floor_area(now: float | None, shrunk: bool | None) -> None:
    """Down by 15% or more; without a later floor area nobody knows."""
    assert outcome(before(), after(gia_m2=now), "shrunk") is shrunk


def test_land_that_fell() -> None:
    """Chase Farm's 13.39 ha became 5.14."""
    assert outcome(before(land_ha=13.39), after(land_owned_ha=5.14), "land") is True
    assert outcome(before(land_ha=13.39), after(land_owned_ha=12.0), "land") is False


@pytest.mark.parametrize(
    ("earlier", "later"),
    [(before(land_ha=0.09), after()), (before(land_ha=None), after()), (before(), after(land_owned_ha=0.0)),
     (before(), after(land_owned_ha=None)), (before("RAL02"), after())],
)  # fmt: skip
def test_who_is_not_compared(earlier: Site, later: Site) -> None:
    """Less than 0.1 ha, no land, land that is leased under the new definition (0 owned), or no longer returned."""
    assert pair(earlier, later) is None


def test_a_code_that_changed_on_merger_is_followed() -> None:
    """RVL01 became RAL26, RVLC7 RALC7: the shipped judgement leads on, and so does a site code that stayed."""
    carried = {("RVL", "RVL01"): ("RAL", "RAL26")}
    assert links([("RVL", "RVL01")], [("RAL", "RAL26")], carried) == {("RVL", "RVL01"): ("RAL", "RAL26")}
    assert links([("RVL", "RVL02")], [("RAL", "RAL26")], carried) == {}
    assert links([("RQX", "RQX01")], [("R1H", "RQX01")], {}) == {("RQX", "RQX01"): ("R1H", "RQX01")}


def test_two_codes_never_lead_to_one_by_guess() -> None:
    """A return that still stands is itself; another that would lead to it beside is left out only if it is a guess."""
    later = [("RAL", "RAL26")]
    both = links([("RAL", "RAL26"), ("RVL", "RVL01")], later, {("RVL", "RVL01"): ("RAL", "RAL26")})
    assert both == {("RAL", "RAL26"): ("RAL", "RAL26")}


PAIRS = tuple(
    Pair(
        scored(before(f"R{n:02d}01", land_ha=float(n), unutilised_pct=float(n % 3)), score=float(n)),
        after(f"R{n:02d}01"),
        {"declared": n > 12 and n != 14, "shrunk": None, "land": n % 2 == 0},
    )
    for n in range(1, 21)
)


def test_the_comparison_keeps_outcomes_apart() -> None:
    """Each outcome has its own base rate and rankings; one that the later edition does not tell has no sites."""
    declared, shrunk, land = compare(PAIRS, method())
    assert (declared["sites"], declared["happened"], declared["base_rate"]) == (20, 7, 0.35)
    assert (shrunk["sites"], shrunk["base_rate"], shrunk["rankings"]) == (0, None, [])
    assert land["happened"] == 10
    rows = {row["ranking"]: row for row in declared["rankings"]}  # type: ignore[attr-defined,index]
    assert rows["release score"]["auc"] == rows["land"]["auc"] == pytest.approx(1 - 1 / (7 * 13), abs=0.001)
    assert rows["land"]["gain_by_trusts"] == [0.0, 0.0]
    assert rows["vacancy"]["gain_by_trusts"][0] < rows["vacancy"]["gain_by_trusts"][1]
    assert "running cost per m²" not in rows  # nobody states it: there is no such ranking


def test_the_comparison_repeats_to_the_last_figure() -> None:
    """The draws are seeded: the same files give the same intervals."""
    assert compare(PAIRS, method()) == compare(PAIRS, method())


def test_a_site_that_says_nothing_is_below_those_that_do() -> None:
    """A naive ranking gives silence the last place, so that silence does not pay there either."""
    silent = Pair(scored(before("R9901", unutilised_pct=None)), after("R9901"), dict.fromkeys(("declared",), False))
    numbers = rankings([*PAIRS, silent], method())["vacancy"]
    assert numbers[-1] < numbers[:-1].min()
    assert set(rankings(PAIRS, method())) <= {"release score", *NAIVE}


def test_the_cut_off_is_judged_against_the_base_rate() -> None:
    """Of the sites at or above it so many were declared; one with too little coverage is not above it."""
    cut = method().cut_offs
    rows = [
        Pair(scored(before(f"R{n}01"), score, coverage), after(), {"declared": hit})
        for n, (score, coverage, hit) in enumerate(
            [(cut.release, 1.0, True), (cut.release + 9, 1.0, False), (cut.release + 9, 0.1, True), (1.0, 1.0, False)]
        )
    ]
    found = judge_cut_off(rows, method())
    assert (found["sites_above"], found["declared_above"], found["declared_of_all"], found["declared_caught"]) == (
        2, 0.5, 0.5, 0.5,
    )  # fmt: skip


def test_what_was_not_foreseen_is_listed_lowest_first() -> None:
    """The declared sites with the lowest scores, and what their returns said."""
    found = not_foreseen(PAIRS, method(), most=2)
    assert [row["site_code"] for row in found] == ["R1301", "R1501"]
    assert found[0]["said"] == {"open_land": 12.9, "intensity": 4.27, "vacancy": 1.0, "unsuitable": None}


def test_the_fingerprint_is_of_all_that_unknown_measures_stand_at() -> None:
    """Other probabilities or editions of the peers' distributions of a release measure are another score; those of a
    reuse measure are not."""
    adopted = method()
    peers, shipped = adopted.peers, release_fingerprint(adopted)
    spread = replace(peers, probabilities=(0.0, 0.001, *peers.probabilities[2:]))
    assert release_fingerprint(replace(adopted, peers=spread)) != shipped
    for score, same in (("release", False), ("reuse", True)):
        rows = tuple(replace(row, edition="ERIC 2001-02") if row.criterion.startswith(score) else row
                     for row in peers.distributions)  # fmt: skip
        assert rows != peers.distributions
        aged = replace(adopted, peers=replace(peers, distributions=rows))
        assert (release_fingerprint(aged) == shipped) is same


def test_base_rates_are_by_kind_of_trust() -> None:
    """How often each kind of trust declares, where nothing is known of a kind said as nothing."""
    acute, other = base_rates(PAIRS)
    assert (acute["sites"], acute["share"], acute["auc_of_score"]) == (0, None, None)
    assert (other["sites"], other["declared"]) == (20, 7)
