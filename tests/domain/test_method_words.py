from dataclasses import replace

import pytest
from builders import METHOD_FILE, method

from estates_api.domain.gates import GATES
from estates_api.domain.measures import MEASURES
from estates_api.domain.method import Criterion
from estates_api.domain.method_file import parse_method
from estates_api.domain.method_words import PEERS_POINTS, describe_method, first_sentence, points_in_words


def criterion(id_: str, **changes: object) -> Criterion:
    """A criterion of the shipped method, with changes."""
    return replace(next(one for one in method().criteria if one.id == id_), **changes)


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (criterion("release.vacancy"), "2.5% or less: no points; 30% or more: all points; in proportion between"),
        (criterion("reuse.need"), "decile 1 or less: all points; decile 10 or more: no points; in proportion between"),
        (criterion("reuse.access"), "level 1b or less: no points; level 6a or more: all points; in proportion between"),
        (criterion("reuse.partners"), "no: no points; yes: all points"),
        (
            criterion("release.open_land"),
            "0.1 ha or less: no points; 10 ha or more: all points; each tenfold step between counts the same",
        ),
        (
            criterion("release.vacancy", points=((0.0, 0.0), (10.0, 0.75), (40.0, 1.0))),
            "0% or less: no points; 10%: 75% of the points; 40% or more: all points; in proportion between",
        ),
        (
            criterion("reuse.access", points=((0.5, 0.0), (7.0, 1.0))),
            "0.5 or less: no points; level 6a or more: all points; in proportion between",
        ),
        (
            criterion("release.backlog"),
            f"{PEERS_POINTS}; in proportion between",
        ),
    ],
)
def test_a_value_function_in_words(one: Criterion, words: str) -> None:
    """Where nothing and where everything is earned, in the words of the measure, and what lies between."""
    assert points_in_words(one) == words


def test_shares_add_up_to_the_whole() -> None:
    """Groups and criteria say their share of the score, whatever the weights are."""
    text = METHOD_FILE.read_text().replace("weight = 1 ", 'weight_why = "why"\nweight = 3 ', 1)
    for parsed in (method(), parse_method(text.encode(), "m.toml")):
        for score in describe_method(parsed)["scores"]:
            assert sum(group["share"] for group in score["groups"]) == pytest.approx(1, abs=1e-12)
            for group in score["groups"]:
                assert sum(one["share"] for one in group["criteria"]) == pytest.approx(group["share"], abs=1e-12)
    heavy, *others = describe_method(parsed)["scores"][0]["groups"]
    assert (heavy["share"], heavy["weight_why"]) == (pytest.approx(3 / (3 + len(others))), "why")


def test_every_rule_has_a_public_description() -> None:
    """What the page says of a measure or a gate is the first line of its rule, a whole sentence."""
    sentences = [first_sentence(rule) for rule in (*MEASURES.values(), *GATES.values())]
    assert [one for one in sentences if not one.endswith(".") or len(one) < 20] == []


def test_what_stands_for_the_unknown_is_told() -> None:
    """NHS measures stand at similar sites', the place at its neighbourhoods', what nobody publishes at nothing."""
    told = {one["id"]: one["unknown"] for score in describe_method(method())["scores"]
            for group in score["groups"] for one in group["criteria"]}  # fmt: skip
    assert told["release.vacancy"].startswith("what similar NHS sites earn on average")
    assert told["reuse.need"] == "what the area’s neighbourhoods earn on average"
    assert told["reuse.partners"].startswith("nothing")


def test_limits_say_what_they_do_to_land() -> None:
    """A limit takes land out, unless it says otherwise, or only says that it is there."""
    told = {one["id"]: one["effect_in_words"] for one in describe_method(method())["limits"]}
    assert told["green-belt"] == "its land is taken out of what can be built on, unless previously developed"
    assert told["listed-building"] == "it is said, no land is taken out"


def test_the_rule_for_lists_is_told() -> None:
    """How long lists are, how sure a place must be, and why; nothing where a method has no rule."""
    size, chance = describe_method(method())["shortlist"]
    assert (size["id"], size["value"], chance["id"], chance["value"]) == ("size", 50, "probability", 0.05)
    assert "At most 50 sites on each list" in size["in_words"]
    assert "among the first 10 in 5% of the draws or more" in chance["in_words"]
    assert all(one["why"].startswith("The pilot's own choice") for one in (size, chance))
    assert describe_method(replace(method(), rule=None))["shortlist"] == []


def test_how_ranks_are_tried_is_told() -> None:
    """The page says how many draws, the k of the top k, how far weights are drawn, and why each is what it is."""
    told = {one["id"]: one for one in describe_method(method())["robustness"]}
    assert {name: one["value"] for name, one in told.items()} == {
        "draws": method().trials.draws, "top": method().trials.top,
        "groups": method().trials.of_groups, "criteria": method().trials.of_criteria,
    }  # fmt: skip
    assert all(one["why"] for one in told.values())
