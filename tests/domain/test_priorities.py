import pytest
from builders import full, method, site
from estates_api.domain.priorities import priorities_of

from estates_api.domain.sites import Surroundings


@pytest.mark.parametrize(
    ("around", "told"),
    [
        (Surroundings(), [None, None, None]),
        (Surroundings(station="Colindale", station_m=312.4), ["Colindale, 312 m", None, None]),
        (
            Surroundings(station="Colindale", station_m=1312.0, town_centre="district", town_centre_m=90.0),
            ["Colindale, 1,312 m; district town centre, 90 m", None, None],
        ),
        (Surroundings(station="Colindale", housing_zone="A Zone"), [None, "A Zone", None]),
        (Surroundings(opportunity_area="Upper Lee Valley"), [None, None, "Upper Lee Valley"]),
    ],
)
def test_priorities_stand_beside_the_score(around: Surroundings, told: list[str | None]) -> None:
    """Transport, Housing Zone and Opportunity Area in the method's order, as far as they are known."""
    found = priorities_of(site(full(), surroundings=around), method())
    assert [rule.id for rule, _ in found] == ["transport", "housing-zone", "opportunity-area"]
    assert [said for _, said in found] == told
