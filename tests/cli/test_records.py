"""`estates claims`, `redact` and `organisation`: what is said, what is masked, who is who."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, text

from estates_api.store.database import transaction

Run = Callable[..., Any]


def test_claims_of_a_site(estates: Run, loaded: Engine) -> None:
    """Each value with edition, row and day, and whether it counts; of one attribute, one holding, one day."""
    done = estates("claims", "RRP03", "--attribute", "gia_m2", "--holding", "rrp03", on=loaded)
    assert done.code == 0, done.err
    words = " ".join(done.out.split())
    assert "NCL-RRP03: 3 claims" in words
    assert "14155.0 m2" in words
    assert "ERIC 2016-17 row" in words
    assert "older:" in words
    then = estates("claims", "NCL-RRP03", "--attribute", "gia_m2", "--as-of", "2014-03-31", on=loaded)
    assert "26116.0 m2" in " ".join(then.out.split())
    assert "14155.0" not in then.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["claims", "NCL-NOTHING"], "nothing is said of NCL-NOTHING"),
        (["claims", "RRP03", "--attribute", "charm"], "there is no attribute 'charm'"),
        (["claims", "RRP03", "--known-at", "2001-01-01"], "nothing is said of RRP03"),
        (["claims", "RRP03", "--known-at", "9999-01-01"], "--known-at: 9999-01-01 has not come yet"),
        (["redact", "999", "2", "--because", "it names a patient"], "there is no edition '999'"),
        (["organisation", "NOBODY"], "there is no organisation 'NOBODY'"),
        (["organisation", "RVL", "--as-of", "soon"], "'soon' is not a day"),
    ],
)
def test_what_is_wrong_is_one_line(estates: Run, loaded: Engine, words: list[str], said: str) -> None:
    """One line that says what is wrong, and exit code 2."""
    done = estates(*words, on=loaded)
    assert done.code == 2
    assert said in " ".join(done.err.split())
    assert len(done.err.strip().splitlines()) == 1


def test_redact(estates: Run, loaded: Engine) -> None:
    """A redaction says which sites were written anew, and from then on nobody is shown the value."""
    with transaction(loaded) as connection:
        row = connection.execute(text(
            "SELECT left(e.sha256, 12) AS edition_id, c.line FROM claim c JOIN holding h ON h.id = c.holding_id "
            "JOIN edition e ON e.id = c.edition_id "
            "WHERE h.code = 'RRP03' AND c.attribute = 'gia_m2' AND e.label = '2016-17'"
        )).one()  # fmt: skip
    words = ("redact", row.edition_id, str(row.line), "--attribute", "gia_m2", "--because", "a wrong plan",
             "--by", "Ann Steward")  # fmt: skip
    done = estates(*words, on=loaded)
    assert done.code == 0, done.err
    assert f"redacted: gia_m2 of row {row.line} of edition {row.edition_id}" in done.out
    assert "NCL-RRP03" in done.out
    shown = estates("claims", "RRP03", "--attribute", "gia_m2", on=loaded).out
    assert "14155" not in shown
    assert "redacted: a wrong plan" in " ".join(shown.split())
    again = estates(*words, on=loaded)
    assert (again.code, "redacted already: a wrong plan" in " ".join(again.err.split())) == (2, True)
    with transaction(loaded) as connection:
        actor = connection.execute(text("SELECT actor FROM audit WHERE action = 'redact'")).scalar_one()
    assert actor == "Ann Steward"


def test_organisation(estates: Run, loaded: Engine) -> None:
    """Names, status, whom it leads to today, and what it holds and its predecessors held."""
    done = estates("organisation", "rvl", on=loaded)
    assert done.code == 0, done.err
    assert "RVL Barnet and Chase Farm Hospitals NHS Trust: NHS trust, closed" in done.out
    assert "carried on by RAL since 2014-07-01 (Organisations NCL)" in done.out
    assert "today: RAL" in done.out
    assert "holds RVL01" in done.out
    assert "NHS trust, active" in estates("organisation", "RVL", "--as-of", "2014-01-01", on=loaded).out
    heir = estates("organisation", "RAL", on=loaded).out
    assert "carries on RVL since 2014-07-01" in heir
    assert "holds RVL01" in heir
    assert "today:" not in heir
