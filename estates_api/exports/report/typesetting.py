"""Setting a report: values into a template, a tagged PDF out, with nothing from elsewhere."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import typst

_HERE = Path(__file__).resolve().parent

# What the fonts that come with typst can show, each by itself: Latin, Greek, Cyrillic, punctuation, currencies,
# figures above and below the line, arrows and signs. Marks that join others, or turn the direction, are not.
_SHOWN = (
    (0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x17F), (0x218, 0x21B), (0x384, 0x38A), (0x38E, 0x3A1), (0x3A3, 0x3FF),
    (0x400, 0x45F), (0x2010, 0x2027), (0x2030, 0x2040), (0x2044, 0x2052), (0x2070, 0x2071), (0x2074, 0x208E),
    (0x20A0, 0x20BF), (0x2100, 0x211E), (0x2153, 0x2184), (0x2190, 0x226F),
)  # fmt: skip


def typeset(template: str, values: Mapping[str, Any], path: Path, *, made_at: datetime) -> None:
    """Write the PDF of a template (a `.typ` file here): PDF/UA-1, the same values and moment the same bytes."""
    compiler = typst.Compiler(_HERE / template, root=_HERE, ignore_system_fonts=True,
                              package_path=_HERE / "packages", package_cache_path=_HERE / "packages",
                              sys_inputs={"data": json.dumps(printable(values))})  # fmt: skip
    compiler.compile(output=path, format="pdf", pdf_standards="ua-1", timestamp=int(made_at.timestamp()))


def printable(value: Any) -> Any:
    """The same values with every character that the fonts cannot show written as its number: `[U+1F3E5]`."""
    match value:
        case str():
            return "".join(one if _is_shown(one) else _number(one) for one in value)
        case Mapping():
            return {name: printable(one) for name, one in value.items()}
        case list() | tuple():
            return [printable(one) for one in value]
        case _:
            return value


def _is_shown(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _SHOWN)


def _number(character: str) -> str:
    return " " if character.isspace() else f"[U+{ord(character):04X}]"
