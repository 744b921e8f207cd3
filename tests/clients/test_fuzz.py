"""Schemathesis, from the API description alone: nothing that it allows, and nothing that it forbids, is answered by an
error of ours or by what the description does not say."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from wire import COLLECTIONS, Web

CASES = 2_500
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_five_thousand_cases(web: Web, mode: GenerationMode) -> None:
    """2,500 requests that the description allows, and as many that it does not, shared out over all that can be
    read, half of them about what is there: no 5xx, no answer of another type or form than is described."""
    load_all_checks()
    schema = schemathesis.openapi.from_url(f"{web.url}/api")
    operations = [found.ok() for found in schema.get_all_operations() if found.ok().method == "get"]
    assert len(operations) > 30
    asked = [one for one in operations if one.query or (one.path_parameters and mode is GenerationMode.POSITIVE)]
    known = known_parts(web)
    done = sum(put(one, mode, -(-CASES // len(asked)), known) for one in asked)
    assert done >= CASES * 0.95  # an operation with few parameters has fewer cases than its share


def known_parts(web: Web) -> dict[str, list[str]]:
    """What parts of paths can be so that something is there."""
    ids = [one["id"] for name in COLLECTIONS for one in web.items(name, limit=1)["features"]]
    sites = [one["id"] for one in web.items("sites", limit=3)["features"]]
    editions = [one["id"] for one in web.json("/editions")["editions"]]
    return {"collection": list(COLLECTIONS), "square": ["WebMercatorQuad"], "ref": sites, "featureId": ids,
            "edition": editions, "quarter": ["2015-Q1", "1999-Q4"], "table": ["llc", "brownfield", "rsspl"],
            }  # fmt: skip


def put(operation: Any, mode: GenerationMode, cases: int, known: dict[str, list[str]]) -> int:
    """Put cases of one operation to the service; how many there were."""
    done = 0

    @seed(20_261_122)
    @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode), there=st.booleans(), which=st.integers(0, 99))
    def check(case: schemathesis.Case, there: bool, which: int) -> None:
        nonlocal done
        done += 1
        for name in set(case.path_parameters or ()) & set(known) if there else ():
            case.path_parameters[name] = known[name][which % len(known[name])]
        case.call_and_validate(checks=CHECKS)

    check()
    return done
