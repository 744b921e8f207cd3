"""A letter to an organisation as plain text and as a page that prints on A4."""

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from estates_api.domain.letter import Letter

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent.parent / "web"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _day(letter: Letter) -> str:
    """The date as a letter has it: 22 November 2026."""
    return f"{letter.written_on.day} {letter.written_on:%B %Y}"


def write_html(letter: Letter) -> str:
    """A whole page, escaped, with nothing loaded from elsewhere."""
    return _TEMPLATES.get_template("letter.html").render(letter=letter, day=_day(letter))


def write_text(letter: Letter) -> str:
    """Plain text, 78 columns wide where words allow."""
    return _TEMPLATES.get_template("letter.txt").render(letter=letter, day=_day(letter))


WRITERS: dict[str, Callable[[Letter], str]] = {"text": write_text, "html": write_html}
