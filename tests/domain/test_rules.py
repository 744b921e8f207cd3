"""The rules are public: each says what it means in a sentence, and each is found by something."""

import re
from pathlib import Path

import pytest

import estates_api
from estates_api.domain.rules import RULES, Rule

PACKAGE = Path(estates_api.__file__).parent
SOURCES = {path: path.read_text("utf-8") for path in PACKAGE.rglob("*.py") if path.name != "rules.py"}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_is_a_sentence(rule: Rule) -> None:
    """An id in small words, and a sentence short enough for a table."""
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.id)
    assert rule.sentence[0].isupper()
    assert rule.sentence.endswith((".", "?"))
    assert 20 <= len(rule.sentence) <= 90


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_found_by_something(rule: str) -> None:
    """No rule is published that nothing looks for."""
    assert any(f'"{rule}"' in text for text in SOURCES.values())


def test_no_issue_without_a_rule() -> None:
    """Every issue in the code is of a rule that is published."""
    named = {name for text in SOURCES.values() for name in re.findall(r'\bIssue\(\s*"([^"]*)"', text)}
    assert named
    assert named <= set(RULES)
