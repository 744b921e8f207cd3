"""The density matrix against dated cases, with what is known of their sites."""

from sqlalchemy import Engine
from starlette.testclient import TestClient

from estates_api.domain.method_file import parse_method
from estates_api.settings import ROOT
from estates_api.store.database import transaction
from estates_api.workflows import setup
from estates_api.workflows.capacity import Check, check_capacity


def check(engine: Engine) -> Check:
    """The cases of the shipped method."""
    content = setup.read_shipped(ROOT / "data", setup.METHOD_FILE)
    method = parse_method(content, setup.METHOD_FILE)
    with transaction(engine) as connection:
        return check_capacity(connection, method.density, "public")


def test_every_case_is_compared_at_its_own_place(reading: Engine) -> None:
    """Each case has the transport band of its site; St Ann's 700 to 800 homes on 7.1 ha lie within the range."""
    found = check(reading)
    assert len(found.cases) >= 8
    first = found.cases[0]
    assert (first.case.holding, first.bands, first.within) == ("RRP03", ("2-3",), True)
    assert found.told().startswith(f"Of {len(found.cases)} cases {found.within} lie within the range")


def test_what_misses_is_counted_as_missing(reading: Engine) -> None:
    """A case outside the range is not called within it."""
    found = check(reading)
    assert found.within < len(found.cases)
    assert {one.case.holding for one in found.cases if not one.within} == {"RAL-QUEENMARYS"}


def test_a_method_without_a_matrix_has_nothing_to_check(reading: Engine) -> None:
    """No matrix, no cases, and a sentence that says so."""
    with transaction(reading) as connection:
        found = check_capacity(connection, None, "public")
    assert (len(found.cases), found.typical_error) == (0, 0.0)
    assert found.told() == "The method has no dated case to check against."


def test_candidates_say_how_many_homes(api: TestClient) -> None:
    """The columns of a candidate are those of its explanation, then as now."""
    for day in ("", "?as-of=2015-03-31"):
        ref = "NCL-RALC7"
        told = api.get(f"/sites/{ref}{day}").json()["capacity"]
        said = api.get(f"/collections/candidates/items/{ref}{day}").json()["properties"]
        assert (said["homes_low"], said["homes_high"], said["homes_basis"]) == (
            told["low"], told["high"], told["basis"],
        )  # fmt: skip
    assert (told["high"], told["basis"]) == (500, "consent")
