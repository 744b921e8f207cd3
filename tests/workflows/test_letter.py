"""Letters from the real data: true to the stored assessment, inventing nothing, escaped, empty where all is well."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine

from estates_api.domain.area import Area
from estates_api.domain.letter import Letter
from estates_api.errors import NotFound
from estates_api.exports.letter import write_html, write_text
from estates_api.store import assessments, features
from estates_api.store.database import transaction
from estates_api.workflows.letter import draw_up

DAY = date(2026, 11, 22)


@pytest.fixture
def drawn(reading: Engine, area: Area) -> Callable[[str], Letter]:
    """Draw a letter up from the shared database."""

    def draw(code: str) -> Letter:
        with transaction(reading) as connection:
            return draw_up(connection, code, area=area, today=DAY)

    return draw


@pytest.mark.parametrize("code", ["RRP", "RAL", "TAF", "RYX", "RAN", "RKE", "E09000014", "E09000003", "RVL", "CHP"])
def test_a_letter_is_true(drawn: Callable[[str], Letter], reading: Engine, code: str) -> None:
    """Five figures at most, each of a stored site and its stored score; every bound around it; both forms can be
    written and say all of it."""
    letter = drawn(code)
    with transaction(reading) as connection:
        latest = assessments.find_latest(connection)
        assert latest is not None
        refs = features.list_refs(connection, "complete")
        stored = {row["site_ref"]: row for row in assessments.list_assessed(connection, latest["id"], refs)}
    assert len(letter.figures) <= 5
    for figure in letter.figures:
        assert figure.score == stored[figure.site_ref]["release_score"]
        assert figure.kind != "not known" or figure.low - 1e-9 <= figure.score <= figure.high + 1e-9
    plain, page = (" ".join(write(letter).split()) for write in (write_text, write_html))
    for figure in letter.figures:
        assert f"{figure.low:.0f} and {figure.high:.0f}; the list begins at {letter.cut_off:g}" in plain
        assert f"; the list begins at {letter.cut_off:g}." in page
    assert "22 November 2026" in plain
    assert letter.organisation_name in plain


def test_chase_farm_decides(drawn: Callable[[str], Letter]) -> None:
    """Chase Farm's floor area fell by more than half: by the former one it would not be listed, so it comes first."""
    first = drawn("RAL").figures[0]
    assert (first.site_ref, first.kind, first.decides) == ("NCL-RALC7", "doubtful", True)
    assert first.cells[0].now == "28,572 m²; 64,124 m² in ERIC 2014-15"
    assert first.cells[0].column == "Gross internal floor area (m²) (gia_m2)"


def test_only_open_issues_count(drawn: Callable[[str], Letter]) -> None:
    """Issues of returns that a later one replaced are counted apart and asked of nobody."""
    letter = drawn("RRP")
    assert letter.replaced > 0
    assert {issue["edition"] for issue in letter.issues} == {"ERIC 2016-17"}
    assert {issue["mender"] for issue in letter.issues} == {"organisation"}
    severities = [issue["severity"] for issue in letter.issues]
    assert severities == sorted(severities, key=("error", "warning", "note").index)


def test_what_another_code_carries_on_is_not_asked(drawn: Callable[[str], Letter]) -> None:
    """Barnet and Chase Farm's trust was dissolved: its holdings are asked of those who carry them on."""
    letter = drawn("RVL")
    assert (letter.figures, letter.owners, letter.sites) == ((), (), 0)


def test_nobody_is_not_found(drawn: Callable[[str], Letter]) -> None:
    """An organisation that is not here is named, with how to list those that are."""
    with pytest.raises(NotFound, match="no organisation 'XXX'; list those"):
        drawn("XXX")


def test_nothing_assessed_yet(migrated: Engine, area: Area, hand_in: Callable[..., Any], template: Any) -> None:
    """Before the first assessment there is no letter, and it says what to run."""
    hand_in(migrated, "a.csv", template({"holding_code": "RZ101", "gia_m2": 5}), period="2016-17")
    with transaction(migrated) as connection, pytest.raises(NotFound, match="estates assess"):
        draw_up(connection, "RZ1", area=area, today=DAY)


def test_nothing_to_put_right() -> None:
    """An organisation with nothing to fix gets a letter that says so, and asks for nothing."""
    letter = Letter("RZ1", "Made Up <b>Trust</b> & Co", "An Area", DAY, DAY, "A method", 42.0, 1, (), 0, (), (),
                    {"error": 0, "warning": 0, "note": 0}, 0)  # fmt: skip
    assert letter.clean
    for written in (write_text(letter), write_html(letter)):
        assert "There is nothing for you to put right. We have 1 site of yours" in " ".join(written.split())
        assert "change the list" not in written
    assert "Made Up &lt;b&gt;Trust&lt;/b&gt; &amp; Co" in write_html(letter)
    assert "<b>" not in write_html(letter)
