"""Why a site stands where it stands: one plain sentence, and every number with its source."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from estates_api.domain.assessment import Assessed, Contribution, SiteScore
from estates_api.domain.capacity import describe_capacity, site_capacity
from estates_api.domain.checks import Check, Found, checks_of
from estates_api.domain.claims import describe_claim
from estates_api.domain.gates import Gate
from estates_api.domain.incentives import describe_incentives
from estates_api.domain.land import site_land
from estates_api.domain.limits import Limit as SiteLimit
from estates_api.domain.limits import limits_of
from estates_api.domain.measures import ENTWINED, MEASURE_PLACES
from estates_api.domain.method import Criterion, Method, Points
from estates_api.domain.outcome import ROUNDING, reaches
from estates_api.domain.peers import site_class
from estates_api.domain.place import describe_place
from estates_api.domain.quantities import places_of, quantity, surely_beyond
from estates_api.domain.scoring import measure_at
from estates_api.domain.sites import Event, Site
from estates_api.domain.steadiness import describe_tried

_OPPOSED = {"unsuitable", "backlog", "condition"}
"""Criteria of both scores that rest on the same facts and read them the opposite way."""

MOST_UNKNOWN = 4
"""How many unknown measures a sentence names, the heaviest first; the explanation has them all."""

_LISTED = {
    "release": "Listed for release",
    "part release with reuse": "Listed for part release with reuse",
    "reuse": "Listed for reuse",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """The last measure of one criterion with which a site is on its list; beyond it (`falls`: below) it is not."""

    criterion: Criterion
    measure: float
    falls: bool


def told(part: Contribution) -> str:
    """One known contribution in words: `land not under buildings is 9.4 ha`."""
    shown = quantity(part.measure.number or 0.0, part.criterion.unit)
    near = part.measure.note.startswith("next to")
    words = {
        "partners": f"NHS and council are {'next to one another' if near else 'both on the site'}",
        "access": f"{part.criterion.title} is {part.measure.note.partition(',')[0]}",
        "need": f"{part.criterion.title} is {shown} (1 is most deprived)",
        "colocation": f"{shown} other services are within 400 m",
        "security": _tenure(part.measure.note, shown),
    }
    return words.get(part.criterion.name, f"{part.criterion.title} is {shown}")


def _tenure(note: str, left: str) -> str:
    if not is_freehold(note):
        return f"{left} of lease are left"
    return "the freehold is taken to be public" if ", implied" in note else "a public body has the freehold"


def is_freehold(note: str) -> bool:
    """Whether the note of a measure of security tells a freehold, which no lease ends."""
    return note.startswith("freehold")


def measured(part: Mapping[str, Any]) -> str:
    """The measure of one contribution, as the sentence has it."""
    if part["state"] != "known":
        return str(part["state"]).replace("unknown", "not known")
    match part["criterion"].partition(".")[2]:
        case "access":
            return str(part["note"]).partition(",")[0]
        case "partners":
            return "yes" if part["measure"] else "no"
        case "security" if is_freehold(part["note"]):
            return "freehold"
        case _:
            return quantity(part["measure"], part["unit"])


def sentence(result: Assessed, method: Method) -> str:
    """One plain sentence: listed because, would drop off if, not known; or why it is not listed."""
    parts = [_because(result, method), _drop_off(result, method), _not_known(result), _age(result)]
    return "; ".join(part for part in parts if part) + "."


def _age(result: Assessed) -> str:
    """That the evidence is old, and what is known to have happened after the newest of it."""
    if not result.stale:
        return ""
    if result.evidence is None:
        return "no dated evidence"
    oldest, newest = result.evidence
    span = f"{oldest:%B %Y}" if oldest == newest else f"{oldest:%B %Y} to {newest:%B %Y}"
    since = [event.told() for event in result.site.events if event.earliest and event.earliest > newest]
    followed = f", and since then: {'; '.join(since)}" if since and result.route in _LISTED else ""
    return f"the evidence is old ({span}){followed}"


def _leading(score: SiteScore) -> list[str]:
    known = [part for part in score.contributions if part.measure.state == "known" and part.points >= 1]
    return [told(part) for part in sorted(known, key=lambda part: -part.points)[:3]]


def _because(result: Assessed, method: Method) -> str:
    if result.released:
        return f"No longer public land: {result.released.organisation}, {result.released.told()}"
    if result.route in _LISTED:
        scores = [result.reuse] if result.route == "reuse" else [result.release]
        if result.route == "part release with reuse":
            scores.append(result.reuse)
        reasons = [reason for score in scores for reason in _leading(score)]
        return f"{_LISTED[result.route]} because {_join(reasons)}{_despite(result, method)}"
    if result.route == "not enough data":
        release, reuse = (math.floor(100 * score.coverage + 1e-6) for score in (result.release, result.reuse))
        return (
            f"Not enough data: {release}% of the release score and {reuse}% "
            f"of the reuse score rest on evidence, {method.cut_offs.coverage:.0%} of each is needed"
        )
    not_reused = _below("reuse", result.reuse, method.cut_offs.reuse)
    if reaches(result.release.expected, method.cut_offs.release):
        held = f"Not listed although the release score is {result.release.expected:.0f}: {result.gates[0].reason}"
        return f"{held}; {not_reused}"
    return f"Not listed: {_below('release', result.release, method.cut_offs.release)} and {not_reused}"


def _below(name: str, score: SiteScore, cut_off: float) -> str:
    """How far a score is below its cut-off, never rounded to nothing."""
    gap = cut_off - score.expected
    places = 0 if gap >= 1 else places_of(gap) - 2
    return f"the {name} score {score.expected:.{places}f} is {gap:.{places}f} below its cut-off"


def _despite(result: Assessed, method: Method) -> str:
    if result.route == "reuse" and result.gates and reaches(result.release.expected, method.cut_offs.release):
        return f" (release score {result.release.expected:.0f}, but {result.gates[0].reason})"
    return ""


def _drop_off(result: Assessed, method: Method) -> str:
    """The measure that, moved alone, would change the route: the largest contribution that can."""
    if result.route not in _LISTED:
        return ""
    limit = find_limit(result, method)
    if limit is None:
        score = result.reuse if result.route == "reuse" else result.release
        land = "" if _apart(score.contributions) == [*score.contributions] else "apart from its land, "
        return f"{land}no single measure would take it off the list"
    shown = surely_beyond(limit.measure, below=limit.falls)
    way = "fell below" if limit.falls else "rose above"
    stays = " (and stay for reuse)" if result.route == "part release with reuse" else ""
    return f"would drop off if {limit.criterion.title} {way} {quantity(shown, limit.criterion.unit)}{stays}"


def find_limit(result: Assessed, method: Method) -> Limit | None:
    """Where one measure, moved alone, takes a listed site off its list; None when no single measure can."""
    reuse = result.route == "reuse"
    score, cut = (result.reuse, method.cut_offs.reuse) if reuse else (result.release, method.cut_offs.release)
    spare = max(0.0, score.expected - cut + ROUNDING)  # to the point where the cut-off is no longer reached
    parts = sorted(_apart(score.contributions), key=lambda part: -part.points)
    limits = (_limit(result.site, part, spare, method) for part in parts if not _moves_the_other(part, result, method))
    return next((limit for limit in limits if limit), None)


def _apart(parts: Sequence[Contribution]) -> list[Contribution]:
    """The contributions that can be told to change alone: less land is less open land and more built on what is left,
    so neither has a limit of its own where both are known."""
    known = {part.criterion.id for part in parts if part.measure.state == "known"}
    return [part for part in parts if not (known >= ENTWINED and part.criterion.id in ENTWINED)]


def _moves_the_other(part: Contribution, result: Assessed, method: Method) -> bool:
    """Whether what takes a site off one list could change the other too, so that the sentence would be false.

    Unsuitable space and backlog speak for release and against reuse: a site might leave one list by them and enter
    the other. Empty space speaks for both: with less of it, part release might not become reuse.
    """
    cut_offs = method.cut_offs
    if result.route == "part release with reuse":
        spare = sum(p.points for p in result.reuse.contributions if p.criterion.name == "spare")
        return part.criterion.name == "vacancy" and not reaches(result.reuse.expected - spare, cut_offs.reuse)
    to_release = result.route == "reuse"
    if part.criterion.name not in _OPPOSED or (to_release and result.gates):
        return False
    other, cut = (result.release, cut_offs.release) if to_release else (result.reuse, cut_offs.reuse)
    room = sum(100 * p.weight - p.points for p in other.contributions if p.criterion.name in _OPPOSED)
    return reaches(other.coverage, cut_offs.coverage) and reaches(other.expected + room, cut)


def _limit(site: Site, part: Contribution, spare: float, method: Method) -> Limit | None:
    """The measure beyond which this contribution alone is more than `spare` points smaller; None when it cannot be."""
    if part.measure.state != "known" or part.points <= spare or _is_fixed(part):
        return None
    points = method.value_points(part.criterion, part.measure.basis, site_class(site.site_type))
    found = measure_at(part.value - spare / (100 * part.weight), points, log=part.criterion.scale == "log")
    falls = points[0][1] < points[-1][1]
    return None if found is None else Limit(part.criterion, _last_kept(found, falls=falls), falls)


def _is_fixed(part: Contribution) -> bool:
    """Whether the measure is a fact that does not move a little."""
    return part.criterion.name in {"partners", "access"} or is_freehold(part.measure.note)


def _last_kept(found: float, *, falls: bool) -> float:
    """The last measure on the right side of a number: measures are rounded, so there is none between two steps."""
    steps = 10.0**MEASURE_PLACES
    return (math.ceil(found * steps) if falls else math.floor(found * steps)) / steps


def _not_known(result: Assessed) -> str:
    scores = {"release": [result.release], "reuse": [result.reuse]}.get(result.route, [result.release, result.reuse])
    unknown = [part for score in scores for part in score.contributions if part.measure.state == "unknown"]
    titles = [part.criterion.title for part in sorted(unknown, key=lambda part: -part.weight)]
    if len(titles) > MOST_UNKNOWN:
        titles[MOST_UNKNOWN - 1 :] = [f"{len(titles) - MOST_UNKNOWN + 1} more measures"]
    return f"not known: {_join(titles)}" if titles and not result.released else ""


def _join(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words) or "of its parts together"


def describe(
    result: Assessed, method: Method, as_of: date, recorded: Mapping[str, Found] | None = None
) -> dict[str, Any]:  # fmt: skip
    """The full explanation as JSON-ready values, dates ISO. Scores are not rounded: low <= score <= high holds.
    `recorded`: the checks on which a decision is recorded (checks_of)."""
    site = result.site
    land, limits = site_land(site), limits_of(site, method)
    return {
        "ref": site.ref,
        "name": site.name,
        "as_of": as_of.isoformat(),
        "method": {"id": method.id, "title": method.title, "sha256": method.sha256},
        "route": result.route,
        "sentence": sentence(result, method),
        "evidence_date": result.evidence[0].isoformat() if result.evidence else None,
        "newest_evidence_date": result.evidence[1].isoformat() if result.evidence else None,
        "stale": result.stale,
        "release": _score(result.release, site, method),
        "reuse": _score(result.reuse, site, method),
        "gates": [_gate(gate, method) for gate in result.gates],
        "checks": [_check(check) for check in checks_of(site, method, recorded)],
        "robustness": describe_tried(result.tried, method),
        "land_ha": land.area_ha if land else None,
        "gia_m2": _total(site, "gia_m2"),
        "limits": [{name: getattr(limit, name) for name in _LIMIT} for limit in limits],
        "place": describe_place(site, method),
        "capacity": describe_capacity(site_capacity(site, method.density, limits)),
        "incentives": describe_incentives(site, method),
        "interests": [
            {"organisation": i.organisation_name, "code": i.organisation_code, "kind": i.kind, "evidence": i.evidence}
            for i in site.interests
        ],
        "events": [_event(event) for event in site.events],
        "later_events": [_event(event) for event in site.later_events],
    }


# A fifth of the time to describe a site went into copying its limits deeply.
_LIMIT = tuple(field.name for field in fields(SiteLimit))


def _gate(gate: Gate, method: Method) -> dict[str, str]:
    rule = method.gates[gate.id]
    return {"id": gate.id, "what": rule.reason, "reason": gate.reason, "citation": rule.citation}


def _check(check: Check) -> dict[str, str]:
    rule = check.rule
    return {"id": rule.id, "title": rule.title, "step": rule.step, "state": check.state, "reason": check.reason,
            "citation": rule.citation}  # fmt: skip


def _total(site: Site, attribute: str) -> float | None:
    numbers = [number for holding in site.holdings if (number := holding.number(attribute)) is not None]
    return sum(numbers) if numbers else None


def _score(score: SiteScore, site: Site, method: Method) -> dict[str, Any]:
    group = site_class(site.site_type)
    return {
        "score": score.expected,
        "low": score.low,
        "high": score.high,
        "coverage": round(score.coverage, 6),
        "contributions": [
            _contribution(part, method.value_points(part.criterion, part.measure.basis, group))
            for part in score.contributions
        ],
    }


def _contribution(part: Contribution, scale: Points) -> dict[str, Any]:
    """Full precision for weight, value and points: the parts must add up to the score to 1e-9. `scale` is the value
    function that the measure was put to, as (measure, value) points."""
    return {
        "criterion": part.criterion.id,
        "title": part.criterion.title,
        "group": part.criterion.group,
        "state": part.measure.state,
        "measure": part.measure.number,
        "unit": part.criterion.unit,
        "scale": [list(point) for point in scale],
        "value": part.value,
        "weight": part.weight,
        "points": part.points,
        "could_be": None if part.measure.state != "unknown" else [0.0, round(100 * part.weight, 6)],
        "note": part.measure.note,
        "sources": [describe_claim(claim) for claim in part.measure.claims],
        "why": part.criterion.why,
        "citation": part.criterion.citation,
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "date": event.date_text,
        "organisation": event.organisation,
        "told": event.told(),
        "note": event.note,
        "citation": event.citation,
    }
