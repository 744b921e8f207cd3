"""Preview: what handing a file in would change, found by doing it and taking it all back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from estates_api.domain.area import Area
from estates_api.store.previews import list_changes
from estates_api.workflows.ingest import Ingested, ingest
from estates_api.workflows.origin import Origin

SHOWN_CHANGES = 200
"""Changes of each kind that are listed; all are counted."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would become, and what it would change. `extra` is what was asked while it was there."""

    done: Ingested
    changes: Mapping[str, Any]
    extra: Any = None


def preview(  # noqa: PLR0913 -- as ingest
    connection: Connection, path: Path, *, area: Area, name: str | None = None, origin: Origin | None = None,
    progress: Callable[[str], None] = lambda _: None, ask: Callable[[Ingested], Any] = lambda _: None,
) -> Preview:  # fmt: skip
    """Hand a file in, see what changed, and undo it: nothing is written, whatever becomes of the caller's transaction.

    BadInput and Conflict as `ingest`. Numbers that the database gave out in between are not given again. `ask` reads
    what else is to be told, before it is undone.
    """
    with connection.begin_nested() as savepoint:
        done = ingest(connection, path, area=area, name=name, origin=origin, actor="preview", progress=progress)
        progress("comparing")
        changes = list_changes(connection, done.edition_id if done.new else None, SHOWN_CHANGES)
        found = Preview(done, changes, ask(done))
        savepoint.rollback()
    return found
