"""What a person says of places, on the command line: what it prints, and the exit code."""

from collections.abc import Callable

import pytest
import typer
from sqlalchemy import Engine
from typer.testing import CliRunner

from estates_api.cli import places
from estates_api.errors import EstatesError

HandIn = Callable[..., object]
Template = Callable[..., bytes]
Run = Callable[..., str]


@pytest.fixture
def estates(reference: Engine, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on the database; what it printed. Raises what it raised."""
    app = typer.Typer()
    places.add_commands(app)
    monkeypatch.setenv("ESTATES_DATABASE_URL", reference.url.render_as_string(hide_password=False))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, list(arguments))
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return str(done.output)

    return run


@pytest.fixture
def asked(reference: Engine, hand_in: HandIn, template: Template) -> None:
    """Two trusts that list one name, and nothing else."""
    rows = [{"organisation_code": who, "organisation_name": who, "holding_code": code, "name": "Marigold House"}
            for who, code in (("RZ1", "RZ101"), ("RZ2", "RZ201"))]  # fmt: skip
    hand_in(reference, "a.csv", template(*(row | {"gia_m2": size} for row, size in zip(rows, (1, 9), strict=True))))


@pytest.mark.usefixtures("asked")
def test_a_question_is_answered(estates: Run) -> None:
    """`questions` lists what is open with the codes to type; `judge` answers it and says where the holdings stand."""
    shown = estates("questions")
    assert "RZ1:RZ101 Marigold House" in shown
    assert "1 open question;" in shown
    assert "RZ201 of RZ2: NCL-RZ101" in estates("judge", "RZ201", "RZ1:RZ101", "--same", "--because", "one gate")
    assert estates("questions").strip() == "0 open questions"


@pytest.mark.usefixtures("asked")
def test_a_site_is_withdrawn_and_restored(estates: Run) -> None:
    """`withdraw` says how to take it back, and `restore` does."""
    assert "estates reinstate NCL-RZ201" in estates("withdraw", "NCL-RZ201", "--because", "not public")
    assert "NCL-RZ201 is shown again" in estates("reinstate", "NCL-RZ201", "--because", "public after all")


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    "arguments",
    [
        ("judge", "RZ101", "RZ201", "--because", "neither"),
        ("judge", "RZ101", "RZ201", "--same", "--different", "--because", "both"),
        ("judge", "RZ101", "RZ999", "--same", "--because", "unknown"),
        ("withdraw", "NCL-NONE", "--because", "unknown"),
        ("reinstate", "NCL-RZ101", "--because", "it is shown"),
    ],
)
def test_what_makes_no_sense_is_refused(estates: Run, arguments: tuple[str, ...]) -> None:
    """No verdict, two of them, an unknown code or site: one plain line, and nothing changes."""
    with pytest.raises(EstatesError) as caught:
        estates(*arguments)
    assert "\n" not in caught.value.detail


@pytest.mark.usefixtures("asked")
def test_a_judgement_before_the_holding(estates: Run) -> None:
    """A holding that is still to come is named with its organisation, and the command says that it will count."""
    assert "RZ901 of RZ9: recorded; it counts when the holding is handed in" in estates(
        "judge", "RZ1:RZ101", "RZ9:RZ901", "--different", "--because", "another street"
    )
