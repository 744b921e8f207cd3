"""A shortlist as a report for people: PDF, tagged, set with typst."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from estates_api.exports.columns import made_at
from estates_api.exports.report.content import content
from estates_api.exports.report.typesetting import typeset


def write(document: Mapping[str, Any], beside: Mapping[str, Any], path: Path) -> None:
    """Cover, summary, map, lists, a page for each site, what is not known, method and sources."""
    typeset("shortlist.typ", content(document, beside), path, made_at=made_at(document))
