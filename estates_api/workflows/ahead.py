"""Reading ahead: the next batches are made by a thread of their own while the caller waits for the database."""

from collections.abc import Iterable, Iterator
from itertools import islice
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

AHEAD = 2
"""Batches that wait at most: memory stays flat however slow the database is."""


def batches_ahead(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """The items in order, in tuples of `size`; what making them raises is raised here, after those made before it."""
    made: Queue[tuple[T, ...] | BaseException] = Queue(AHEAD)
    left = Event()
    maker = Thread(target=_make, args=(items, size, made, left), daemon=True)
    maker.start()
    try:
        while batch := made.get():
            if isinstance(batch, BaseException):
                raise batch
            yield batch
    finally:
        left.set()
        maker.join()


def _make(items: Iterable[T], size: int, made: Queue[tuple[T, ...] | BaseException], left: Event) -> None:
    iterator = iter(items)
    try:
        while not left.is_set():
            batch = tuple(islice(iterator, size))
            _put(made, batch, left)
            if not batch:
                return
    except BaseException as error:  # raised again by the caller's thread
        _put(made, error, left)


def _put(made: Queue[tuple[T, ...] | BaseException], batch: tuple[T, ...] | BaseException, left: Event) -> None:
    while not left.is_set():
        try:
            return made.put(batch, timeout=0.1)
        except Full:
            continue
    return None
