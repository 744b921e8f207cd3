import pytest
from builders import method

from estates_api.domain.peers import ALL, DRAWN, PLACE, Distribution, Peers, Reference, site_class


@pytest.mark.parametrize(
    ("site_type", "group"),
    [
        ("GENERAL ACUTE HOSPITAL", "acute"),
        ("General acute hospital", "acute"),
        ("Specialist hospital (acute only)", "specialist"),
        ("MULTI-SERVICE HOSPITAL", "mixed"),
        ("Mixed service hospital", "mixed"),
        ("Mental Health (including Specialist services)", "mental health"),
        ("Mental Health and Learning Disabilities", "mental health"),
        ("Learning Disabilities", "mental health"),
        ("Community hospital (with inpatient beds)", "community"),
        ("SHORT TERM NON-ACUTE HOSPITAL", "community"),
        ("Other inpatient", "community"),
        ("NON-HOSPITAL (PATIENT)", "non-inpatient"),
        ("Non inpatient", "non-inpatient"),
        ("Other Reportable Site", "non-inpatient"),
        ("SUPPORT FACILITY", "support"),
        ("Unoccupied", "support"),
        ("Ambulance services", ALL),
        ("", ALL),
        (None, ALL),
    ],
)
def test_site_types_of_all_editions(site_type: str | None, group: str) -> None:
    """The words of all editions fall into one set of classes; a new or missing type is compared with all."""
    assert site_class(site_type) == group


_PEERS = Peers(
    "made up",
    (
        Reference("c", "ERIC 2013-14", ALL, 1, 2, 100),
        Reference("c", "ERIC 2014-15", ALL, 3, 4, 100),
        Reference("c", "ERIC 2014-15", "acute", 5, 6, 40),
    ),
    (0.0, 0.5, 1.0),
    (
        Distribution("c", "ERIC 2014-15", ALL, 100, (0.0, 0.0, 8.0)),
        Distribution("c", "ERIC 2014-15", "acute", 40, (1.0, 2.0, 3.0)),
        Distribution("p", "made", PLACE, 795, (1.0, 1.0, 1.0)),
    ),
)


@pytest.mark.parametrize(
    ("edition", "group", "found"),
    [
        ("ERIC 2014-15", "acute", (5, 6)),
        ("ERIC 2014-15", "mixed", (3, 4)),
        ("ERIC 2022-23", "acute", (5, 6)),
        ("ERIC 2013-14", "acute", (1, 2)),
        ("ERIC 2010-11", "acute", (1, 2)),
        ("Asset list 2024", "acute", (5, 6)),
        ("", "acute", (5, 6)),
    ],
)
def test_the_peers_of_an_edition(edition: str, group: str, found: tuple[float, float]) -> None:
    """The same edition, else the last before it, else the first; another source's figure meets the newest peers."""
    assert _PEERS.reference("c", edition, group) == found


@pytest.mark.parametrize(
    ("criterion", "group", "nhs", "found"),
    [("c", "acute", True, 40), ("c", "mixed", True, 100), ("c", "acute", False, None), ("p", "acute", False, 795),
     ("unheard of", "acute", True, None)],
)  # fmt: skip
def test_what_silence_is_met_with(criterion: str, group: str, nhs: bool, found: int | None) -> None:
    """An NHS site that says nothing is taken to be like its class; a place like its area; of all else nothing is
    published."""
    similar = _PEERS.distribution(criterion, group, nhs=nhs)
    assert (similar.n if similar else None) == found


def test_draws_follow_the_distribution() -> None:
    """Half of what is drawn lies at or below the median, evenly between the quantiles, within their ends."""
    similar = _PEERS.distribution("c", "mixed", nhs=True)
    assert similar is not None
    draws = _PEERS.draws(similar)
    assert len(draws) == DRAWN
    assert (draws[: DRAWN // 2] == 0).all()
    assert draws[DRAWN // 2 :].mean() == pytest.approx(4)
    assert draws.max() < 8


def test_frozen_figures_say_how_they_were_made() -> None:
    """The shipped figures name their source and rest on at least thirty sites each."""
    peers = method().peers
    assert "England" in peers.made
    assert min(row.n for row in (*peers.references, *peers.distributions)) >= 30
    asked = {row.criterion for row in peers.distributions}
    assert asked >= {one.id for one in method().criteria} - {"reuse.colocation", "reuse.partners", "reuse.security"}
