"""What takes a while to work out and is asked again and again: kept in this process until the data change."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from sqlalchemy import Connection

from estates_api.store.audit import data_version

Who = TypeVar("Who", bound=Hashable)
What = TypeVar("What")


class UntilChanged(Generic[Who, What]):
    """What is worked out for each reader, such as an audience, from the data as they are."""

    def __init__(self, work_out: Callable[[Connection, Who], What]) -> None:
        self._work_out = work_out
        self._kept: dict[Who, tuple[int, What]] = {}

    def find(self, connection: Connection, who: Who) -> What:
        """What it is today; worked out where the data have changed, or nobody like this has asked."""
        version = data_version(connection)
        kept = self._kept.get(who)
        if kept is None or kept[0] != version:
            kept = self._kept[who] = version, self._work_out(connection, who)
        return kept[1]
