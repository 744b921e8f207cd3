"""How far a site has come, as the caller may know it at the moment asked about."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from estates_api.api.history import Asked
from estates_api.api.parameters import today
from estates_api.domain.decision_rules import Case
from estates_api.domain.decisions import known_by
from estates_api.domain.progress_words import describe_decisions, describe_progress, overlay_checks
from estates_api.workflows.decide import read_case


def case_of(ask: Asked, ref: str) -> Case:
    """What the caller may know of the decisions on a site."""
    day = ask.moment.as_of if ask.moment else today()
    method = ask.here.method_in_force(ask.database)
    known_at = ask.moment.known_at if ask.moment else None
    case = read_case(ask.database, ask.caller, ref, method=method, today=day, known_at=known_at)
    return replace(case, decisions=known_by(case.decisions, day, known_at))


def with_progress(ask: Asked, ref: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of a site with how far it has come, its checks as they are recorded."""
    case = case_of(ask, ref)
    steps = describe_decisions(case.decisions, whole=ask.caller == "complete")
    progress = describe_progress(case) | {"decisions": steps}
    checks = {"checks": overlay_checks(told["checks"], case.progress.checks)} if "checks" in told else {}
    return {**told, **checks, "progress": progress}
