"""Preview: what handing a file in would change, found by doing it and taking it all back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from estates_api.domain.area import Area
from estates_api.errors import Conflict
from estates_api.store.previews import list_changes
from estates_api.workflows.hand_in import hand_in
from estates_api.workflows.ingest import Ingested
from estates_api.workflows.origin import Origin

SHOWN_CHANGES = 200
"""Changes of each kind that are listed; all are counted."""

KINDS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "sites_new": ("new site", "new sites", ("site", "name", "postcode")),
    "sites_gone": ("site merged or withdrawn", "sites merged or withdrawn", ("site", "kind", "survivor", "reason")),
    "holdings_new": ("new holding", "new holdings", ("organisation_code", "code", "name", "site")),
    "holdings_moved": ("holding that moves", "holdings that move", ("organisation_code", "code", "name", "old", "new")),
    "questions": ("question whether two are one place", "questions whether two are one place",
                  ("organisation_code", "code", "other_code", "evidence")),
    "figures_changed": ("figure that changes", "figures that change",
                        ("site", "code", "attribute", "old", "new", "old_edition")),
    "outlines_new": ("outline of a site", "outlines of sites", ("site", "name", "old", "new")),
}  # fmt: skip
"""The kinds of change: what one and several are called, and what is told of each."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would become, and what it would change. `extra` is what was asked while it was there."""

    done: Ingested
    changes: Mapping[str, Any]
    extra: Any = None


def preview(  # noqa: PLR0913 -- as ingest
    connection: Connection, path: Path, *, area: Area, name: str | None = None, origin: Origin | None = None,
    progress: Callable[[str], None] = lambda _: None, ask: Callable[[Ingested], Any] = lambda _: None,
    shown: int = SHOWN_CHANGES, own: str | None = None,
) -> Preview:  # fmt: skip
    """Hand a file in, see what changed, and undo it: nothing is written, whatever becomes of the caller's transaction.

    BadInput and Conflict as `ingest`. Numbers that the database gave out in between are not given again. `ask` reads
    what else is to be told, before it is undone. `own`: only what concerns one organisation is told.
    """
    with connection.begin_nested() as savepoint:
        done = hand_in(connection, path, area=area, name=name, origin=origin, actor="preview", progress=progress)
        progress("comparing")
        changes = list_changes(connection, done.edition_id if done.new else None, shown, own=own)
        found = Preview(done, changes, ask(done))
        savepoint.rollback()
    return found


def check_as_shown(connection: Connection, done: Ingested, shown: str, *, own: str | None = None) -> None:
    """Conflict when a file that was just handed in changes something else than a preview said (the `sha256` of its
    changes): what others did in between matters. One that was here already changes nothing."""
    if done.new and list_changes(connection, done.edition_id, 0, own=own)["sha256"] != shown:
        raise Conflict("the catalogue has changed since the file was checked, and taking it in would not change what "
                       "was shown then: check it again")  # fmt: skip
