"""Databases with and without what is withheld, made once for each seed. What is beside this file is importable, however
pytest is started."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from estates_api.domain.area import Area

sys.path.insert(0, str(Path(__file__).parent))

from stock import Stock, Worlds, make_world


@pytest.fixture(scope="session")
def make_worlds(
    copied: Callable[[str], AbstractContextManager[str]], reference_template: str, area: Area,
    hand_in: Callable[..., Any], draft: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[int], Worlds]]:  # fmt: skip
    """Makes the databases of a seed, which live as long as the session."""
    stock = Stock(area, hand_in, draft, tmp_path_factory.mktemp("parcels"), copied)
    made: dict[int, Worlds] = {}

    def make(seed: int) -> Worlds:
        if seed not in made:
            made[seed] = make_world(stock, reference_template, seed)
        return made[seed]

    with stock.held:
        yield make
