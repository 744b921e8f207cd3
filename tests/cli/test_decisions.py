"""`estates decision` and `estates shortlist endorse`: what they print, and the exit code of what cannot be."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from estates_api.domain.transitions import state_diagram

Estates = Callable[..., Any]
SAID = ("--body", "Board", "--date", "2024-02-01", "--minute", "12/3", "--by", "A Clerk")
TODAYS = tuple(f"{datetime.now(UTC).date()}" if said == "2024-02-01" else said for said in SAID)
NHSPS = ("--organisation", "NHSPS", "--reason", "it is empty", *SAID)


def test_a_step_is_recorded_shown_and_listed(estates: Estates, loaded: Engine) -> None:
    """The state before and after is printed; what follows, who agrees and the clock are shown."""
    assert "no decision is recorded" in estates("decision", "list", on=loaded).out
    done = estates("decision", "record", "RYX24", "declare", *NHSPS, on=loaded)
    assert (done.code, "NCL-RYX24 identified -> declared surplus" in done.out) == (0, True), done.err
    estates("decision", "record", "RYX24", "register", *NHSPS, on=loaded)
    checked = estates("decision", "record", "RYX24", "check", *NHSPS, "--check", "offer-back", "--outcome", "done",
                      on=loaded)  # fmt: skip
    assert "still registered" in checked.out
    shown = estates("decision", "show", "NCL-RYX24", on=loaded).out
    for words in ("NCL-RYX24 is registered since 2024-02-01", "still missing: council", "until 2024-03-28",
                  "declare: Board of NHS Property Services, minute 12/3: it is empty", "market: possible",
                  "release: not possible: NCL-RYX24 is registered"):  # fmt: skip
        assert words in shown
    assert "declare" in estates("decision", "list", on=loaded).out


def test_what_is_refused(estates: Estates, loaded: Engine) -> None:
    """A rule that it would break, a site that is not there, a day that is none: one line and exit code 2."""
    for arguments, told in (
        (("RYX24", "release", *NHSPS), "NCL-RYX24 is identified; release is possible when it is in disposal"),
        (("NCL-NONE", "propose", *NHSPS), "there is no site NCL-NONE"), (("RYX24", "sell", *NHSPS), "'sell' is none"),
        (("RYX24", "propose", *NHSPS, "--date", "soon"), "decided_on: 'soon' is not a date"),
    ):  # fmt: skip
        done = estates("decision", "record", *arguments, on=loaded)
        assert (done.code, told in done.err.replace("\n", " ")) == (2, True), done.err


def test_the_states_are_printed(estates: Estates) -> None:
    """As a Mermaid diagram, ready to paste."""
    assert estates("decision", "states").out.strip() == state_diagram()


def test_a_list_is_endorsed(estates: Estates, loaded: Engine) -> None:
    """Which sector has not endorsed it yet is printed; a draft is refused."""
    refused = estates("shortlist", "endorse", "2015-Q1", "--organisation", "RAL", *TODAYS, on=loaded)
    assert (refused.code, "only a published list is endorsed" in refused.err) == (2, True)
    assert estates("shortlist", "publish", "2015-Q1", "--by", "NCL Estates Board", on=loaded).code == 0
    first = estates("shortlist", "endorse", "2015-Q1", "--organisation", "RAL", *TODAYS, on=loaded)
    assert "2015-Q1 revision 2: not yet endorsed by: council" in first.out, first.err
    second = estates("shortlist", "endorse", "2015-Q1", "--organisation", "E09000003", *TODAYS, on=loaded)
    assert "endorsed by both sectors" in second.out
