"""The check of all routes finds leaks: one is planted in each layer, and each is found."""

from collections.abc import Callable

import pytest
from checking import Canaries, Check, every_request, ground_of
from planted import PLANTS, SPOKEN
from sqlalchemy import Engine
from starlette.testclient import TestClient
from stock import METHOD, METHOD_BYTES, TODAY, Worlds

from estates_api.domain.area import Area
from estates_api.store.database import transaction
from estates_api.workflows.assess import compute, store_run

Make = Callable[..., TestClient]
KEY = "the-key-of-the-tests"
FAST = ("counts", "decisions", "pages", "cursor", "cache key", "error text", "as-of", "roll-ups", "what-if", "editions")


@pytest.fixture
def assess(area: Area) -> Callable[[Engine], None]:
    """Assess the present again."""

    def run(engine: Engine) -> None:
        with transaction(engine) as connection:
            made = compute(connection, area, METHOD, TODAY)
            store_run(connection, made, method_content=METHOD_BYTES, present=True)

    return run


@pytest.mark.parametrize(
    "layer", [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in PLANTS]
)
def test_a_planted_leak_is_found(
    make_worlds: Callable[[int], Worlds], make_api: Make, monkeypatch: pytest.MonkeyPatch,
    assess: Callable[[Engine], None], layer: str,
) -> None:  # fmt: skip
    """With a leak in one layer the check fails, by the requests of the paths behind that layer."""
    plant, worlds = PLANTS[layer], make_worlds(1)
    SPOKEN[0] = worlds.secrets[-1].words[0]
    worlds.engine(0), worlds.engine(3)  # made before anything is planted, as other tests ask them too
    plant.patch(monkeypatch)
    spoilt = worlds.copy(3) if plant.own else worlds.engine(3)
    plant.spoil(spoilt, assess)
    with make_api(worlds.engine(0)) as without, make_api(spoilt, watch=True) as withheld:
        first = TestClient(withheld.app, "http://testserver", client=("192.0.2.7", 50_000), headers={"X-API-Key": KEY})
        check = Check(without, withheld, Canaries(worlds.secrets), first, enough=True)
        found = check.run(every_request(ground_of(1, worlds, files=False), plant.paths))
    assert found, "nobody noticed"
