from dataclasses import replace
from datetime import date

from builders import event, full, method, site

from estates_api.domain.assessment import assess
from estates_api.domain.sites import Site

DAY = date(2017, 6, 1)


def _sites() -> list[Site]:
    """Nine sites with land from 1 to 9 ha, the largest first in the alphabet last in the list."""
    return [site(full(f"RYX{10 + n}", land_owned_ha=float(n)), ref=f"NCL-{9 - n}") for n in range(1, 10)]


def test_ranks_follow_the_scores() -> None:
    """The highest score is first, whatever the order of the sites."""
    found = [one.tried for one in assess(_sites(), method(), DAY, seed=0)]
    assert [one.release.rank for one in found if one and one.release] == list(range(9, 0, -1))
    assert {one.release.of for one in found if one and one.release} == {9}


def test_only_comparable_sites_are_ranked() -> None:
    """Sold, elsewhere, or behind a closed gate: no rank for release; a gate alone leaves the rank for reuse."""
    first, second, third, *rest = _sites()
    second = replace(second, events=(event("sold"),))
    third = replace(third, inside_area=False, partner_trust=False)
    gated = replace(first, interests=())
    found = [one.tried for one in assess([gated, second, third, *rest], method(), DAY, seed=0)]
    assert [one.release is None for one in found if one] == [True] * 3 + [False] * 6
    assert [one.reuse is None for one in found if one] == [False, True, True] + [False] * 6
    assert [one.differs is None for one in found if one][:3] == [False, True, True]


def test_a_withheld_site_leaves_no_gap() -> None:
    """Sites are ranked among those that everybody who sees them sees: a public site never behind a withheld one."""
    sites = _sites()
    circles = [0, 0, 0, 2, 0, 1, 0, 0, 0]
    among = [one.tried for one in assess(sites, method(), DAY, seed=0, circles=circles)]
    public = [
        one.tried for one in assess([s for s, c in zip(sites, circles, strict=True) if not c], method(), DAY, seed=0)
    ]
    assert [one for one, circle in zip(among, circles, strict=True) if not circle] == public
    partner, owner = among[5], among[3]
    assert partner
    assert partner.release
    assert (partner.release.rank, partner.release.of) == (4, 8)
    assert owner
    assert owner.release
    assert (owner.release.rank, owner.release.of) == (6, 9)


def test_another_site_changes_no_draw() -> None:
    """Measures are of the site alone: one more moves ranks, never who is before whom, nor how often a route holds."""
    few, many = ([one.tried for one in assess(sites, method(), DAY, seed=0)] for sites in (_sites()[1:], _sites()))
    assert [one.differs for one in few if one] == [one.differs for one in many if one][1:]
    order = [sorted(range(8), key=lambda i: found[i].release.rank) for found in (few, many[1:])]
    assert order[0] == order[1]


def test_the_same_seed_gives_the_same_result() -> None:
    """Again, and with the sites in another order, every site's result is the same; another seed draws others."""
    first, again = (assess(_sites(), method(), DAY, seed=0) for _ in range(2))
    turned = assess(_sites()[::-1], method(), DAY, seed=0)[::-1]
    assert [one.tried for one in first] == [one.tried for one in again] == [one.tried for one in turned]
    other = assess(_sites(), method(), DAY, seed=1)
    assert [one.tried.differs for one in first if one.tried] != [one.tried.differs for one in other if one.tried]
