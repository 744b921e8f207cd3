import hashlib
import re

import pytest
from builders import METHOD_FILE, method

from estates_api.domain.assessment import check_method
from estates_api.domain.gates import GATES
from estates_api.domain.measures import MEASURES
from estates_api.domain.method import parse_method
from estates_api.errors import BadInput

TEXT = METHOD_FILE.read_text(encoding="utf-8")


def test_the_shipped_method() -> None:
    """The method that ships reads, has a measure for every criterion, and is known by the hash of its bytes."""
    shipped = check_method(method())
    assert shipped.id == "ncl-1"
    assert {criterion.id for criterion in shipped.criteria} == set(MEASURES)
    assert set(shipped.gates) == set(GATES)
    assert shipped.sha256 == hashlib.sha256(METHOD_FILE.read_bytes()).hexdigest()
    assert {criterion.score for criterion in shipped.of("reuse")} == {"reuse"}


@pytest.mark.parametrize("criterion", method().criteria, ids=lambda criterion: criterion.id)
def test_every_criterion_can_be_defended(criterion) -> None:
    """Every criterion says why it is there and cites what it rests on; its name is short."""
    assert criterion.why.endswith(".")
    assert len(criterion.citation) > 10
    assert criterion.id == f"{criterion.score}.{criterion.name}"


def test_every_group_has_criteria_and_the_same_weight() -> None:
    """Groups share equally: no published argument ranks them."""
    assert {criterion.group for criterion in method().criteria} == set(method().group_weights)
    assert set(method().group_weights.values()) == {1.0}


def test_value_points_are_the_criterions_or_the_peers() -> None:
    """Open land has its own points; backlog takes its peers' median and 90th percentile."""
    by_id = {criterion.id: criterion for criterion in method().criteria}
    assert method().value_points(by_id["release.open_land"], None, "acute") == ((0.1, 0.0), (10.0, 1.0))
    assert method().value_points(by_id["release.backlog"], "ERIC 2014-15", "acute") == ((37.79, 0.0), (183.5, 1.0))


BROKEN = {
    "not TOML": ('id = "ncl-1"', "id = ncl-1", "not readable as TOML"),
    "title missing": ("\ntitle = ", "\nheading = ", "title"),
    "cut-off missing": ("reuse = 55", "", "reuse"),
    "cut-off out of range": ("release = 42 ", "release = 420 ", "cut_offs"),
    "cut-off not a number": ("coverage = 0.5 ", "coverage = nan ", "cut_offs"),
    "years negative": ("stale_years = 3 ", "stale_years = -3 ", "cut_offs"),
    "weight zero": ("weight = 1  ", "weight = 0  ", "'utilisation'.*above 0"),
    "weight not a number": ("weight = 1  ", "weight = nan  ", "'utilisation'.*above 0"),
    "weight endless": ("weight = 1  ", "weight = inf  ", "'utilisation'.*above 0"),
    "weight a word": ("weight = 1  ", 'weight = "much"  ', "'utilisation'.*much"),
    "group twice": ('id = "land"', 'id = "utilisation"', "group id stands twice"),
    "no such group": ('group = "fitness"', 'group = "health"', r"reuse\.spare.*reuse\.health"),
    "neither score": ('id = "release.vacancy"', 'id = "retain.vacancy"', r"retain\.vacancy.*begin with"),
    "why missing": ("why = ", "because = ", r"release\.vacancy.*why"),
    "points of one number": ("points = [[2.5, 0], [30, 1]]", "points = [[2.5], [30]]", r"release\.vacancy"),
    "one point": ("points = [[2.5, 0], [30, 1]]", "points = [[2.5, 0]]", r"release\.vacancy.*two or more"),
    "no points": ("points = [[2.5, 0], [30, 1]]", "points = []", r"release\.vacancy.*no peers"),
    "two values at once": ("points = [[2.5, 0], [30, 1]]", "points = [[2, 0], [2, 1]]", r"release\.vacancy.*different"),
    "value above one": ("points = [[2.5, 0], [30, 1]]", "points = [[2.5, 0], [30, 2]]", r"release\.vacancy.*0-1"),
    "up and down": (
        "points = [[2.5, 0], [30, 1]]",
        "points = [[0, 0], [1, 1], [2, 0]]",
        r"release\.vacancy.*only rise",
    ),
    "flat": ("points = [[2.5, 0], [30, 1]]", "points = [[0, 1], [1, 1]]", r"release\.vacancy.*only rise"),
    "measure not finite": ("points = [[2.5, 0], [30, 1]]", "points = [[0, 0], [inf, 1]]", r"release\.vacancy.*finite"),
    "log of nothing": ("points = [[0.1, 0], [10, 1]]", "points = [[0, 0], [10, 1]]", r"release\.open_land.*log"),
    "scale misspelt": ('scale = "log"', 'scale = "logarithm"', r"release\.open_land.*scale"),
    "criterion twice": ('id = "release.idle_land"', 'id = "release.vacancy"', "criterion id stands twice"),
    "p90 below the median": ("p90 = 170.95", "p90 = 1.95", r"release\.backlog.*2013-14, acute.*above the median"),
    "p90 not a number": ("p90 = 170.95", "p90 = nan", r"release\.backlog.*2013-14, acute.*above the median"),
    "quantiles that fall": ("n = 155, at = [0, ", "n = 155, at = [9, ", r"release\.vacancy.*acute.*rise"),
    "a quantile too many": ("n = 155, at = [0, ", "n = 155, at = [0, 0, ", r"release\.vacancy.*acute.*25 numbers"),
    "probabilities short of one": ("0.99, 1]", "0.99]", "probabilities rise from 0 to 1"),
    "too few draws": ("draws = 1000", "draws = 10", "robustness: draws"),
    "draws too wide": ("criteria = 30", "criteria = 0", "robustness:.*criteria at 1"),
    "gate without reason": ('id = "owner"\nreason', 'id = "owner"\nwhy', "'owner'.*reason"),
    "gates not a list": ('[[gate]]\nid = "owner"', '[gate]\nid = "owner"', "gate"),
}


@pytest.mark.parametrize(("old", "new", "told"), BROKEN.values(), ids=BROKEN)
def test_a_broken_method_names_its_entry(old: str, new: str, told: str) -> None:
    """A method that cannot be used is refused with the file and the entry that is wrong."""
    assert old in TEXT
    broken = TEXT.replace(old, new, 1)
    if "gate]" in old:
        broken = re.sub(r"\[\[gate\]\]\nid = \"(?!owner).*\nreason = .*\n", "", broken)
    with pytest.raises(BadInput, match=f"(?s)ncl-2.toml: .*{told}"):
        parse_method(broken.encode(), "ncl-2.toml")


@pytest.mark.parametrize("head", ["group = 1", "peers = 1", 'criterion = ["a"]', "cut_offs = []", "gate = 3"])
def test_a_part_of_the_wrong_kind_is_refused(head: str) -> None:
    """A part that is a number where a table belongs is a plain error too, never a crash."""
    key = head.partition(" ")[0]
    rest = "\n".join(
        part for part in re.split(r"\n(?=\[)", TEXT) if not re.match(rf"\[+{key}[\].]", part)
    )  # fmt: skip
    with pytest.raises(BadInput, match=r"ncl-2\.toml"):
        parse_method(f"{head}\n{rest}".encode(), "ncl-2.toml")


def test_bytes_that_are_no_text_are_refused() -> None:
    """A method file in another encoding is refused by name."""
    with pytest.raises(BadInput, match=r"ncl-2\.toml: not readable"):
        parse_method(b"\xff\xfe", "ncl-2.toml")


def _without_references(condition: str) -> str:
    return "\n".join(row for row in TEXT.split("\n") if not ("median = " in row and re.search(condition, row)))


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("release.running_cost", r"release\.running_cost.*no peers"),
        ('2014-15", class = "all"', r"release\.\w+, ERIC 2014-15.*all"),
    ],
)
def test_peers_that_are_missing_are_named(condition: str, told: str) -> None:
    """A criterion measured against peers needs them, over all classes in every edition."""
    with pytest.raises(BadInput, match=told):
        parse_method(_without_references(condition).encode(), "ncl-2.toml")


def test_readiness_needs_the_peers_of_backlog() -> None:
    """Readiness reads the peers' backlog even where backlog has points of its own."""
    fixed = _without_references("release.backlog").replace('points = "peers"', "points = [[0, 0], [100, 1]]", 1)
    with pytest.raises(BadInput, match=r"reuse\.condition.*release\.backlog"):
        parse_method(fixed.encode(), "ncl-2.toml")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("release.vacancy", "release.charm", "no measure called release.charm"),
        ("sole-acute", "sole", "no gate called sole"),
    ],
)
def test_a_method_asks_only_for_what_can_be_measured(old: str, new: str, told: str) -> None:
    """A criterion without a measure and a gate without a rule are refused before anything is scored."""
    other = parse_method(TEXT.replace(f'"{old}"', f'"{new}"').encode(), "ncl-2.toml")
    with pytest.raises(BadInput, match=told):
        check_method(other)
