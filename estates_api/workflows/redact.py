"""Redact: what one row of an edition says is masked from here on, by every route; the record itself stays as it is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from estates_api.domain.area import Area
from estates_api.domain.method import Method
from estates_api.errors import BadInput, Conflict, NotFound
from estates_api.store import assessments, editions, redactions
from estates_api.store.audit import add_audit
from estates_api.store.holdings import settle_holdings
from estates_api.store.outlines import refresh_outlines
from estates_api.store.projection import refresh_projection
from estates_api.store.touched import open_touched, touch_sites
from estates_api.workflows.assess import compute, store_run
from estates_api.workflows.match import match_places

_TELLING = 4
"""Texts of fewer characters than this may stand in a reason by chance."""


@dataclass(frozen=True, slots=True)
class Mask:
    """What to mask: one row of an edition, or one attribute of it, and why. The reason is shown to everybody."""

    edition_id: int
    line: int
    reason: str
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the sites are written and assessed anew with."""

    area: Area
    method: Method
    method_content: bytes
    today: date


def redact(connection: Connection, mask: Mask, *, by: Conditions, actor: str = "command line") -> list[str]:
    """Mask it in the caller's transaction; the references of the sites it touched.

    Names and places are settled again without it, sites are assessed and written anew. Stored lists that rest on it
    are masked when they are read. NotFound and BadInput say what there is to redact.
    """
    editions.lock_catalogue(connection)
    row = _check(connection, mask)
    values = {"edition_id": mask.edition_id, "line": mask.line, "attribute": mask.attribute, "reason": mask.reason}
    redactions.add_redaction(connection, values | {"actor": actor})
    refs = redactions.list_places(connection, row)
    open_touched(connection)
    touch_sites(connection, refs)
    settle_holdings(connection, row.holding_ids)
    redactions.forget_masked(connection, row.holding_ids, refs)
    match_places(connection, by.area)
    refresh_outlines(connection, by.area.boroughs)
    refresh_projection(connection)
    add_audit(connection, actor=actor, action=redactions.ACTION, subject=f"edition {mask.edition_id} row {mask.line}",
              detail={"attribute": mask.attribute, "reason": mask.reason, "sites": refs})  # fmt: skip
    if assessments.find_latest(connection):
        run = compute(connection, by.area, by.method, by.today)
        store_run(connection, run, method_content=by.method_content, present=True, actor=actor)
    return refs


def _check(connection: Connection, mask: Mask) -> redactions.Row:
    row = redactions.find_row(connection, mask.edition_id, mask.line)
    if row is None:
        raise NotFound(f"edition {mask.edition_id} has no row {mask.line} of which anything was taken")
    if mask.attribute is not None and mask.attribute not in row.attributes:
        there = ", ".join(sorted(row.attributes)) or "none that can be masked alone"
        raise BadInput(f"row {mask.line} says nothing of {mask.attribute!r}; its attributes are {there}")
    if reason := redactions.find_redaction(connection, mask.edition_id, mask.line, mask.attribute):
        raise Conflict(f"this is redacted already: {reason}")
    if not mask.reason.strip():
        raise BadInput("a redaction needs a reason, which everybody may read")
    if _repeats(mask.reason, row.said):
        raise BadInput("the reason repeats what the row says; everybody may read it, so say why in other words")
    return row


def _repeats(reason: str, said: Collection[str]) -> bool:
    return any(text.casefold() in reason.casefold() for text in said if len(text) >= _TELLING)
