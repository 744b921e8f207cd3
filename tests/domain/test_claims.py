from dataclasses import replace
from datetime import date
from itertools import permutations

from builders import FEW, claim
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.claims import (
    CORRECTION,
    ORDER,
    Claim,
    can_win,
    choose_claim,
    claims_by_day,
    rank,
    why_not,
    winning_claims,
)

_CLAIMS = st.builds(
    Claim,
    id=st.integers(1, 10**6),
    attribute=st.just("gia_m2"),
    as_of=st.dates(date(2010, 1, 1), date(2026, 1, 1)),
    edition=st.just("an edition"),
    line=st.just(1),
    authority=st.sampled_from([10, 20, 30]),
    state=st.sampled_from(["reported", "not applicable", "not provided"]),
    number=st.floats(0, 1e6),
    implausible=st.sampled_from([None, "mistyped?"]),
    redacted=st.sampled_from([None, None, None, "it names a patient"]),
)


@FEW
@given(st.lists(_CLAIMS, unique_by=lambda c: c.id))
def test_the_declared_order(claims: list[Claim]) -> None:
    """A blank, an implausible or a redacted value never wins; then authority, then the newer day, then the edition."""
    winner = choose_claim(claims)
    allowed = [c for c in claims if c.state != "not provided" and not c.implausible and not c.redacted]
    assert (winner is None) == (not allowed)
    if winner:
        assert winner in allowed
        for other in allowed:
            assert winner.authority >= other.authority
            if winner.authority == other.authority:
                assert (winner.as_of, winner.id) >= (other.as_of, other.id)


@FEW
@given(st.lists(_CLAIMS, unique_by=lambda c: c.id, max_size=4))
def test_the_order_of_the_rows_does_not_matter(claims: list[Claim]) -> None:
    """The same claims have the same winner, however they are listed."""
    assert len({choose_claim(order) for order in permutations(claims)}) <= 1


@FEW
@given(st.lists(_CLAIMS, unique_by=lambda c: c.id, min_size=2, max_size=6))
def test_the_order_is_total(claims: list[Claim]) -> None:
    """Any two claims that can win are told apart by the declared steps, and the winner of some is the winner of the
    winners: the order of claims in files and the order in which they are compared decide nothing."""
    assert len({rank(claim) for claim in claims}) == len(claims)
    for one in claims:
        assert can_win(one) == all(step.key(one) for step in ORDER[:3])
    half = len(claims) // 2
    winners = [w for part in (claims[:half], claims[half:]) if (w := choose_claim(part))]
    assert choose_claim(winners) == choose_claim(claims)


@FEW
@given(st.lists(_CLAIMS, unique_by=lambda c: c.id, max_size=6))
def test_every_loser_is_told_why(claims: list[Claim]) -> None:
    """The winner has no reason against it; every other claim has one, and it is that of the first step that differs."""
    winner = choose_claim(claims)
    for one in claims:
        reason = why_not(one, winner)
        assert (reason is None) == (one == winner)
        if reason is None or not can_win(one):
            continue
        assert winner is not None
        step = next(step for step in ORDER if step.key(one) != step.key(winner))
        assert reason == step.why(one, winner)


def test_the_words_for_a_loser() -> None:
    """A reader learns what beats a claim, by edition and row, or why it is out of the running."""
    newer = claim("gia_m2", 5.0, line=231, id=2)
    told = {
        "older: ERIC 2016-17 row 231 speaks of a later day": claim("gia_m2", 4.0, "ERIC 2014-15"),
        "a list gives way to an official return: ERIC 2016-17 row 231": claim("gia_m2", 4.0, authority=10),
        "implausible: 103 ha": claim("gia_m2", 4.0, implausible="103 ha"),
        "not provided": claim("gia_m2", None),
        "redacted: it names a patient": claim("gia_m2", 4.0, redacted="it names a patient"),
        "the same day: ERIC 2016-17 row 231 was handed in later": claim("gia_m2", 4.0, id=1),
    }
    for words, loser in told.items():
        assert why_not(loser, newer) == words
    correction = claim("gia_m2", 1.0, "correction 2026", authority=CORRECTION, line=2, id=9)
    assert why_not(newer, correction) == "corrected by a person: correction 2026 row 2"


@FEW
@given(st.lists(_CLAIMS, unique_by=lambda c: c.id, max_size=6))
def test_the_winner_of_each_attribute(claims: list[Claim]) -> None:
    """Among claims on several attributes each has the winner that it has alone."""
    mixed = [replace(one, attribute=("gia_m2", "land_ha")[one.id % 2]) for one in claims]
    apart = {name: choose_claim(c for c in mixed if c.attribute == name) for name in ("gia_m2", "land_ha")}
    assert winning_claims(mixed) == {name: winner for name, winner in apart.items() if winner}


def test_a_correction_beats_a_newer_return() -> None:
    """What a person corrected stays, even when a newer return repeats the mistake."""
    correction = claim("gia_m2", 500.0, "ERIC 2014-15", authority=30)
    assert choose_claim([claim("gia_m2", 5.0), correction]) is correction


def test_aberdeen_park_falls_back_to_the_year_before() -> None:
    """19 Aberdeen Park's 103 ha (TAF10, 2016-17) is implausible: the 0.04 ha of the year before stays."""
    claims = [
        claim("land_owned_ha", 103.0, implausible="mistyped?"),
        claim("land_ha", 0.04, "ERIC 2014-15"),
        claim("gia_m2", 399.0),
        claim("energy_cost_gbp", None),
    ]
    winners = winning_claims(claims)
    assert {name: c.number for name, c in winners.items()} == {"land_ha": 0.04, "gia_m2": 399.0}


def test_what_was_said_of_each_day() -> None:
    """The returns of a holding, newest first, each with its own winners: nothing of one year stands in another."""
    older = claim("gia_m2", 1.0, "ERIC 2014-15")
    wrong = claim("land_owned_ha", 103.0, implausible="mistyped?")
    days = claims_by_day([older, claim("gia_m2", 2.0), claim("gia_m2", 3.0, id=2), wrong])
    assert [(day.year, {n: c.number for n, c in stated.items()}) for day, stated in days] == [
        (2017, {"gia_m2": 3.0}),
        (2015, {"gia_m2": 1.0}),
    ]


def test_a_correction_stands_in_every_return() -> None:
    """A person who corrects one figure corrects the return it is in; the other figures stay as returned."""
    corrected = claim("backlog_high_gbp", 7.0, "correction 2026", as_of=date(2026, 1, 1), authority=CORRECTION, id=9)
    days = dict(claims_by_day([claim("backlog_high_gbp", 5.0), claim("gia_m2", 10.0), corrected]))
    assert {name: c.number for name, c in days[date(2017, 3, 31)].items()} == {"backlog_high_gbp": 7.0, "gia_m2": 10.0}


def test_not_applicable_is_an_answer() -> None:
    """A newer `not applicable` replaces an older figure: the owner says that the question no longer fits."""
    winner = choose_claim([claim("backlog_high_gbp", 5.0, "ERIC 2014-15"), claim("backlog_high_gbp", "not applicable")])
    assert winner is not None
    assert winner.state == "not applicable"
