"""A letter to an organisation as plain text and as a page that prints on A4."""

import re
import textwrap
from collections.abc import Callable
from datetime import date
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


def _day(day: date) -> str:
    """A date as a letter has it: 22 November 2026."""
    return f"{day.day} {day:%B %Y}"


def _values(letter: Letter) -> dict[str, object]:
    return {"letter": letter, "day": _day(letter.written_on), "as_of": _day(letter.assessed_as_of)}


def write_html(letter: Letter) -> str:
    """A whole page, escaped, with nothing loaded from elsewhere."""
    return _TEMPLATES.get_template("letter.html").render(**_values(letter))


def write_text(letter: Letter) -> str:
    """Plain text, 80 columns wide where words allow."""
    whole = _TEMPLATES.get_template("letter.txt").render(**_values(letter))
    return "\n".join(_wrapped(line) for line in whole.splitlines()) + "\n"


def _wrapped(line: str) -> str:
    """A long line over several, the later ones under the first one's words."""
    hang = re.match(r" *(?:(?:[0-9]+\.|-|[A-Z][a-z]+:) +)?", line)
    indent = " " * (hang.end() if hang else 0)
    return "\n".join(textwrap.wrap(line, 80, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False,
                                   replace_whitespace=False, drop_whitespace=True))  # fmt: skip


WRITERS: dict[str, Callable[[Letter], str]] = {"text": write_text, "html": write_html}
