"""Spells on an axis of time."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.timeline import LABELS, Spell, draw_timeline

DAYS = st.dates(date(2000, 1, 1), date(2040, 1, 1))
SPELLS = st.lists(st.builds(lambda day, long: Spell("A", day, day + timedelta(long)), DAYS, st.integers(0, 90)),
                  min_size=1, max_size=12)  # fmt: skip


def test_nothing_is_no_timeline() -> None:
    """Without a spell there is nothing to draw."""
    assert draw_timeline([], date(2026, 11, 23)) is None


def test_a_spell_of_ten_days_on_its_fourth() -> None:
    """Three days are over and seven are left, today among them; a month that begins on the axis is named."""
    drawn = draw_timeline([Spell("A", date(2026, 11, 25), date(2026, 12, 4))], date(2026, 11, 28))
    assert drawn is not None
    (bar,) = drawn.bars
    assert round(bar.left / bar.passed, 2) == round(7 / 3, 2)
    assert [day for day, _ in drawn.months] == [date(2026, 12, 1)]
    assert drawn.today_at == round(bar.at + bar.passed, 3)


@given(SPELLS, DAYS)
def test_everything_is_on_the_axis(spells: list[Spell], today: date) -> None:
    """Whatever the spells and the day, bars and labels lie between 0 and 100 per cent, each bar as wide as its days,
    the one that ends first first, and no more months are named than can be read."""
    drawn = draw_timeline(spells, today)
    assert drawn is not None
    assert [bar.spell.ends for bar in drawn.bars] == sorted(one.ends for one in spells)
    for bar in drawn.bars:
        assert bar.at > 0 <= bar.passed
        assert bar.left >= 0
        assert bar.at + bar.passed + bar.left < 100
        assert (bar.passed == 0, bar.left == 0) == (today <= bar.spell.begins, today > bar.spell.ends)
    assert 0 < drawn.today_at < 100
    assert len(drawn.months) <= LABELS
    assert all(0 <= at <= 100 and day.day == 1 for day, at in drawn.months)
