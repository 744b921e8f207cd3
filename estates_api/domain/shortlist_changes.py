"""What changed between two shortlists and why: entered, left, moved, each with its causes and by how much.

Two documents of one audience are compared, with what the stored runs say of a site that only one of them lists. Points
are attributed by criterion: they add up to the difference of the score.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from estates_api.domain.change_words import tell_claim, tell_cut_offs
from estates_api.domain.gates import GATES
from estates_api.domain.method import SCORES
from estates_api.domain.values import counted

Row = Mapping[str, Any]
Rows = Mapping[str, Row]

_NO_SCORE = 1e-9
_SHOWN = 0.05
"""Points that are less than this are told as no change of a score with one decimal."""

MOST_CLAIMS = 3
"""How many changed measures a sentence names, those that move a score most first; the claims have them all."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the lists do not say: what the run behind each said of sites that it does not list (explanations, by
    reference), which site each became part of, why what rests on rows of a site is no longer shown, and what the
    criteria are called (by id), as entries name them by id alone."""

    before: Rows = field(default_factory=dict)
    after: Rows = field(default_factory=dict)
    survivors: Mapping[str, str] = field(default_factory=dict)
    redacted: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two lists: the document, its entries and what stands apart, by reference."""

    document: Row
    entries: Rows
    run: Rows
    apart: Mapping[str, Rows] = field(default_factory=dict)

    def of(self, ref: str) -> Row | None:
        """What is known of a site on this side: its entry, else what the run said of it."""
        return self.entries.get(ref) or self.run.get(ref)

    def why_apart(self, ref: str, part: str) -> Row | None:
        """The row of a part that the site stands apart in."""
        return self.apart[part].get(ref)


def compare(before: Row, after: Row, facts: Facts = Facts()) -> dict[str, Any]:
    """The changes from one list to another, JSON-ready. Every entry of either is in exactly one part."""
    old, new = _side(before, facts.before), _side(after, facts.after)
    refs = sorted({*old.entries, *new.entries})
    found: dict[str, list[dict[str, Any]]] = {"entered": [], "left": [], "moved": [], "stayed": []}
    for ref in refs:
        found[_what(ref, old, new)].append(_change(ref, old, new, facts))
    return {
        "from": _named(before),
        "to": _named(after),
        "audience": after.get("audience", "complete"),
        "method_changed": _method(before) != _method(after),
        **found,
        "counts": {name: len(rows) for name, rows in found.items()},
    }


def _side(document: Row, run: Rows) -> _Side:
    parts = ("next", "not_enough_data", "released", "decided", "choices")
    apart = {part: {row["site"]: row for row in document.get(part, ())} for part in parts}
    return _Side(document, {entry["site"]: entry for entry in document["entries"]}, run, apart)


def _named(document: Row) -> dict[str, Any]:
    return {name: document[name] for name in ("quarter", "as_of", "known_at", "method", "code_version")}


def _method(document: Row) -> str:
    return str(document["method"]["sha256"])


def _what(ref: str, old: _Side, new: _Side) -> str:
    if ref not in old.entries or ref not in new.entries:
        return "left" if ref in old.entries else "entered"
    place = ("list", "rank")
    one, other = old.entries[ref], new.entries[ref]
    return "stayed" if all(one.get(name) == other.get(name) for name in place) else "moved"


def _change(ref: str, old: _Side, new: _Side, facts: Facts) -> dict[str, Any]:
    shown = new.entries.get(ref) or old.entries[ref]
    found = {str(name): _score(name, old.of(ref), new.of(ref), facts.titles) for name in SCORES}
    scores = {name: score for name, score in found.items() if score}
    return {
        "site": ref,
        "name": shown["name"],
        "borough": shown["borough"],
        "list": _pair("list", ref, old, new),
        "rank": _pair("rank", ref, old, new),
        "scores": scores,
        "causes": list(_causes(ref, old, new, facts, scores)),
    }


def _pair(name: str, ref: str, old: _Side, new: _Side) -> dict[str, Any]:
    return {"from": old.entries.get(ref, {}).get(name), "to": new.entries.get(ref, {}).get(name)}


def _score(name: str, one: Row | None, other: Row | None, titles: Mapping[str, str]) -> dict[str, Any] | None:
    """How a score differs, by criterion; None where one side does not tell it in parts."""
    parts = [_parts(name, row) for row in (one, other)]
    if not all(parts):
        return None
    before, after = parts
    by = [_difference(id_, before.get(id_), after.get(id_)) | {"title": titles.get(id_) or _plain(id_)}
          for id_ in sorted({*before, *after})]  # fmt: skip
    sums = [sum(part["points"] for part in side.values()) for side in parts]
    return {
        "from": round(sums[0], 4),
        "to": round(sums[1], 4),
        "difference": sum(row["points"] for row in by),
        "by_criterion": [row for row in by if row["points"] or row["because"]],
    }


def _parts(name: str, row: Row | None) -> dict[str, Row]:
    """The contributions to a score by criterion, as an entry has them or as a run's explanation has."""
    if not row:
        return {}
    found = row["contributions"] if "contributions" in row else row.get(name, {}).get("contributions", ())
    return {part["criterion"]: part for part in found if part["criterion"].startswith(f"{name}.")}


def _difference(id_: str, one: Row | None, other: Row | None) -> dict[str, Any]:
    """What one criterion adds to the difference of a score, and because of what: its data, else its weight or scale."""
    points = (other["points"] if other else 0.0) - (one["points"] if one else 0.0)
    claims = {name: {"from": _claimed(one, name), "to": _claimed(other, name)} for name in (*_CLAIMED, "unit")}
    data = bool(one and other) and any(claims[name]["from"] != claims[name]["to"] for name in _CLAIMED)
    because = "data" if data else "weight" if abs(points) > _NO_SCORE else ""
    return {"criterion": id_, "points": points, "because": because, **claims}


def _plain(id_: str) -> str:
    """An id as words, where no method says what it is called."""
    return id_.partition(".")[2].replace("_", " ")


_CLAIMED = ("state", "measure", "sources", "note")


def _claimed(part: Row | None, name: str) -> Any:
    found = part.get(name) if part else None
    if name != "sources" or isinstance(found, str) or found is None:
        return found
    return "; ".join(sorted({f"{source['edition']} row {source['row']}" for source in found}))


def _causes(
    ref: str, old: _Side, new: _Side, facts: Facts, scores: Rows
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """Every cause that applies, the gravest first; of one that nothing explains, that nothing does."""
    found = [
        *_fate(ref, facts),
        *_apart(ref, old, new),
        *_decided(ref, old, new),
        *_texts(ref, old, new),
        *_scored(old, new, scores),
        *_rule(ref, old, new),
    ]
    if not _explained(ref, old, new):
        found += _rivals(ref, old, new)
    yield from found
    if not found and (_what(ref, old, new) != "stayed"):
        yield _unexplained(ref, old, new)


def _explained(ref: str, old: _Side, new: _Side) -> bool:
    """Whether its own score moved the way that its rank did, where both list it by the same score."""
    one, other = old.entries.get(ref), new.entries.get(ref)
    if one is None or other is None or not (one["rank"] and other["rank"]):
        return False
    gained = other["score"] - one["score"]
    return bool(abs(gained) >= _SHOWN and (gained > 0) == (other["rank"] < one["rank"]))


def _cause(cause: str, told: str, **more: Any) -> dict[str, Any]:
    return {"cause": cause, "told": told, **more}


def _fate(ref: str, facts: Facts) -> Iterator[dict[str, Any]]:
    if survivor := facts.survivors.get(ref):
        yield _cause("merge", f"it became part of {survivor}", site=survivor)
    for other in sorted(one for one, survivor in facts.survivors.items() if survivor == ref):
        yield _cause("merge", f"{other} became part of it", site=other)
    if ref in facts.redacted:
        yield _cause("redacted", f"rows that it rests on were redacted: {facts.redacted[ref]}")


def _apart(ref: str, old: _Side, new: _Side) -> Iterator[dict[str, Any]]:
    """Where it stands now, or stood, when it is not on the list."""
    if sold := new.why_apart(ref, "released"):
        yield _cause("left public ownership", f"it left public ownership: {sold.get('event') or 'not shown'}")
    missing = [side.why_apart(ref, "not_enough_data") for side in (old, new)]
    if missing[1] and not missing[0]:
        yield _cause("not enough data", f"not enough data any more: {_coverage(missing[1])}")
    if missing[0] and not missing[1]:
        yield _cause("enough data", f"there was not enough data before: {_coverage(missing[0])}")


def _coverage(row: Row) -> str:
    shares = f"{row['release_coverage']:.0%} of the release score and {row['reuse_coverage']:.0%} of the reuse score"
    return f"{shares} rest on evidence"


def _decided(ref: str, old: _Side, new: _Side) -> Iterator[dict[str, Any]]:
    """What persons decided: a step in the site's life, an endorsement, a pin or a strike."""
    states = [side.entries.get(ref, {}).get("state") for side in (old, new)]
    if all(states) and states[0] != states[1]:  # what is not shown has none
        yield _cause("decision", f"its state went from {states[0]} to {states[1]}")
    ended = [side.why_apart(ref, "decided") for side in (old, new)]
    if ended[1] and not ended[0]:
        yield _cause("decision", f"its owner decided: {ended[1].get('told') or 'not shown'}")
    if ended[0] and not ended[1]:
        yield _cause("decision", f"it is open again; it had been {ended[0]['state'] or 'decided'}")
    if ref in old.entries and ref in new.entries:
        agreed = [[one["organisation"] for one in side.entries[ref].get("endorsed_by", ())] for side in (old, new)]
        yield from _came_and_went("decision", agreed[0], agreed[1], ("endorsed by ", "no longer endorsed by "))
    one, other = old.why_apart(ref, "choices"), new.why_apart(ref, "choices")
    if _chosen(one) != _chosen(other):
        yield _cause("decision", _choice(other) if _chosen(other) else f"no longer {_choice(one)}")


def _chosen(choice: Row | None) -> tuple[Any, ...] | None:
    return (choice["kind"], choice["list"], choice["reason"]) if choice and choice["followed"] else None


def _choice(choice: Row | None) -> str:
    assert choice is not None
    what = f"pinned to the {choice['list']} list" if choice["kind"] == "pin" else "struck off the list"
    return f"{what} by {choice['by']}: {choice['reason']}"


def _texts(ref: str, old: _Side, new: _Side) -> Iterator[dict[str, Any]]:
    """Events and gates that came or went."""
    one, other = old.of(ref), new.of(ref)
    if one and other:
        yield from _came_and_went("event", _events(one), _events(other), ("", "no longer known: "))
        yield from _came_and_went("gate", _gates(one), _gates(other), ("a gate closed: ", "a gate opened: "))


def _came_and_went(
    cause: str, before: Sequence[str], after: Sequence[str], words: tuple[str, str]
) -> Iterator[dict[str, Any]]:  # fmt: skip
    for text in sorted({*after} - {*before}):
        yield _cause(cause, f"{words[0]}{text}")
    for text in sorted({*before} - {*after}):
        yield _cause(cause, f"{words[1]}{text}")


def _events(row: Row) -> list[str]:
    found = row.get("events") or ()
    return [text for text in found.split("; ") if text] if isinstance(found, str) else [one["told"] for one in found]


def _gates(row: Row) -> list[str]:
    found = row.get("gates") or ()
    if not isinstance(found, str):
        return [one["reason"] for one in found]
    return [text.partition(": ")[2] for text in _BETWEEN_GATES.split(found)]


_BETWEEN_GATES = re.compile(f"; (?=(?:{'|'.join(map(re.escape, GATES))}): )")


def _scored(old: _Side, new: _Side, scores: Rows) -> Iterator[dict[str, Any]]:
    """What its own data, and the method, did to the scores."""
    rows = {name: score["by_criterion"] for name, score in scores.items()}
    data = {name: [row for row in found if row["because"] == "data"] for name, found in rows.items()}
    if any(data.values()):
        claims = [row for found in data.values() for row in found]
        claims.sort(key=lambda row: -abs(row["points"]))
        shown = [tell_claim(row) for row in claims[:MOST_CLAIMS] if abs(row["points"]) >= _SHOWN]
        rest = len(claims) - len(shown)
        more = [f"{counted(rest, 'measure')} with {'less' if shown else 'no'} effect on the scores"] if rest else []
        told = "; ".join(shown + more)
        yield _cause("data", f"its data changed: {told}", points=_points(data), claims=[{**row} for row in claims])
    weight = {name: [row for row in found if row["because"] == "weight"] for name, found in rows.items()}
    changed = _method(old.document) != _method(new.document)
    if changed:
        points = _points(weight)
        did = ", ".join(f"its {name} score {by:+.1f} points" for name, by in points.items() if abs(by) >= _SHOWN)
        parts = (
            tell_cut_offs(old.document, new.document),
            did or "its scores are the same by both" if scores else "",
        )
        told = "; ".join(part for part in parts if part)
        yield _cause("method", f"the method changed{': ' if told else ''}{told}", points=points)
    elif any(weight.values()):
        told = "its measures weigh otherwise, as one began or ceased to apply, or are compared with another year's"
        yield _cause("weight", told, points=_points(weight))


def _points(rows: Mapping[str, Sequence[Row]]) -> dict[str, float]:
    return {name: sum(row["points"] for row in found) for name, found in rows.items()}


def _rule(ref: str, old: _Side, new: _Side) -> Iterator[dict[str, Any]]:
    if reserve := new.why_apart(ref, "next"):
        yield _cause("rule", f"it is next: {reserve['why']}")
    if reserve := old.why_apart(ref, "next"):
        yield _cause("rule", f"it was next before: {reserve['why']}")
    if old.document.get("rule") != new.document.get("rule"):
        yield _cause("rule", "the rule for the length of the lists changed")


def _rivals(ref: str, old: _Side, new: _Side) -> list[dict[str, Any]]:
    """Others that passed it, where its rank changed and its own score did not."""
    sides = [side.entries[ref] for side in (old, new) if ref in side.entries]
    if len({_by_reuse(entry) for entry in sides}) > 1:
        return []
    before, after = (side.entries.get(ref, {}).get("rank") for side in (old, new))
    if before == after or (None in {before, after} and not any(side.why_apart(ref, "next") for side in (old, new))):
        return []
    by = "reuse" if any(_by_reuse(entry) for entry in sides) else "release"
    others = sorted({*old.entries, *new.entries} - {ref})
    passed = [other for other in others if _ahead(other, ref, old, by) != _ahead(other, ref, new, by)]
    who = ", ".join(_name(other, old, new) for other in passed) or "sites that are on neither list"
    far = f" by {abs(after - before)}, from {before} to {after}" if before and after else ""
    return [_cause("rival", f"others passed it or made way, its rank changed{far}: {who}", sites=passed)]


def _by_reuse(entry: Row) -> bool:
    """Whether the reuse score ranks it: ranks by the two scores are not to be compared."""
    return "reuse" in {entry["list"], entry["route"] if entry["list"] == "annex" else ""}


def _ahead(other: str, ref: str, side: _Side, by: str) -> bool:
    """Whether another site stands before it on one side by a score, which ranks the sites of all lists together."""
    mine, theirs = _place(ref, side, by), _place(other, side, by)
    return bool(mine and theirs and theirs < mine)


def _place(ref: str, side: _Side, by: str) -> tuple[float, int] | None:
    """What a site is ordered by, the first the smallest: the score, and of those with the same the rank, where it is
    of that score; None where it is not ranked."""
    entry, run = side.entries.get(ref, {}), side.run.get(ref, {})
    tried = (run.get("robustness") or {}).get(by)
    if tried:
        return -round(run[by]["score"], 4), tried["rank"]
    if not entry.get("rank") or f"{by}_score" not in entry:
        return None
    own = _by_reuse(entry) == (by == "reuse")
    if not own and round(_known(by, entry), 6) < (side.document.get("cut_offs") or {}).get("coverage", 0.0):
        return None
    return -round(entry[f"{by}_score"], 4), entry["rank"] if own else 0


def _known(name: str, row: Row) -> float:
    """The share of a score's weight that rests on evidence."""
    parts = _parts(name, row).values()
    weights = sum(part["weight"] for part in parts)
    return sum(part["weight"] for part in parts if part["state"] == "known") / weights if weights else 0.0


def _name(ref: str, old: _Side, new: _Side) -> str:
    return str((new.entries.get(ref) or old.entries[ref])["name"])


def _unexplained(ref: str, old: _Side, new: _Side) -> dict[str, Any]:
    known = [bool(side.of(ref)) for side in (old, new)]
    if not known[1]:
        return _cause("data", "nothing is told of it any more on the later day")
    if not known[0]:
        return _cause("data", "nothing was told of it on the earlier day")
    versions = {side.document["code_version"] for side in (old, new)}
    also = f"; the lists were made by versions {' and '.join(sorted(versions))}" if len(versions) > 1 else ""
    return _cause("not known", f"nothing in the two lists explains it{also}")
