"""Place matching: which holdings stand at one place, decided pair by pair from the surest down."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from estates_api.domain.likeness import Comparison, Entry, compare

Key = tuple[str, str]
"""A holding: organisation code, holding code."""

Pair = frozenset[Key]
Verdicts = Mapping[Pair, Literal["same", "different"]]
"""What a person says of pairs of holdings; a pair that was judged is never weighed."""

OWN_PLACE = "a place of its own"
MOST_QUESTIONS = 3
"""Questions kept per holding, the weightiest: a person is asked about the likeliest places, not a whole street."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A holding that has a site already. `judged`: a person put it there, so the matcher's doubts do not count."""

    entry: Entry
    site_ref: str
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """Where a holding goes: to an existing site, or to the place that a new holding founds (its own key when it is the
    founder itself); why, and for likeness to which holding."""

    evidence: str
    site_ref: str | None = None
    founder: Key | None = None
    beside: Key | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Two holdings that may be one place, for a person to judge."""

    one: Key
    other: Key
    weight: float
    evidence: str


@dataclass(frozen=True, slots=True)
class Matched:
    """What became of each new holding, and what a person is asked."""

    matches: Mapping[Key, Match]
    questions: tuple[Question, ...]


@dataclass(slots=True)
class _Place:
    """Holdings that stand together: new ones and, at an existing site, those that were there."""

    site_ref: str | None = None
    members: dict[Key, Entry] = field(default_factory=dict)
    judged: set[Key] = field(default_factory=set)

    def organisations(self) -> set[str]:
        return {organisation for organisation, _ in self.members}


@dataclass(frozen=True, slots=True)
class _Bond:
    """Two holdings that may be joined, and how strongly."""

    keys: tuple[Key, Key]
    weight: float
    outcome: str
    evidence: str
    judged: bool = False


def match_holdings(
    pending: Iterable[Entry], standing: Iterable[Standing], pairs: Iterable[tuple[Key, Key]], verdicts: Verdicts
) -> Matched:
    """Join new holdings with each other and with existing sites, along the pairs that blocking found.

    The surest pair is joined first. Two places stay apart when both are existing sites, when one organisation would
    have two of its codes at one place, when a person says so, or when any two of their holdings speak against it;
    a pair that was sure and could not be joined becomes a question. The order of the arguments' items does not matter.
    """
    places = _places(pending, standing)
    new = {key for key, place in places.items() if place.site_ref is None}
    bonds = sorted(_bonds(places, pairs, verdicts), key=lambda bond: (not bond.judged, -bond.weight, bond.keys))
    alike = {frozenset(bond.keys) for bond in bonds}
    for bond in bonds:
        if bond.outcome == "same":
            _join(places, bond, verdicts, alike)
    return Matched(_matches(places, new, bonds), _questions(places, bonds))


def contradictions(verdicts: Verdicts) -> list[Pair]:
    """Pairs that a person told apart although other judgements make them one place (A=B, B=C, A≠C)."""
    groups = same_groups(verdicts)
    told_apart = [pair for pair, verdict in verdicts.items() if verdict == "different"]
    return [pair for pair in told_apart if len({id(groups.get(key, key)) for key in pair}) == 1]


def same_groups(verdicts: Verdicts) -> dict[Key, frozenset[Key]]:
    """Each holding that was judged the same as another, with all that are one place with it by judgement."""
    groups: dict[Key, frozenset[Key]] = {}
    for pair, verdict in verdicts.items():
        if verdict == "same":
            whole = frozenset().union(*(groups.get(key, frozenset({key})) for key in pair))
            groups.update(dict.fromkeys(whole, whole))
    return groups


def same_path(verdicts: Verdicts, one: Key, other: Key) -> list[Pair]:
    """The shortest chain of judgements by which two holdings are one place; empty when there is none."""
    paths: dict[Key, list[Pair]] = {one: []}
    queue = [one]
    same = sorted((pair for pair, verdict in verdicts.items() if verdict == "same"), key=sorted)
    for here in queue:
        for pair in same:
            for there in pair - {here} if here in pair else ():
                if there not in paths:
                    paths[there] = [*paths[here], pair]
                    queue.append(there)
    return paths.get(other, [])


def _places(pending: Iterable[Entry], standing: Iterable[Standing]) -> dict[Key, _Place]:
    """The place of each holding: its own for a new one, the site's for one that stands."""
    sites: dict[str, _Place] = {}
    places: dict[Key, _Place] = {}
    for item in sorted(standing, key=lambda item: item.entry.key):
        place = sites.setdefault(item.site_ref, _Place(item.site_ref))
        place.members[item.entry.key] = item.entry
        if item.judged:
            place.judged.add(item.entry.key)
        places[item.entry.key] = place
    for entry in sorted(pending, key=lambda entry: entry.key):
        places[entry.key] = _Place(None, {entry.key: entry})
    return places


def _bonds(places: Mapping[Key, _Place], pairs: Iterable[tuple[Key, Key]], verdicts: Verdicts) -> Iterator[_Bond]:
    """What is known of each pair that has a new holding in it: a person's verdict, or what weighing says."""
    wanted = {frozenset(pair) for pair in pairs} | {pair for pair in verdicts if all(key in places for key in pair)}
    for pair in wanted:
        one, other = sorted(pair)
        if places[one].site_ref and places[other].site_ref:
            continue
        if pair in verdicts:
            yield _Bond((one, other), float("inf"), verdicts[pair], "judgement", judged=True)
            continue
        found = _weigh(places, one, other)
        if found.outcome != "different":
            yield _Bond((one, other), found.total, found.outcome, found.told())


def _weigh(places: Mapping[Key, _Place], one: Key, other: Key) -> Comparison:
    return compare(places[one].members[one], places[other].members[other])


def _join(places: dict[Key, _Place], bond: _Bond, verdicts: Verdicts, alike: Collection[Pair]) -> None:
    """Make one place of two, unless something keeps them apart."""
    kept, lost = sorted((places[key] for key in bond.keys), key=_precedence)
    if kept is lost or _apart(kept, lost, bond, verdicts=verdicts, alike=alike):
        return
    kept.members |= lost.members
    for key in lost.members:
        places[key] = kept


def _precedence(place: _Place) -> tuple[bool, Key]:
    return (place.site_ref is None, min(place.members))


def _apart(one: _Place, other: _Place, bond: _Bond, *, verdicts: Verdicts, alike: Collection[Pair]) -> bool:
    """Whether two places may not be one; `alike` are pairs that are known not to speak against it."""
    if one.site_ref and other.site_ref:
        return True
    pairs = {frozenset((a, b)): (mine, theirs) for a, mine in one.members.items() for b, theirs in other.members.items()
             if a not in one.judged and b not in other.judged}  # fmt: skip
    told_apart = any(verdicts.get(frozenset((a, b))) == "different" for a in one.members for b in other.members)
    if told_apart or bond.judged:
        return told_apart
    if one.organisations() & other.organisations():
        return True
    # A judged member is there on a person's word, whatever its name: it has no say.
    unknown = (sides for pair, sides in pairs.items() if pair not in alike)
    return any(compare(mine, theirs).outcome == "different" for mine, theirs in unknown)


def _matches(places: Mapping[Key, _Place], new: Collection[Key], bonds: Sequence[_Bond]) -> dict[Key, Match]:
    why: dict[Key, tuple[str, Key]] = {}
    for bond in bonds:
        one, other = bond.keys
        if bond.outcome == "same" and places[one] is places[other]:
            why.setdefault(one, (bond.evidence, other))
            why.setdefault(other, (bond.evidence, one))
    found = {}
    for key in new:
        place = places[key]
        founder = None if place.site_ref else min(place.members)
        evidence, beside = (OWN_PLACE, None) if key == founder else why[key]
        found[key] = Match(evidence, place.site_ref, founder, beside)
    return found


def _questions(places: Mapping[Key, _Place], bonds: Sequence[_Bond]) -> tuple[Question, ...]:
    asked: Counter[Key] = Counter()
    seen: dict[Key, set[int]] = defaultdict(set)
    found = []
    for bond in bonds:
        one, other = bond.keys
        there = id(places[other])
        if bond.judged or places[one] is places[other] or there in seen[one]:
            continue
        if max(asked[one], asked[other]) < MOST_QUESTIONS and one[0] != other[0]:
            seen[one].add(there)
            asked.update((one, other))
            found.append(Question(one, other, bond.weight, bond.evidence))
    return tuple(found)
