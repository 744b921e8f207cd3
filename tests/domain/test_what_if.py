from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from builders import FEW, any_site, full, method, site
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.assessment import assess
from estates_api.domain.compact import pack, unpack
from estates_api.domain.outcome import Case, Outcome, decide
from estates_api.domain.sites import Site
from estates_api.domain.what_if import FIELDS, compare, parse_what_if
from estates_api.errors import BadInput

DAY = date(2017, 6, 1)


def _known(sites: list[Site]) -> tuple[Case, Outcome]:
    packed = [pack(result) for result in assess(sites, method(), DAY)]
    case = unpack([one.ref for one in sites], packed, method())
    return case, decide(case, method(), tuple(method().gates))


def _ask(sites: list[Site], asked: dict[str, Any]) -> dict[str, dict[str, Any]]:
    case, before = _known(sites)
    _, rows = compare(case, [one.name for one in sites], before, parse_what_if(asked, method()))
    return {row["site"]: row for row in rows}


def _sites() -> list[Site]:
    return [site(full(f"RYX{10 + n}", land_owned_ha=float(n), empty_pct=float(40 - 5 * n)), ref=f"NCL-{n}")
            for n in range(1, 8)]  # fmt: skip


@FEW
@given(st.lists(any_site(), max_size=6, unique_by=lambda one: one.ref))
def test_nothing_changed_changes_nothing(sites: list[Site]) -> None:
    """An empty question, or one that asks for what is adopted, has every site where it was."""
    same = {
        "groups": {name: 2 * weight for name, weight in method().group_weights.items()},
        "points": {one.id: [list(point) for point in one.points] for one in method().criteria if one.points},
        "cut_offs": {"release": method().cut_offs.release},
    }
    for asked in ({}, same):
        for row in _ask(sites, asked).values():
            for name in ("route", "release_score", "release_rank", "reuse_score", "reuse_rank"):
                assert row[name] == row[f"{name}_before"] or row[name] == pytest.approx(row[f"{name}_before"], abs=2e-4)


@FEW
@given(st.lists(any_site(), min_size=1, max_size=6, unique_by=lambda one: one.ref), st.floats(0.1, 10))
def test_it_is_what_an_assessment_would_say(sites: list[Site], weight: float) -> None:
    """The answer is what assessing by such a method gives."""
    asked = {"groups": {"release.land": weight}, "criteria": {"release.vacancy": 2},
             "points": {"reuse.need": [[1, 0.5], [10, 0]]}}  # fmt: skip
    changed = parse_what_if(asked, method()).method
    found = _ask(sites, asked)
    for result in assess(sites, changed, DAY):
        row = found[result.site.ref]
        assert row["route"] == result.route
        assert row["release_score"] == pytest.approx(result.release.expected, abs=1e-4)
        assert row["reuse_score"] == pytest.approx(result.reuse.expected, abs=1e-4)


def test_ranks_have_no_gaps() -> None:
    """Ranks count from 1 among the sites that are there, before and after."""
    found = _ask(_sites(), {"groups": {"release.land": 9}}).values()
    assert sorted(row["release_rank"] for row in found) == list(range(1, 8))
    assert sorted(row["release_rank_before"] for row in found) == list(range(1, 8))
    assert [row["release_rank"] for row in found] == list(range(1, 8))


def test_entering_and_leaving_the_top() -> None:
    """With all weight on vacancy the emptiest come first: who enters the top k, leaves it, or stays is told."""
    found = _ask(_sites(), {"groups": {"release.utilisation": 1000}, "criteria": {"release.vacancy": 1000}, "top": 2})
    before = {ref for ref, row in found.items() if row["release_rank_before"] <= 2}
    after = {ref for ref, row in found.items() if row["release_rank"] <= 2}
    told = {ref: row["release_top"] for ref, row in found.items()}
    assert {ref for ref, word in told.items() if word == "enters"} == after - before
    assert {ref for ref, word in told.items() if word == "leaves"} == before - after
    assert {ref for ref, word in told.items() if word == "stays"} == after & before
    assert len(after) == 2


def test_a_gate_that_does_not_count() -> None:
    """Without the gate of ownership a site nobody owns is ranked, and listed when its score is enough."""
    orphan = site(full(land_owned_ha=40.0), interests=())
    shut, opened = (_ask([orphan], asked)["NCL-A"] for asked in ({}, {"gates_off": ["owner"]}))
    assert (shut["release_rank"], shut["route"]) == (None, "retain")
    assert (opened["release_rank"], opened["route"]) == (1, "release")
    assert opened["route_before"] == "retain"


def test_cut_offs_move_routes() -> None:
    """A lower cut-off lists more sites, a higher floor of coverage fewer."""
    sites = _sites()
    listed = [sum("release" in row["route"] for row in _ask(sites, asked).values())
              for asked in ({"cut_offs": {"release": 0}}, {}, {"cut_offs": {"release": 100}})]  # fmt: skip
    assert listed == sorted(listed, reverse=True)
    assert listed[0] == 7
    assert {row["route"] for row in _ask([replace(sites[0], holdings=())], {"cut_offs": {"coverage": 1}}).values()} == {
        "not enough data"
    }


BAD = [
    ([], "the question: must be a table"),
    ({"weights": {}}, "the question: there is no 'weights'; there are groups"),
    ({"groups": {"land": 1}}, "groups: there is no 'land'; there are release.utilisation"),
    ({"groups": 3}, "groups: must be a table"),
    ({"groups": {"release.land": 0}}, r"groups\.release\.land: must be a number from 0\.001 to 1000"),
    ({"groups": {"release.land": 10**400}}, r"groups\.release\.land: must be a number from 0\.001 to 1000"),
    ({"points": {"release.vacancy": [[0, 0], [10**400, 1]]}}, r"points\.release\.vacancy: must be a number"),
    ({"groups": {"release.land": True}}, r"groups\.release\.land: must be a number"),
    ({"groups": {"release.land": float("nan")}}, r"groups\.release\.land: must be a number"),
    ({"criteria": {"release.charm": 1}}, "criteria: there is no 'release.charm'"),
    ({"criteria": {"release.vacancy": "2"}}, r"criteria\.release\.vacancy: must be a number"),
    ({"points": {"release.vacancy": [[1, 0]]}}, r"points\.release\.vacancy: must be a list of points.*from 2"),
    ({"points": {"release.vacancy": "peers"}}, r"points\.release\.vacancy: must be a list of points"),
    ({"points": {"release.vacancy": [[1, 0], [2]]}}, r"points\.release\.vacancy: must be a list of points"),
    ({"points": {"release.vacancy": [[1, 0], [2, 2]]}}, r"points\.release\.vacancy: must be a number from 0 to 1"),
    ({"points": {"release.vacancy": [[1, 0], [2, 1], [3, 0]]}}, r"points\.release\.vacancy: values must.*only rise"),
    (
        {"points": {"release.vacancy": [[30, 1], [2.5, 0]]}},
        r"points\.release\.vacancy: give two or more.*larger measure",
    ),
    ({"points": {"release.open_land": [[0, 0], [2, 1]]}}, r"points\.release\.open_land: a log scale"),
    ({"gates_off": "owner"}, "gates_off: must be a list"),
    ({"gates_off": [1]}, "gates_off: must be a list of gates, by id: owner"),
    ({"gates_off": [16**9000]}, "gates_off: must be a list of gates, by id: owner"),
    ({"gates_off": ["x"]}, "gates_off: there is no gate 'x'; there are owner"),
    ({"cut_offs": {"release": 101}}, r"cut_offs\.release: must be a number from 0 to 100"),
    ({"cut_offs": {"stale_years": 1}}, "cut_offs: there is no 'stale_years'; there are release, reuse, coverage"),
    ({"top": 0}, "top: must be a whole number"),
    ({"top": 2.0}, "top: must be a whole number"),
]


@pytest.mark.parametrize(("asked", "told"), BAD, ids=[told[:40] for _, told in BAD])
def test_a_field_that_cannot_be_is_named(asked: object, told: str) -> None:
    """What cannot be is refused, with the field and what would be right."""
    with pytest.raises(BadInput, match=told):
        parse_what_if(asked, method())


def test_every_field_is_described() -> None:
    """The description that the API prints is of the fields that there are."""
    parse_what_if({"groups": {}, "criteria": {}, "points": {}, "gates_off": [], "cut_offs": {}, "top": 1}, method())
    assert set(FIELDS) == {"groups", "criteria", "points", "gates_off", "cut_offs", "top"}


def test_rows_are_in_the_order_of_ranks() -> None:
    """Ranked sites come first, best first; the others by reference."""
    sites = [
        *_sites(),
        replace(_sites()[0], ref="NCL-0", interests=()),
        replace(_sites()[0], ref="NCL-00", interests=()),
    ]
    found = list(_ask(sites, {}))
    assert found[-2:] == ["NCL-0", "NCL-00"]
    assert np.all(np.diff([row["release_rank"] for row in _ask(sites, {}).values()][:7]) == 1)
