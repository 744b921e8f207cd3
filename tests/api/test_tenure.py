"""Tenure: sites are found by what a public owner has there, each audience's own; what nobody states is not known."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from estates_api.domain.keys import parse_holder
from estates_api.store.database import transaction
from estates_api.workflows.keys import create_key

ITEMS = "/collections/{}/items?limit=10000&properties=ref,owner,tenure{}"


def found(
    client: TestClient, test: str = "true = true", more: str = "", of: str = "candidates"
) -> dict[str, tuple[str, str]]:  # fmt: skip
    """Owner and tenure of the sites that a filter finds, by reference."""
    page = client.get(ITEMS.format(of, more), params={"filter": test}).json()
    return {one["id"]: (one["properties"]["owner"], one["properties"]["tenure"]) for one in page["features"]}


@pytest.mark.parametrize("moment", ["", "&as-of=2026-06-30"])
def test_every_site_is_found_by_one_tenure(api: TestClient, moment: str) -> None:
    """Freehold, leasehold and not known are all sites, each once, today as on another day; a site without an owner has
    no tenure, and nothing else is ever said."""
    parts = [found(api, test, moment) for test in ("tenure = 'freehold'", "tenure = 'leasehold'", "tenure IS NULL")]
    assert all(parts)
    whole = {ref: told for part in parts for ref, told in part.items()}
    assert sum(map(len, parts)) == len(whole)
    assert whole == found(api, more=moment)
    assert [{tenure for _, tenure in part.values()} for part in parts] == [{"freehold"}, {"leasehold"}, {None}]
    assert all(tenure is None for owner, tenure in whole.values() if owner is None)


def test_a_lease_is_what_it_is_to_whoever_may_know(
    loaded: Engine, hand_in: Callable[..., Any], template: Callable[..., bytes], make_api: Callable[..., TestClient]
) -> None:
    """A tenure that only one owner told is found by that one and by those who see everything, and by nobody else."""
    row = {"organisation_code": "RZ1", "organisation_name": "Trust RZ1", "sector": "NHS", "holding_code": "RZ1A",
           "name": "Secret", "postcode": "NW3 2QG", "gia_m2": 500, "interest": "head lessee"}  # fmt: skip
    hand_in(loaded, "a.csv", template(row), sensitivity="owner")
    seen = {}
    for role, more in (("partner", {}), ("owner", {"organisation": "RZ1"}), ("owner", {"organisation": "RAL"}),
                       ("administrator", {})):  # fmt: skip
        with transaction(loaded) as connection:
            key = create_key(connection, parse_holder(role, f"the {role}", **more))
        leased = found(make_api(loaded, key=key), "tenure = 'leasehold'", of="sites")
        seen[role, more.get("organisation")] = "NCL-RZ1A" in leased
    assert seen == {("partner", None): False, ("owner", "RZ1"): True, ("owner", "RAL"): False,
                    ("administrator", None): True}  # fmt: skip
    assert "NCL-RZ1A" not in found(make_api(loaded), "tenure = 'leasehold'", of="sites")
