"""A method as rows of one table: cut-offs, criteria with their points and weights, gates, limits and checks."""

from collections.abc import Iterator, Mapping
from typing import Any

from estates_api.domain.collections import Property

COLUMNS = (
    Property("part", "string", "Which part of the method"),
    Property("id", "string", "Name in the method's file"),
    Property("title", "string", "What is judged or decided"),
    Property("share", "number", "Share of its score", 4),
    Property("rule", "string", "How"),
    Property("unknown", "string", "What stands where it is not known"),
    Property("why", "string", "Why"),
    Property("citation", "string", "Source"),
)


def rows_of_method(told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Everything that a method in words (domain/method_words.py) decides, a row each; nothing of none."""
    if not told:
        return
    for one in told["cut_offs"]:
        yield _row("cut-off", one, title=one["in_words"], why=one["why"])
    for score in told["scores"]:
        for group in score["groups"]:
            for one in group["criteria"]:
                yield _row(f"{score['name']} score", one, share=one["share"], rule=one["points_in_words"],
                           unknown=one["unknown"])  # fmt: skip
    for part, rule in (("gate", "rule"), ("limit", "effect_in_words"), ("check", "step")):
        for one in told[f"{part}s"]:
            yield _row(part, one, title=one.get("title") or one["reason"], rule=one[rule])
    for one in told["robustness"]:
        yield _row("robustness", one, title=one["in_words"])


def _row(part: str, one: Mapping[str, Any], **said: Any) -> dict[str, Any]:
    return {name.name: one.get(name.name) for name in COLUMNS} | {"part": part} | said
