"""`estates capacity check` and `estates incentives`, as a person sees them."""

import csv
import io
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

from estates_api.store.incentives import FIELDS

Run = Callable[..., Any]


def test_the_check_prints_every_case_and_what_it_comes_to(estates: Run, loaded: Engine) -> None:
    """One line a case with what was planned and what the matrix says, and one sentence over all."""
    done = estates("capacity", "check", on=loaded)
    assert done.code == 0, done.err
    for words in ("700–800", "319–1207", "lie within the range; the middle is off by"):
        assert words in done.out


def test_incentives_are_printed_with_of_how_many_they_are_known(estates: Run, loaded: Engine) -> None:
    """A table with sums, the number of sites behind each, and `not known` where nothing is."""
    done = estates("incentives", "--by", "borough", on=loaded)
    assert done.code == 0, done.err
    for words in ("Enfield", "50,000,000 (1)", "not known", "all"):
        assert words in done.out


def test_incentives_as_csv(estates: Run, loaded: Engine) -> None:
    """The same as CSV, with the columns of the service."""
    done = estates("incentives", "--by", "route", "--csv", on=loaded)
    read = list(csv.DictReader(io.StringIO(done.out)))
    assert tuple(read[0]) == FIELDS
    assert read[-1]["group"] == "all"
