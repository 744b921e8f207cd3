"""Hand in: a file of whatever kind becomes one edition, in one transaction, or nothing is written."""

from pathlib import Path

from sqlalchemy import Connection

from estates_api.domain.area import Area
from estates_api.sources.outlines import FORMAT as OUTLINE
from estates_api.workflows.ingest import Ingested, Progress, ingest
from estates_api.workflows.origin import Origin
from estates_api.workflows.outline import outline


def hand_in(  # noqa: PLR0913 -- as ingest
    connection: Connection, path: Path, *, area: Area, name: str | None = None, origin: Origin | None = None,
    actor: str = "command line", progress: Progress = lambda _: None,
) -> Ingested:  # fmt: skip
    """Parcels, where the format says so, become outlines of sites; of every other file it is read what it says.

    BadInput and Conflict as `ingest` and `outline`.
    """
    take = outline if origin and origin.insisted == OUTLINE else ingest
    return take(connection, path, area=area, name=name, origin=origin, actor=actor, progress=progress)
