import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from builders import FEW, HERE, OWNED, any_site, assessed, event, full, holding, method, site
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from estates_api.domain.assessment import assess
from estates_api.domain.claims import claims_by_day
from estates_api.domain.explanation import describe, find_limit, quantity, sentence, told
from estates_api.domain.measures import MEASURE_PLACES
from estates_api.domain.method import Method
from estates_api.domain.scoring import value_of
from estates_api.domain.sites import Interest, Site, Surroundings

AS_OF = date(2017, 6, 1)


def said(one: Site, as_of: date = AS_OF) -> str:
    """The sentence of one site."""
    return sentence(assessed(one, as_of), method())


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (9.43, "ha", "9.43 ha"),
        (20.0, "%", "20%"),
        (169.2, "£/m²", "£169/m²"),
        (12_825.4, "m²", "12,825 m²"),
        (99.96, "%", "100%"),
        (0.04, "ha", "0.04 ha"),
        (0.0000123, "ha", "0.0000123 ha"),
        (0.0, "%", "0%"),
        (4.0, "", "4"),
        (100_000_000.0, "£/m²", "£100,000,000/m²"),
    ],
)
def test_quantities_as_planners_write_them(number: float, unit: str, text: str) -> None:
    """Three figures below a hundred, whole numbers above, never an exponent, pounds before and units after."""
    assert quantity(number, unit) == text


RELEASE = full(land_owned_ha=13.0, idle_land_ha=1.3)
NEAR = Surroundings(ptal="5", need_decile=2.0, services_400m=4)
NOWHERE = Surroundings(ptal="0", need_decile=10.0, services_400m=0)


def test_a_release_site_says_why() -> None:
    """The three largest reasons, the one limit, what is not known, and nothing else."""
    assert said(site(RELEASE, surroundings=NOWHERE)) == (
        "Listed for release because land not under buildings is 12 ha, floor area on its land is 42.7% of the usual "
        "and high and significant risk backlog is £60/m²; apart from its land, no single measure would take it off "
        "the list."
    )


def test_a_part_release_site_names_both() -> None:
    """Part release gives the reasons of both scores, and says that reuse would stay."""
    words = said(site(full(land_owned_ha=5.0, idle_land_ha=0.5), surroundings=NEAR))
    assert words.startswith("Listed for part release with reuse because land not under buildings is 4 ha")
    assert "spare floor area is 1,500 m²" in words
    assert re.search(r"would drop off if .* fell below .* \(and stay for reuse\)", words)
    assert "not known: partners of both sectors on or next to the site" in words


def test_a_reuse_site_speaks_of_reuse() -> None:
    """Reuse gives reuse's reasons; a release score that a gate holds back is told, with the gate."""
    words = said(site(full(land_owned_ha=13.0, idle_land_ha=1.3, private_finance="PFI"), surroundings=NEAR))
    assert words.startswith("Listed for reuse because a public body has the freehold, spare floor area is 1,500 m²")
    assert "release score 72, but PFI term running" in words
    plain = said(site(full(land_owned_ha=0.2, idle_land_ha=0.0, empty_pct=15.0)))
    assert plain.startswith("Listed for reuse because")
    assert "release score" not in plain


def test_access_and_partners_are_told_in_words() -> None:
    """A transport level is told as a level, both sectors as a fact; neither is a number to move."""
    council = Interest("E09000003", "Barnet", "council", "freeholder", "stated")
    near = replace(HERE, ptal="6b")
    ready = full(land_owned_ha=0.2, idle_land_ha=0.0, empty_pct=4.0, unsuitable_pct=5.0)
    words = said(site(ready, interests=(*OWNED, council), surroundings=near))
    assert "NHS and council are both on the site" in words
    assert "public transport accessibility is level 6b" in words


def test_need_and_services_are_told_with_their_sense() -> None:
    """A decile says which end is deprived; services are counted."""
    parts = {p.criterion.name: told(p) for p in assessed(site(RELEASE, surroundings=NEAR)).reuse.contributions}
    assert parts["need"] == "deprivation decile nearby is 2 (1 is most deprived)"
    assert parts["colocation"] == "4 other services are within 400 m"


def test_a_freehold_is_told_as_one() -> None:
    """Tenure is told as a freehold, or as the years of lease that are left; a freehold is no number to move."""
    owned, leased = site(full()), site(full(lease_end="2030"), interests=(), as_of=date(2020, 1, 1))
    parts = [{p.criterion.name: told(p) for p in assessed(one).reuse.contributions} for one in (owned, leased)]
    assert [one["security"] for one in parts] == ["a public body has the freehold", "10 years of lease are left"]
    implied = (replace(OWNED[0], evidence="implied (a page)"),)
    parts = assessed(site(full(), interests=implied)).reuse.contributions
    assert "the freehold is taken to be public" in [told(part) for part in parts]
    near = site(full(empty_pct=0.0, underused_pct=0.0, unsuitable_pct=0.0), surroundings=NEAR)
    limit = find_limit(assessed(near), method())
    assert limit is None or limit.criterion.name != "security"


@FEW
@given(any_site())
def test_an_explanation_leaves_nothing_out(one: Site) -> None:
    """Every criterion with its measure, value, points, weight, sources and citation, adding up to 1e-9; what is not
    known says how much it could be; gates and checks say why, and cite."""
    result = describe(assessed(one), method(), AS_OF)
    for name in ("release", "reuse"):
        parts = result[name]["contributions"]
        assert [part["criterion"] for part in parts] == [criterion.id for criterion in method().of(name)]
        assert abs(sum(part["points"] for part in parts) - result[name]["score"]) < 1e-9
        weight = sum(part["weight"] for part in parts)
        assert abs(weight - 1) < 1e-9 or weight == 0
        for part in parts:
            assert abs(100 * part["weight"] * part["value"] - part["points"]) < 1e-9
            assert (part["measure"] is None) == (part["state"] != "known")
            xs, ys = zip(*part["scale"], strict=True)
            log = part["criterion"] == "release.open_land"
            if part["state"] == "known":
                found = value_of(np.array([part["measure"]]), list(zip(xs, ys, strict=True)), log=log)[0]
                assert part["value"] == pytest.approx(found, abs=1e-9)
            assert (part["could_be"] is None) == (part["state"] != "unknown")
            assert part["note"] if part["state"] != "known" else part["sources"] or part["note"]
            assert part["why"]
            assert part["citation"]
            assert all({"edition", "row", "attribute", "value"} <= set(source) for source in part["sources"])
        unknown = sum(part["could_be"][1] for part in parts if part["could_be"])
        assert result[name]["high"] - result[name]["low"] == pytest.approx(unknown, abs=1e-4)
    assert all(gate["reason"] and gate["citation"] for gate in result["gates"])
    assert [check["id"] for check in result["checks"]] == list(method().checks)
    assert all(check["reason"] and check["citation"] for check in result["checks"])
    assert result["sentence"].endswith(".")


def test_a_retained_site_says_what_is_missing() -> None:
    """Below the cut-off: how much; above it: the gate; nearly there: not `0 below`."""
    low = full(land_owned_ha=0.2, idle_land_ha=0.0, empty_pct=2.0, underused_pct=0.0)
    assert said(site(low, surroundings=NOWHERE)).startswith("Not listed: the release score 15 is 32 below its cut-off")
    gated = said(site(RELEASE, surroundings=NOWHERE, interests=()))
    assert gated.startswith("Not listed although the release score is 72: no public owner is known")
    result = assessed(site(low, surroundings=NOWHERE))
    near = replace(result, release=replace(result.release, expected=46.97))
    assert sentence(near, method()).startswith("Not listed: the release score 46.97 is 0.03 below its cut-off")


def test_too_little_data_says_how_little() -> None:
    """Not enough data gives both coverages, rounded down, the weightiest unknown measures and how many more."""
    words = said(site(holding(gia_m2=1.0), interests=(), surroundings=Surroundings()))
    assert words.startswith("Not enough data: 0% of the release score and 0% of the reuse score rest on evidence, 50%")
    assert "land not under buildings" in words
    assert words.count(",") < 8
    assert "more measures" in words
    result = assessed(site(holding(gia_m2=1.0), interests=()))
    near = replace(result, release=replace(result.release, coverage=0.4999))
    assert "49% of the release score" in sentence(near, method())


def test_a_sold_site_says_who_and_when() -> None:
    """A released site names the sale and gives no conditions."""
    words = said(site(RELEASE, events=(event("sold", area_ha=1.01),)), date(2018, 12, 1))
    assert words == "No longer public land: A Trust, sold 1.01 ha, 2018-03."


def test_old_evidence_is_told() -> None:
    """Evidence older than the method allows is told with its month; none at all is told too."""
    assert said(site(RELEASE), date(2026, 11, 22)).endswith("; the evidence is old (March 2017).")
    assert said(site()).endswith("; no dated evidence.")


def test_a_site_listed_by_many_small_things() -> None:
    """Where nothing earns a point alone the sentence still is one, and where no one measure decides it says so."""
    result = assessed(site(RELEASE, surroundings=NOWHERE))
    parts = tuple(replace(part, points=0.5) for part in result.release.contributions)
    small = replace(result, release=replace(result.release, expected=60.0, contributions=parts))
    words = sentence(small, method())
    assert "because of its parts together" in words
    assert "no single measure would take it off the list" in words


def _set(**changes: Callable[[float, Site], float]) -> Callable[[Site, float], Site]:
    def moved(one: Site, number: float) -> Site:
        first = one.holdings[0]
        moves = {name: replace(first.claims[name], number=to(number, one)) for name, to in changes.items()}
        claims = {**first.claims, **moves}
        # The return too: quotients are taken within one.
        return replace(one, holdings=(replace(first, claims=claims, returns=claims_by_day(claims.values())),))

    return moved


def _number(one: Site, name: str) -> float:
    return one.holdings[0].number(name) or 0.0


def _around(name: str) -> Callable[[Site, float], Site]:
    return lambda one, number: replace(one, surroundings=replace(one.surroundings, **{name: number}))


def _floor(one: Site) -> float:
    return _number(one, "clinical_m2") + _number(one, "non_clinical_m2")


LEVERS: dict[str, Callable[[Site, float], Site]] = {
    "vacancy": _set(empty_pct=lambda x, _: x),
    "idle_land": _set(idle_land_ha=lambda x, s: x / 100 * _number(s, "land_owned_ha")),
    "non_clinical": _set(
        non_clinical_m2=lambda x, s: x / 100 * _floor(s), clinical_m2=lambda x, s: (1 - x / 100) * _floor(s)
    ),
    "open_land": _set(  # the idle share stays as it is: one measure moves
        land_owned_ha=lambda x, s: x + _number(s, "gia_m2") / 10_000,
        idle_land_ha=lambda x, s: (
            (x + _number(s, "gia_m2") / 10_000) * (_number(s, "idle_land_ha") / _number(s, "land_owned_ha"))
        ),
    ),
    "backlog": _set(backlog_high_gbp=lambda x, s: x * _number(s, "gia_m2")),
    "running_cost": _set(maintenance_cost_gbp=lambda x, s: x * _number(s, "gia_m2")),
    "unsuitable": _set(unsuitable_pct=lambda x, _: x),
    "spare": _set(empty_pct=lambda x, s: 100 * x / _number(s, "gia_m2")),
    "condition": _set(unsuitable_pct=lambda x, _: 100 - x),
    "need": _around("need_decile"),
    "colocation": _around("services_400m"),
}
"""How each measure is moved alone (with the same facts in the other score, where both rest on them)."""

OFF = {"underused_pct": None, "backlog_significant_gbp": 0.0, "other_hard_fm_cost_gbp": 0.0, "energy_cost_gbp": 0.0,
       "cleaning_cost_gbp": 0.0}  # fmt: skip


@st.composite
def _movable(draw: st.DrawFn) -> Site:
    """A site that says everything in one figure each, so that every measure can be moved."""
    gia, land = draw(st.floats(500, 50_000)), draw(st.floats(0.2, 40))
    backlog = draw(st.sampled_from([True, False]))
    values = {
        "gia_m2": gia, "land_owned_ha": land, "idle_land_ha": land * draw(st.floats(0.01, 0.6)),
        "empty_pct": draw(st.floats(1, 60)), "unsuitable_pct": draw(st.floats(1, 80)),
        "non_clinical_m2": gia * draw(st.floats(0.1, 0.7)) / 2, "clinical_m2": gia / 2,
        "backlog_high_gbp": gia * draw(st.floats(0.1, 150)) if backlog else "not applicable",
        "maintenance_cost_gbp": gia * draw(st.floats(100, 400)),
    }  # fmt: skip
    if not backlog:
        values["backlog_significant_gbp"] = "not applicable"
    around = Surroundings("4", draw(st.floats(1, 10)), draw(st.integers(0, 8)))
    gates = draw(st.sampled_from([OWNED, OWNED, ()]))
    return site(full(**{**OFF, **values}), surroundings=around, interests=gates)


LEAST_STEP = 10.0**-MEASURE_PLACES
"""Measures are rounded: there is none between two steps."""

CLOSE = (0.0, 1e-12, 1e-10, 9e-10, 2e-9, 1e-8, 1e-6, 1e-4)
"""How close to its cut-off a score would be without a measure: within and just outside of what rounding forgives."""


LISTED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
"""For laws of listed sites with a limit: one in six of those drawn."""


def _check_limit(one: Site, by: Method) -> None:
    """What is said of dropping off is true of this site, to the least step of a measure; others are passed over."""
    result = assessed(one, AS_OF, by)
    limit = find_limit(result, by) if result.route in {"release", "reuse", "part release with reuse"} else None
    assume(limit is not None)
    assert limit is not None
    assume(limit.criterion.name != "condition" or one.holdings[0].claims["backlog_high_gbp"].number is None)
    step = LEAST_STEP if limit.falls else -LEAST_STEP

    def route(measure: float) -> str:
        return assessed(LEVERS[limit.criterion.name](one, measure), AS_OF, by).route

    assert route(limit.measure) == result.route
    after = route(limit.measure - step)
    assert after != result.route
    assert after == "reuse" if result.route == "part release with reuse" else after == "retain"
    words = re.search(r"would drop off if .* (?:fell below|rose above) £?([\d.,]+)", sentence(result, by))
    assert words
    assert route(float(words[1].strip(".,").replace(",", "")) - step) == after


@LISTED
@given(_movable())
def test_would_drop_off_is_true(one: Site) -> None:
    """Just past the limit, and past the figure in the sentence, the route changes; at the limit it does not.

    What is said of it holds too: part release becomes reuse, and every other site is on no list at all.
    """
    _check_limit(one, method())


@LISTED
@given(_movable(), st.integers(0, 3), st.sampled_from(CLOSE), st.sampled_from([1, -1]))
def test_would_drop_off_is_true_close_to_the_cut_off(one: Site, nth: int, close: float, sign: int) -> None:
    """Where a site without a measure would be all but at its cut-off, a limit is told only if beyond it is below."""
    result = assessed(one, AS_OF)
    name = "reuse" if result.route == "reuse" else "release"
    score = result.reuse if name == "reuse" else result.release
    largest = sorted(part.points for part in score.contributions)[::-1]
    cut_offs = replace(method().cut_offs, **{name: score.expected - largest[nth] + sign * close})
    _check_limit(one, replace(method(), cut_offs=cut_offs))


def test_the_limit_at_the_very_cut_off() -> None:
    """A site exactly at the cut-off falls off by the least loss: `fell below` what it has, never `rose above`."""
    result = assessed(site(RELEASE, surroundings=NOWHERE))
    by = replace(method(), cut_offs=replace(method().cut_offs, release=result.release.expected))
    assert "would drop off if high and significant risk backlog fell below £60/m²" in sentence(result, by)


def test_land_is_no_limit_by_itself() -> None:
    """Less land is less open land and more floor area for it: no limit is told of either, and the sentence says so."""
    result = assessed(site(RELEASE, surroundings=NOWHERE))
    assert find_limit(result, method()) is None
    assert "apart from its land, no single measure would take it off the list" in sentence(result, method())
    council = site(full(land_owned_ha=13.0), surroundings=NOWHERE)
    theirs = replace(council, holdings=tuple(replace(one, sector="council") for one in council.holdings))
    limit = find_limit(assessed(theirs), method())
    assert limit is not None
    assert limit.criterion.name == "open_land"


@FEW
@given(any_site(), st.dates(date(2014, 1, 1), date(2026, 1, 1)))
def test_every_site_has_one_sentence(one: Site, as_of: date) -> None:
    """Whatever a site says, in every route there is one sentence that ends, without holes or numbers gone wrong."""
    words = said(one, as_of)
    assert words.endswith(".")
    assert not re.search(r"None|nan|inf\b|because ;|: ;|  |e[+-]\d", words)


@FEW
@given(any_site())
def test_the_explanation_is_complete_and_repeatable(one: Site) -> None:
    """The explanation is JSON, adds up to 1e-9, keeps low <= score <= high as printed, and is the same every time."""
    result = assess([one], method(), AS_OF)[0]
    found = describe(result, method(), AS_OF)
    text = json.dumps(found, allow_nan=False)
    assert text == json.dumps(describe(result, method(), AS_OF), allow_nan=False)
    for name in ("release", "reuse"):
        score = json.loads(text)[name]
        assert sum(part["points"] for part in score["contributions"]) == pytest.approx(score["score"], abs=1e-9)
        assert score["low"] <= score["score"] <= score["high"]
        assert len(score["contributions"]) == len(method().of(name))


def test_the_explanation_names_its_sources() -> None:
    """Every known number comes with its claims, an unknown one with what it could be, a gate with its meaning."""
    one = site(full(empty_pct=None, underused_pct=None), interests=(), events=(event("part sold", area_ha=1.0),))
    found = describe(assessed(one), method(), AS_OF)
    vacancy, idle = found["release"]["contributions"][:2]
    assert (vacancy["state"], vacancy["could_be"]) == ("unknown", [0.0, round(100 / 12, 6)])
    assert idle["could_be"] is None
    assert idle["sources"][0] == {
        "edition": "ERIC 2016-17", "row": 7, "attribute": "idle_land_ha", "as_of": "2017-03-31",
        "value": 0.4,
    }  # fmt: skip
    assert found["gates"][0]["what"] == "no public owner able to dispose is known"
    assert found["events"][0]["told"] == "part sold 1 ha, 2018-03"
    assert (found["gia_m2"], found["land_ha"]) == (10_000, 3.0)
    empty = describe(assessed(site()), method(), AS_OF)
    assert (empty["gia_m2"], empty["land_ha"], empty["evidence_date"]) == (None, None, None)


def test_what_followed_old_evidence_is_told_of_a_listed_site() -> None:
    """Old evidence is told with its span, and with what is known to have happened since."""
    opened = event("new facility opened", date(2018, 1, 1))
    words = said(site(RELEASE, events=(opened,)), date(2026, 11, 22))
    assert words.endswith("the evidence is old (March 2017), and since then: new facility opened, 2018-01.")


def test_what_happened_before_the_newest_evidence_is_not_told_as_since() -> None:
    """Evidence of two days: only what surely happened after the newer one is told as since then; a year that it
    stands in is not surely after it."""
    older = holding("RYX98", edition="ERIC 2014-15", gia_m2=500.0)
    year = replace(event("retained"), date_text="2017", earliest=date(2017, 1, 1), latest=date(2017, 12, 31))
    happened = (event("marketed", date(2016, 6, 1)), year, event("new facility opened", date(2018, 5, 1)))
    words = said(site(RELEASE, older, events=happened), date(2026, 11, 22))
    assert words.endswith("(March 2015 to March 2017), and since then: new facility opened, 2018-05.")
