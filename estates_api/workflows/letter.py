"""Letter: what an organisation could put right, drawn from the stored assessment, its newest returns and its issues."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping

from estates_api.domain.area import Area
from estates_api.domain.changes import has_changed
from estates_api.domain.letter import (
    ALTERNATIVES,
    ASKS,
    MOST_FIGURES,
    Cell,
    Doubt,
    Letter,
    find_owners,
    rank_figures,
)
from estates_api.domain.rules import RULES
from estates_api.errors import NotFound
from estates_api.sources import eric_columns
from estates_api.store import assessments, features, issues, letters, returns
from estates_api.store.layers import Audience
from estates_api.workflows.methods import read_used

MOST_ISSUES = 12

SIZES = {"gia_m2", "land_ha", "land_owned_ha"}
"""What does not change by much from year to year without a reason that somebody can give."""

_ASKED = sorted({"occupied_m2", *(name for names in ASKS.values() for name in names)})
_THEIRS = tuple(rule.id for rule in RULES.values() if rule.mender == "organisation")


def draw_up(connection: Connection, code: str, *, area: Area, today: date, audience: Audience = "complete") -> Letter:
    """The letter to an organisation, by the newest assessment of the present.

    NotFound when there is no such organisation, or nothing is assessed yet. It is drawn up from what the audience may
    see, as if there were nothing else: to refuse it would tell that there is.
    """
    organisation = letters.find_organisation(connection, audience, code)
    if organisation is None:
        raise NotFound(f"there is no organisation {code!r}; list those that return something with: estates letter "
                       "(over HTTP: /letters)")  # fmt: skip
    latest = assessments.find_latest(connection)
    if latest is None:
        raise NotFound("nothing has been assessed yet; run: estates assess")
    method = read_used(connection, latest["method_sha256"])
    seen = set(features.list_refs(connection, audience))
    refs = [ref for ref in letters.list_refs_of(connection, code) if ref in seen]
    cells = [row for row in letters.list_cells(connection, code, _ASKED) if row["site_ref"] in seen]
    sites = [row["explanation"] for row in assessments.list_assessed(connection, latest["id"], refs)]
    standing = _open_issues(connection, audience, code)
    former = _former(connection, cells)
    figures = rank_figures(sites, [_cell(row, former) for row in cells], standing.doubts, method)
    return Letter(
        code, organisation["name"], area.name, today, latest["as_of"], method.title, method.cut_offs.release,
        len(sites), tuple(figures[:MOST_FIGURES]), max(0, len(figures) - MOST_FIGURES),
        tuple(find_owners(sites, method)), standing.gravest, standing.counts, standing.replaced,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Open:
    """The open issues of an organisation: those of the newest edition of each source that it can mend itself."""

    gravest: tuple[Mapping[str, Any], ...]
    counts: Mapping[str, int]
    replaced: int
    doubts: tuple[Doubt, ...]


def _open_issues(connection: Connection, audience: Audience, code: str) -> _Open:
    query = issues.Query(code, editions=tuple(letters.list_newest_editions(connection, audience, code)), rules=_THEIRS)
    every = issues.count_issues(connection, audience, issues.Query(code, rules=_THEIRS))
    counts = issues.count_issues(connection, audience, query)
    gravest: list[Mapping[str, Any]] = []
    for severity in counts:  # the gravest first
        if room := MOST_ISSUES - len(gravest):
            worst = replace(query, severity=severity, limit=room)
            gravest += issues.list_issues(connection, audience, worst).issues
    doubted = issues.every_issue(connection, audience, replace(query, rules=tuple(ALTERNATIVES)))
    doubts = tuple(Doubt(one["rule"], one["edition"], one["line"]) for one in doubted)
    return _Open(tuple(gravest), counts, sum(every.values()) - sum(counts.values()), doubts)


Former = Mapping[tuple[int, str], tuple[float, str]]


def _former(connection: Connection, cells: Sequence[RowMapping]) -> Former:
    """The sizes of the returns beside, by holding and attribute, of cells that are too far from them."""
    by_edition: dict[tuple[str, int], dict[int, returns.Now]] = {}
    for row in cells:
        by_edition.setdefault((row["source"], row["edition_id"]), {})[row["id"]] = returns.Now(row["id"], row["day"])
    beside = {
        (row["holding_id"], row["attribute"]): row
        for (source, edition_id), now in by_edition.items()
        for row in returns.list_neighbours(connection, list(now.values()), source=source, edition_id=edition_id)
    }
    # Land owned is asked for since 2016-17, and site land was before: a change of the question is no slip.
    pairs = ((row, beside.get((row["id"], row["attribute"]))) for row in cells)
    return {
        (row["id"], row["attribute"]): (then["number"], then["edition"])
        for row, then in pairs
        if row["attribute"] in SIZES and then and row["number"] and has_changed(row["number"], then["number"])
    }


def _cell(row: RowMapping, former: Former) -> Cell:
    return Cell(
        row["site_ref"], row["code"], row["name"], row["attribute"], row["state"], row["raw"], row["number"],
        row["implausible"], row["edition"], row["file_name"], row["line"], _column(row),
        former.get((row["id"], row["attribute"])),
    )  # fmt: skip


def _column(row: RowMapping) -> str:
    """What the column is called where the figure comes from: ERIC's own name, and ours where the file is ours."""
    ours = row["attribute"]
    if row["source"] != "ERIC" and row["format"] != "eric":
        return str(ours)
    published = eric_columns.VALUES[ours][0]
    return published if row["format"] == "eric" else f"{published} ({ours})"
