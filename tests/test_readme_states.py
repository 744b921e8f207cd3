"""The state diagram in the README."""

from estates_api.domain.transitions import state_diagram
from estates_api.settings import ROOT


def test_the_diagram_in_the_readme_is_that_of_the_code() -> None:
    """Between its markers stands what `estates decision states` prints, to the letter."""
    _, _, after = (ROOT / "README.md").read_text(encoding="utf-8").partition("<!-- states -->\n")
    drawn, marker, _ = after.partition("<!-- /states -->\n")
    assert marker
    assert drawn == f"```mermaid\n{state_diagram()}\n```\n", "paste the output of: estates decision states"
