"""The letter: what it asks for first, between which bounds it says that a score would move, and what it never asks."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from builders import FEW, OWNED, any_site, assessed, event, full, method, site
from hypothesis import given

from estates_api.domain.explanation import describe
from estates_api.domain.letter import ASKS, Cell, Doubt, Figure, find_owners, rank_figures
from estates_api.domain.measures import MEASURES
from estates_api.domain.sites import Site

AS_OF = date(2017, 6, 1)


def explained(one: Site) -> dict[str, Any]:
    """A site as the stored assessment explains it."""
    return describe(assessed(one, AS_OF), method(), AS_OF)


def cell(attribute: str, number: float | None = None, raw: str = "", **parts: Any) -> Cell:
    """What the newest return of the holding of `site()` has for an attribute."""
    base = {"site_ref": "NCL-A", "holding_code": "RYX99", "holding_name": "A HOSPITAL", "state": "reported",
            "implausible": None, "edition": "ERIC 2016-17", "file": "eric.csv", "line": 7,
            "column": attribute}  # fmt: skip
    return Cell(**{**base, "attribute": attribute, "number": number, "raw": raw or str(number or ""), **parts})


def figures(one: Site, *cells: Cell, doubts: tuple[Doubt, ...] = ()) -> list[Figure]:
    """What a letter asks of one site."""
    return rank_figures([explained(one)], cells, doubts, method())


def test_every_criterion_of_release_is_asked_for() -> None:
    """What can be measured for release can be asked for, and nothing else is."""
    assert set(ASKS) == {criterion.id for criterion in method().of("release")} <= set(MEASURES)


def test_a_site_that_says_everything_is_asked_nothing() -> None:
    """Nothing is invented: where all is known and nothing is doubtful, no figure is asked for."""
    assert figures(site(full()), cell("empty_pct", 10.0), cell("gia_m2", 10_000.0)) == []


def test_a_blank_is_asked_for_where_it_stands() -> None:
    """The blank cells of a figure are named, those that have a number are not; the bounds are those of the score."""
    one = site(full(backlog_high_gbp=None))
    cells = (cell("backlog_high_gbp", raw="Not Applicable"), cell("backlog_significant_gbp", 3.0), cell("gia_m2", 9.0))
    (figure,) = figures(one, *cells)
    assert (figure.criterion, figure.kind) == ("release.backlog", "not known")
    assert [(c.attribute, c.now) for c in figure.cells] == [("backlog_high_gbp", "“Not Applicable”")]
    assert cell("empty_pct").now == "blank"
    worst, best = (assessed(site(full(backlog_high_gbp=gbp)), AS_OF) for gbp in (0.0, 1e9))
    part = next(part for part in worst.release.contributions if part.criterion.id == "release.backlog")
    assert figure.low == pytest.approx(worst.release.expected - part.points)
    assert figure.high == pytest.approx(best.release.expected)
    assert f"between {figure.low:.0f} and {figure.high:.0f}; the list begins at 47" in figure.why


@FEW
@given(any_site())
def test_the_bounds_hold_the_score(one: Site) -> None:
    """Whatever a site says: a figure that is not known lies within the site's own interval and around its score."""
    told = explained(one)
    for figure in rank_figures([told], (), (), method()):
        assert figure.low <= told["release"]["score"] + 1e-9
        assert figure.high >= told["release"]["score"] - 1e-9
        assert 0 <= figure.low <= figure.high <= 100
        assert figure.why.endswith(".")


def test_what_decides_comes_first() -> None:
    """A narrower figure that decides whether a site is listed comes before a wider one that cannot."""
    near = site(full(unsuitable_pct=None), ref="NCL-NEAR", name="Near")
    score = explained(near)["release"]["score"]
    by = replace(method(), cut_offs=replace(method().cut_offs, release=score + 1))
    nothing = dict.fromkeys(
        ("empty_pct", "underused_pct", "non_clinical_m2", "unsuitable_pct", "backlog_high_gbp", "maintenance_cost_gbp",
         "backlog_significant_gbp", "other_hard_fm_cost_gbp", "energy_cost_gbp", "cleaning_cost_gbp"), 0.0
    )  # fmt: skip
    far = site(full(**nothing, land_owned_ha=None, idle_land_ha=None), ref="NCL-FAR")
    told = [describe(assessed(one, AS_OF, by), by, AS_OF) for one in (far, near)]
    ranked = rank_figures(told, (), (), by)
    assert (ranked[0].site_ref, ranked[0].decides) == ("NCL-NEAR", True)
    assert ranked[0].high - ranked[0].low < ranked[1].high - ranked[1].low
    assert not any(figure.decides for figure in ranked[1:])


def test_a_site_kept_by_its_owner_comes_last() -> None:
    """Behind a closed gate no figure decides, and the letter says which gate; where only the owner is not known, the
    figure would decide once that is stated."""
    score = explained(site(full(unsuitable_pct=None)))["release"]["score"]
    by = replace(method(), cut_offs=replace(method().cut_offs, release=score + 1))
    kept = site(full(unsuitable_pct=None), ref="NCL-K", events=(event("retained"),))
    unowned = site(full(unsuitable_pct=None), ref="NCL-U", interests=())
    told = [describe(assessed(one, date(2019, 1, 1), by), by, AS_OF) for one in (kept, unowned)]
    first, second = rank_figures(told, (), (), by)
    assert [(first.site_ref, first.rank), (second.site_ref, second.rank)] == [("NCL-U", 1), ("NCL-K", 3)]
    assert "Whatever the score, it is not listed for release now: no public owner is known" in first.why


def test_coverage_is_told_where_it_lacks() -> None:
    """A site without enough evidence is told how much there is, how much this figure adds and how much is needed."""
    blank = ("empty_pct", "underused_pct", "idle_land_ha", "clinical_m2", "land_owned_ha", "unsuitable_pct")
    told = explained(site(full(**dict.fromkeys(blank))))
    ranked = rank_figures([told], (), (), method())
    assert "and 50% is needed" in ranked[0].why
    assert any("other figures are needed too" in figure.why for figure in ranked)


def test_what_cannot_be_is_asked_again() -> None:
    """103 ha beside 399 m² did not win; the letter asks for it, with what stands there and why it cannot be."""
    wrong = cell("land_owned_ha", 103.0, implausible="103 ha of land for 399 m²")
    (figure,) = figures(site(full()), wrong)
    assert figure.kind == "implausible"
    assert figure.criterion in {"release.open_land", "release.intensity"}
    assert figure.cells[0].now == "103 ha, which cannot be (103 ha of land for 399 m²)"
    assert figure.why.startswith("Put right, it would move A Site’s release score")


def test_one_number_typed_twice_may_be_twice_as_much() -> None:
    """Empty and under-used both 5%: if both are right, 10% are unused, and no more than that is claimed."""
    one = site(full(empty_pct=5.0, underused_pct=5.0))
    cells = (cell("empty_pct", 5.0), cell("underused_pct", 5.0))
    (figure,) = figures(one, *cells, doubts=(Doubt("vacancy-typed-twice", "ERIC 2016-17", 7),))
    other = assessed(site(full(empty_pct=10.0, underused_pct=0.0)), AS_OF).release.expected
    assert (figure.low, figure.high) == (pytest.approx(figure.score), pytest.approx(other))
    assert figure.kind == "doubtful"
    assert figure.places[0].columns == (("empty_pct; underused_pct", "5%"),)


def test_parts_that_miss_the_whole() -> None:
    """Clinical and non-clinical space beside another occupied area: by either part the share may be another."""
    one = site(full(occupied_m2=10_000.0))
    cells = (cell("occupied_m2", 10_000.0), cell("clinical_m2", 5_000.0), cell("non_clinical_m2", 4_000.0))
    (figure,) = figures(one, *cells, doubts=(Doubt("occupied-parts", "ERIC 2016-17", 7),))
    high = assessed(site(full(clinical_m2=5_000.0, non_clinical_m2=5_000.0)), AS_OF).release.expected
    low = assessed(site(full(clinical_m2=6_000.0, non_clinical_m2=4_000.0)), AS_OF).release.expected
    assert (figure.low, figure.high) == (pytest.approx(low), pytest.approx(high))


def test_a_size_that_changed_may_be_the_former() -> None:
    """Half the floor area of the year before: if the former were right, costs per square metre would be half. The cell
    is asked for once, though two measures rest on it."""
    changed = cell("gia_m2", 10_000.0, former=(20_000.0, "ERIC 2014-15"))
    (figure,) = figures(site(full()), changed)
    assert figure.criterion in {"release.running_cost", "release.backlog"}
    assert figure.cells[0].now == "10,000 m²; 20,000 m² in ERIC 2014-15"
    assert (figure.high, figure.why[:14]) == (pytest.approx(figure.score), "If it is wrong")
    land = cell("land_owned_ha", 4.0, former=(9.0, "ERIC 2014-15"))
    (figure,) = figures(site(full()), land)
    assert figure.criterion in {"release.open_land", "release.intensity"}
    assert figure.high > figure.low == pytest.approx(figure.score)


def test_backlog_in_thousands_may_be_all_there_is() -> None:
    """A backlog a thousandth of what it was: a thousand times as much may be right."""
    one = site(full(backlog_high_gbp=200.0, backlog_significant_gbp=0.0))
    cells = (cell("backlog_high_gbp", 200.0),)
    (figure,) = figures(one, *cells, doubts=(Doubt("backlog-in-thousands", "ERIC 2016-17", 7),))
    assert figure.criterion == "release.backlog"
    assert figure.high > figure.score


def test_a_doubt_in_another_row_is_not_this_sites() -> None:
    """A finding against another row, or one without another figure, asks for nothing."""
    cells = (cell("empty_pct", 5.0),)
    assert figures(site(full()), *cells, doubts=(Doubt("vacancy-typed-twice", "ERIC 2016-17", 8),)) == []
    assert figures(site(full()), *cells, doubts=(Doubt("tenancy-share", "ERIC 2016-17", 7),)) == []


def test_where_no_column_asks() -> None:
    """A figure that the newest return has no column for says which return that is; one that has a number says why it
    still is not known."""
    one = site(full(idle_land_ha=None))
    (figure,) = figures(one, cell("gia_m2", 10_000.0, edition="ERIC 2014-15", line=3))
    assert (figure.cells, figure.newest) == ((), "ERIC 2014-15, file eric.csv, row 3")
    assert figure.note.startswith("no return says how much land")
    (figure,) = figures(one, cell("land_owned_ha", 4.0))
    assert figure.remark == figure.note
    assert figures(one)[0].newest == ""


def test_what_is_sold_is_past_mending() -> None:
    """A site that left public ownership is asked for nothing, and nobody is asked who owns it."""
    sold = site(full(empty_pct=None), events=(event("sold", date(2017, 1, 1)),), interests=())
    assert figures(sold) == []
    assert find_owners([explained(sold)], method()) == []


def test_who_owns_it() -> None:
    """A site whose score may reach the list and that nobody is known to own is asked about; one that cannot is not."""
    listed, low = site(full(), interests=()), site(full(empty_pct=0.0, idle_land_ha=0.0, land_owned_ha=0.2,
                   unsuitable_pct=0.0, underused_pct=0.0, backlog_high_gbp=0.0, backlog_significant_gbp=0.0),
                   interests=())  # fmt: skip
    by = replace(method(), cut_offs=replace(method().cut_offs, release=30.0))
    (owner,) = find_owners([explained(one) for one in (listed, low, site(full(), interests=OWNED))], by)
    assert (owner.site_ref, owner.reason) == ("NCL-A", "no public owner is known: somebody must state who owns it")


def test_money_is_written_as_money() -> None:
    """Pounds before the number, thousands apart, no digits lost."""
    assert cell("backlog_high_gbp", 1_804_802.0).now == "£1,804,802"
    assert cell("land_owned_ha", 0.57).now == "0.57 ha"
