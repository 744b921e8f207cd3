from builders import claim, event, holding, site

from estates_api.domain.claims import claims_by_day
from estates_api.domain.sites import Holding


def test_numbers_and_texts_of_a_holding() -> None:
    """A holding answers with its winning claim; unknown and not applicable are both None."""
    one = holding(gia_m2=100.0, site_type="Mental Health", backlog_high_gbp="not applicable")
    assert one.number("gia_m2") == 100
    assert one.text("site_type") == "Mental Health"
    assert one.number("backlog_high_gbp") is None
    assert one.number("land_ha") is None
    assert one.text("tenure") is None


def test_the_largest_holding_gives_the_type() -> None:
    """A site is of the type of its largest building; of equals the later code, and none is no type."""
    small = holding("RAL01", site_type="Mental Health", gia_m2=10.0)
    large = holding("RYX01", site_type="General acute hospital", gia_m2=20.0)
    silent = holding("TAF01", gia_m2=500.0)
    assert site(small, large, silent).site_type == "General acute hospital"
    assert site(large, small, silent).site_type == "General acute hospital"
    assert site(silent).site_type is None
    assert site().site_type is None


def test_a_return_that_says_enough() -> None:
    """`together` takes all figures from the newest return that has them all, never from two."""
    older = (claim("gia_m2", 100.0, "ERIC 2014-15"), claim("backlog_high_gbp", 5.0, "ERIC 2014-15"))
    stated = Holding("RAL", "Royal Free", "NHS", "RAL01", {}, claims_by_day((*older, claim("gia_m2", 50.0))))
    assert stated.together("gia_m2") == (claim("gia_m2", 50.0),)
    assert stated.together("gia_m2", "backlog_high_gbp") == older
    assert stated.together("gia_m2", "idle_land_ha") is None


def test_sectors() -> None:
    """A site's sectors are those of its holdings."""
    assert site(holding(), holding("E09", sector="council")).sectors == {"NHS", "council"}


def test_an_event_in_a_few_words() -> None:
    """An event is told with its area, homes and date, or `undated`."""
    assert event("part sold", area_ha=7.1, homes=800).told() == "part sold 7.1 ha, 800 homes, 2018-03"
    assert event("sold", None).told() == "sold, undated"


def test_an_event_of_another_kind_speaks_in_its_source_s_words() -> None:
    """`other` tells nobody anything: the first words of the note stand for it."""
    assert event("other", note="development agreement; at least 250 homes").told() == "development agreement, 2018-03"
    assert event("other").told() == "other, 2018-03"


def test_a_sale_of_neither_all_nor_a_part_says_of_what() -> None:
    """A lease, or an exchange on a condition, is not told as if the land had gone."""
    note = "Conditional exchange; completion follows the move"
    told = event("sold", scope="other", area_ha=1.01, note=note).told()
    assert told == "sold 1.01 ha (Conditional exchange), 2018-03"
    assert event("sold", scope="whole", note=note).told() == "sold, 2018-03"
