"""Which parcel belongs to which site: by name, by the site's own point, by postcode and area, or not at all."""

from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.outlines import (
    Attachment,
    Named,
    Near,
    Overlap,
    choose_parcels,
    stated_land_ha,
    without_overlaps,
)


def near(line: int, site: str, **more: object) -> Near:
    """A parcel in which the site's own point lies, unless more is said."""
    usual = {"holding_id": 1, "precise": True, "metres": 0.0, "area_ha": 1.0}
    return Near(line, site, **(usual | more))  # type: ignore[arg-type]


def vague(line: int, site: str, **more: object) -> Near:
    """A parcel around the postcode of a site with one hectare."""
    return near(line, site, **({"precise": False, "stated_ha": (1.0,)} | more))


def pairs(attached: tuple[Attachment, ...]) -> set[tuple[int, str]]:
    """Which line goes to which site."""
    return {(one.line, one.site_ref) for one in attached}


def test_the_strongest_word_decides() -> None:
    """A reference counts before a code, where the code could be several sites' of which it is one."""
    named = [
        Named(1, "site reference", "A", "A", 1),
        Named(1, "holding code", "101", "A", 2),
        Named(1, "holding code", "101", "B", 3),
    ]
    assert choose_parcels(named, []).attached == (Attachment(1, "A", 1, "site reference A in the file"),)


def test_words_that_contradict() -> None:
    """A reference of one site with the UPRN of another, and a code of two sites, are disputed."""
    named = [
        Named(1, "site reference", "A", "A", 1),
        Named(1, "UPRN", "5", "B", 2),
        Named(2, "holding code", "101", "A", 1),
        Named(2, "holding code", "101", "B", 2),
    ]
    choice = choose_parcels(named, [])
    assert choice.attached == ()
    assert [(issue.rule, issue.line) for issue in choice.issues] == [("outline-disputed", 1), ("outline-disputed", 2)]
    assert "means A, B" in choice.issues[0].reason


def test_a_disputed_parcel_is_not_used_by_its_position() -> None:
    """What names two sites is not given to a third whose point lies there."""
    named = [Named(1, "holding code", "101", "A", 1), Named(1, "holding code", "101", "B", 2)]
    assert choose_parcels(named, [near(1, "C")]).attached == ()


def test_a_drawn_site_keeps_its_land() -> None:
    """A site that has an outline by name gets none by position, and its point still shuts others out."""
    choice = choose_parcels([], [near(1, "A", drawn=True), near(1, "B"), near(2, "C", drawn=True)])
    assert choice.attached == ()
    assert [issue.line for issue in choice.issues] == [1]


def test_a_postcode_shuts_nobody_out() -> None:
    """The middle of a postcode in a parcel says nothing against the site whose own point lies there."""
    assert pairs(choose_parcels([], [near(1, "A"), vague(1, "B")]).attached) == {(1, "A")}


def test_an_agreeing_parcel_of_another_site() -> None:
    """A parcel that is another's by its point is not a postcode's, however well the area agrees."""
    choice = choose_parcels([], [near(1, "A"), vague(1, "B"), vague(2, "B", metres=50.0, area_ha=1.05)])
    assert pairs(choice.attached) == {(1, "A"), (2, "B")}


def test_two_postcodes_that_want_one_parcel() -> None:
    """Of two sites that would both take a parcel by its area neither does, and both are counted."""
    choice = choose_parcels([], [vague(1, "A"), vague(1, "B")])
    assert choice.attached == ()
    assert choice.issues[0].reason.startswith("2 sites lie in a parcel by postcode only")
    assert choice.issues[0].reason.endswith("A, B")


def test_many_unsure_sites_are_counted() -> None:
    """Ten are named, the rest counted."""
    choice = choose_parcels([], [vague(n, f"S{n:02}", area_ha=9.0) for n in range(15)])
    assert choice.issues[0].reason.startswith("15 sites lie")
    assert choice.issues[0].reason.endswith("S09 and 5 more")


def test_small_land_says_nothing() -> None:
    """Below a quarter of a hectare a parcel of the same size may be anybody's."""
    assert choose_parcels([], [vague(1, "A", area_ha=0.2, stated_ha=(0.2,))]).attached == ()
    assert pairs(choose_parcels([], [vague(1, "A", area_ha=0.25, stated_ha=(0.25,))]).attached) == {(1, "A")}


def test_land_stated_twice_counts_once() -> None:
    """Edgware's 6.2 ha stand under two trusts; other land beside it is added."""
    assert stated_land_ha([6.2, 6.2]) == 6.2
    assert stated_land_ha([6.2, 6.17, 0.8]) == 7.0
    assert stated_land_ha([]) == 0.0


def test_overlapping_land_is_left() -> None:
    """Both parcels of a pair that is mostly one piece of land are left, with the reason."""
    attached = [Attachment(1, "A", 1, "x"), Attachment(2, "B", 2, "x"), Attachment(3, "C", 3, "x")]
    choice = without_overlaps(attached, [Overlap(1, "B", 2), Overlap(2, "A", 1)])
    assert pairs(choice.attached) == {(3, "C")}
    assert choice.issues[0].reason == (
        "most of the parcel is land of B as well, by parcel 2 of this file; it was attached to none"
    )


LINES, SITES = st.integers(1, 4), st.sampled_from("ABCD")
NAMES = st.builds(Named, LINES, st.sampled_from(["site reference", "holding code", "title number", "UPRN"]),
                  st.just("x"), SITES, st.integers(1, 3))  # fmt: skip
NEAR = st.builds(Near, LINES, SITES, st.just(1), st.booleans(), st.sampled_from([0.0, 50.0]),
                 st.sampled_from([0.5, 1.0, 1.05]), st.sampled_from([(), (1.0,)]), st.booleans())  # fmt: skip


@given(st.lists(NAMES, max_size=8), st.lists(NEAR, max_size=12))
def test_no_parcel_is_two_sites(named: list[Named], around: list[Near]) -> None:
    """Whatever is said, no parcel goes to two sites, and every attachment has evidence from what was said."""
    choice = choose_parcels(named, around)
    lines = [one.line for one in choice.attached]
    assert len(lines) == len(set(lines))
    said = {(one.line, one.site_ref) for one in (*named, *around)}
    assert pairs(choice.attached) <= said
    assert all(one.evidence for one in choice.attached)
    assert {issue.line for issue in choice.issues if issue.line}.isdisjoint(
        one.line for one in choice.attached if " in the file" not in one.evidence
    )
