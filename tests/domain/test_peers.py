import pytest
from builders import method

from estates_api.domain.peers import ALL, Expected, Peers, Reference, site_class


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
    (Expected("c", ALL, 0.25, 100), Expected("c", "acute", 0.5, 40), Expected("p", "place", 0.75, 795)),
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


def test_what_is_expected_of_silence() -> None:
    """An NHS site that says nothing is expected to be like its class; a place like its area; all else earns nothing."""
    assert _PEERS.expected("c", "acute", nhs=True) == 0.5
    assert _PEERS.expected("c", "mixed", nhs=True) == 0.25
    assert _PEERS.expected("c", "acute", nhs=False) == 0.0
    assert _PEERS.expected("p", "acute", nhs=False) == 0.75
    assert _PEERS.expected("unheard of", "acute", nhs=True) == 0.0


def test_frozen_figures_say_how_they_were_made() -> None:
    """The shipped figures name their source and rest on at least thirty sites each."""
    peers = method().peers
    assert "England" in peers.made
    assert min(row.n for row in (*peers.references, *peers.expectations)) >= 30
