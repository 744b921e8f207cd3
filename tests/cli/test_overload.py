"""Four times what the service can answer, for a minute."""

import asyncio
import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType

import pytest
from sqlalchemy import Engine

from estates_api.settings import ROOT

SECONDS, TIMES = 60.0, 4.0


@pytest.fixture(scope="module")
def overload() -> ModuleType:
    """The script that measures it."""
    spec = importlib.util.spec_from_file_location("overload", ROOT / "scripts/bench/overload.py")
    assert spec is not None
    assert spec.loader is not None
    made = sys.modules["overload"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.slow
def test_overload_is_survived(make_loaded: Callable[[], Engine], overload: ModuleType) -> None:
    """Answers stay correct, some are let in and the rest refused, memory stays bounded, and afterwards all is answered.

    How soon is printed by the script: generator, service and database share the processors with whatever else runs."""
    url = make_loaded().url.render_as_string(hide_password=False)
    with overload.serving(url) as (process, port):
        asks = overload.measure(process, port, overload.questions(), times=TIMES, seconds=SECONDS, rest=20)
        found = asyncio.run(asks)
    table = found.table()
    assert found.loaded.wrong == 0, table
    assert found.loaded.of(200), table
    assert found.loaded.of(503), table
    before, peak, after = found.memory_mb
    assert peak < before + 80, table
    assert after < before + 60, table
    assert found.after.wrong == 0, table
    assert found.after.of(200), table
    assert not found.after.of(503), table
