from pathlib import Path

import pytest

from estates_api.domain.area import parse_area
from estates_api.errors import BadInput

PROFILE = Path(__file__).parents[2] / "data/areas/ncl.toml"


def test_the_shipped_area() -> None:
    """North Central London is five boroughs, with its neighbours and the trusts that are partners."""
    area = parse_area(PROFILE.read_bytes(), PROFILE.name)
    assert sorted(area.boroughs.values()) == ["Barnet", "Camden", "Enfield", "Haringey", "Islington"]
    assert not set(area.boroughs) & set(area.neighbours)
    assert {"RAL", "RRP", "RAN"} <= set(area.trusts)
    assert area.prefix


def test_a_council_may_have_headers_of_its_own() -> None:
    """Column names of one council come from the profile: another council needs no code."""
    shipped = PROFILE.read_bytes()
    assert parse_area(shipped, "x").headers == {}
    area = parse_area(shipped + b'\n[headers.E09000003]\nasset_id = ["Terrier number", "Ref"]\n', "x")
    assert area.headers == {"E09000003": {"asset_id": ("Terrier number", "Ref")}}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"id = ", "not readable"),
        (b"\xff", "not readable"),
        (b'id = "x"', "'name' is missing"),
        (b'id="x"\nname="x"\nsite_reference_prefix="X"\nborough=["E1"]\nmember_trusts=[]', "must be tables"),
        (b'id="x"\nname="x"\nsite_reference_prefix="X"\nborough=[]\nmember_trusts="RAL"', "list of codes"),
        (b'id="x"\nname="x"\nsite_reference_prefix="X"\nborough=[]\nmember_trusts=3', "list of codes"),
        (b'id="x"\nname="x"\nsite_reference_prefix="X"\nborough=[]\nmember_trusts=[]\nheaders.E1.name="x"', "headers"),
        (b'id="x"\nname="x"\nsite_reference_prefix="X"\nborough=[]\nmember_trusts=[]\nheaders=["x"]', "headers"),
    ],
)
def test_a_broken_area_is_refused_by_name(content: bytes, told: str) -> None:
    """A profile that cannot be used is refused with its file and what is wrong."""
    with pytest.raises(BadInput, match=f"ncl-2.toml: .*{told}"):
        parse_area(content, "ncl-2.toml")
