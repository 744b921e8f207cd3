import re
from datetime import date

import pytest

from estates_api.domain.values import (
    clean_text,
    counted,
    financial_year,
    find_financial_year,
    find_first_day_range,
    parse_day,
    parse_day_range,
    parse_number,
    shorten,
)
from estates_api.errors import BadInput


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12.0),
        ("12,000", 12000.0),
        ("1,234,567.5", 1234567.5),
        ("£1,234", 1234.0),
        ("Â£5", 5.0),
        ("5 %", 5.0),
        ("-7.373511E-2", -0.07373511),
        ("(12)", -12.0),
        ("−3", -3.0),
        (".5", 0.5),
        ("\xa07 ", 7.0),
    ],
)
def test_numbers_as_people_type_them(text: str, number: float) -> None:
    """Pounds, percents, thousands, exponents, brackets for minus and odd spaces are numbers."""
    assert parse_number(text) == number


@pytest.mark.parametrize("text", ["1,23", "1.2.3", "abc", "1e999", "nan", "inf", "12 ha", "٣", "--"])
def test_what_is_no_number_is_refused(text: str) -> None:
    """Text that is not one finite number is refused, never guessed."""
    with pytest.raises(BadInput):
        parse_number(text)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("Not Applicable", "not applicable"),
        ("NotApplicable", "not applicable"),
        ("n/a", "not applicable"),
        ("No Data Provided", "not provided"),
        ("None", "not provided"),
        ("", "not provided"),
        ("\xa0", "not provided"),
    ],
)
def test_words_for_no_figure(text: str, state: str) -> None:
    """ERIC's words for *no figure* keep apart what does not apply and what was not given."""
    assert parse_number(text) == state


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2015", date(2015, 1, 1), date(2015, 12, 31)),
        ("2016-02", date(2016, 2, 1), date(2016, 2, 29)),
        ("2015-03-12", date(2015, 3, 12), date(2015, 3, 12)),
        ("20191001", date(2019, 10, 1), date(2019, 10, 1)),
        ("12/03/2015", date(2015, 3, 12), date(2015, 3, 12)),
        ("", None, None),
    ],
)
def test_a_date_is_as_wide_as_it_is_written(text: str, first: date | None, last: date | None) -> None:
    """A year is all its days, a month all of its; days are read in the British order."""
    assert parse_day_range(text) == (first, last)


@pytest.mark.parametrize("text", ["last spring", "2015-13", "2015-02-30", "0000", "31/02/2015", "15-03", "20190231"])
def test_what_is_no_date_is_refused(text: str) -> None:
    """Days that no calendar has, and words, are refused."""
    with pytest.raises(BadInput):
        parse_day_range(text)


def test_one_exact_day() -> None:
    """A field that needs one day takes no month, and asks for none."""
    assert parse_day("2015-03-12") == date(2015, 3, 12)
    assert parse_day(" ") is None
    with pytest.raises(BadInput, match="one day"):
        parse_day("2015-03")
    with pytest.raises(BadInput, match=re.escape("'March 2027' is not a date (write 2015-03-12)")):
        parse_day("March 2027")


def test_the_first_date_of_a_list() -> None:
    """In a list of dates the first readable one counts; text without one gives none."""
    assert find_first_day_range("29 January (year not in text); 2018-08; 2022") == (date(2018, 8, 1), date(2018, 8, 31))
    assert find_first_day_range("29 January (year not in text)") is None
    assert find_first_day_range("") is None


@pytest.mark.parametrize(
    "text", ["2016-17", "ERIC_2016_17.csv", "2016/17", "2016-2017", "ERIC - 201617 - v2", "9896_2016-17"]
)
def test_financial_years_in_any_spelling(text: str) -> None:
    """However a file name writes the financial year, it is the same label."""
    assert find_financial_year(text) == "2016-17"


@pytest.mark.parametrize("text", ["2016-18", "2016", "2016-10-17", "2015-16 and 2016-17", "120161799", ""])
def test_no_financial_year_is_guessed(text: str) -> None:
    """A date, a wrong pair or two years are not a financial year."""
    assert find_financial_year(text) is None


def test_a_financial_year_runs_from_april_to_march() -> None:
    """ERIC 2016-17 speaks of 1 April 2016 to 31 March 2017."""
    assert financial_year("2016-17") == (date(2016, 4, 1), date(2017, 3, 31))


def test_text_for_messages() -> None:
    """Messages stay on one line and short."""
    assert clean_text(" a\xa0 b\n c ") == "a b c"
    assert shorten("x" * 100) == "x" * 59 + "…"


def test_what_cannot_be_printed_is_marked() -> None:
    """Line breaks become spaces, and characters that move a terminal or cannot be written become a mark."""
    assert shorten("a\r\nb\tc") == "a b c"
    assert shorten("a\x1b[31m\x00\udce9\u202eb") == "a�[31m���b"


def test_one_is_singular() -> None:
    """One of a thing is told in the singular, none and many in the plural, with thousands separated."""
    assert [counted(number, "question") for number in (0, 1, 2, 2000)] == [
        "0 questions", "1 question", "2 questions", "2,000 questions"
    ]  # fmt: skip
    assert counted(2, "holding that moves", "holdings that move") == "2 holdings that move"
