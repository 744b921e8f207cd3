"""Reading ahead: the same items in the same order, and errors where they belong."""

import threading
from collections.abc import Iterator

import pytest

from estates_api.workflows.ahead import AHEAD, batches_ahead


@pytest.mark.parametrize("count", [0, 1, 4, 5, 23])
def test_the_same_items_in_order(count: int) -> None:
    """Whatever the number, every item comes once, in order, in full batches but the last."""
    batches = list(batches_ahead(range(count), 5))
    assert [item for batch in batches for item in batch] == list(range(count))
    assert all(len(batch) == 5 for batch in batches[:-1])


def test_an_error_comes_after_what_was_made_before_it() -> None:
    """What reading raises is raised to the caller, after the batches that were whole before it."""

    def items() -> Iterator[int]:
        yield from range(6)
        raise ValueError("row 7")

    batches = batches_ahead(items(), 3)
    assert [next(batches), next(batches)] == [(0, 1, 2), (3, 4, 5)]
    with pytest.raises(ValueError, match="row 7"):
        next(batches)


def test_nobody_reads_on_when_the_caller_leaves() -> None:
    """When the caller stops, the thread ends, and it was never more than a few batches ahead."""
    met = []

    def items() -> Iterator[int]:
        for number in range(10_000_000):
            met.append(number)
            yield number

    before = threading.active_count()
    for _ in batches_ahead(items(), 10):
        break
    assert threading.active_count() == before
    assert len(met) <= 10 * (AHEAD + 3)
