"""Neighbours in words: what is measured apart from what may be."""

from estates_api.domain.assembly import Neighbour, describe_neighbours

DEPOT = Neighbour("NCL-D", "North Depot", ("London Borough of Haringey",), 12.34)
CLINIC = Neighbour("NCL-C", "Clinic", (), None, same_postcode=True)
SHOP = Neighbour("NCL-S", "Shop", (), None)


def test_what_is_measured_is_told_apart_from_what_may_be() -> None:
    """A neighbour at a known distance is listed with it; one at a postcode only may adjoin, in words alone."""
    told = describe_neighbours([DEPOT, CLINIC, SHOP], "assembly-NCL-A")
    assert told["adjacent"] == [
        {"ref": "NCL-D", "name": "North Depot", "public_owners": ["London Borough of Haringey"], "distance_m": 12.3}
    ]
    assert told["may_adjoin"] == ["Clinic, same postcode", "Shop, postcodes next to one another"]
    assert told["told"].startswith("Within 50 m: North Depot (London Borough of Haringey), 12 m away. May adjoin: Cli")
    assert told["assembly"] == "assembly-NCL-A"


def test_nothing_next_door_is_said() -> None:
    """Without neighbours the words say so, and no list is left out."""
    told = describe_neighbours([], None)
    assert (told["adjacent"], told["may_adjoin"], told["assembly"]) == ([], [], None)
    assert told["told"] == "No other catalogued site is known to be next to it."
