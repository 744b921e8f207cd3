"""Match: every holding that can have a place gets one, and every place a position as good as is known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from estates_api.domain.area import Area
from estates_api.domain.matching import OWN_PLACE, Key, Matched, Verdicts, match_holdings
from estates_api.store import judgements, places
from estates_api.store.candidates import Blocking, Candidate, read_candidates

Tell = Callable[[str], None]

JUDGED_REASON = "a person's judgement puts its holdings at another place"
STATED_REASON = "its plots are returned as part of another site"
ACTOR = "matching"


@dataclass(frozen=True, slots=True)
class Placed:
    """How many holdings were placed, and how many questions were raised that nobody had been asked before."""

    holdings: int
    questions: int


def match_places(connection: Connection, area: Area, tell: Tell = lambda _: None) -> Placed:
    """Place holdings that are new or judged anew, and write the sites that are touched.

    A person's judgement comes first; then what a return says its plots are part of; then the surest likeness, where
    nothing speaks against it; then a place of its own. What may be one place, and is not sure, becomes a question.
    A holding that has ended founds no place; it stands where another does, or nowhere.
    """
    places.open_moves(connection)
    places.move_judged(connection, area.prefix)
    placed = places.settle(connection, area, reason=JUDGED_REASON, actor=ACTOR)
    placed += _place_stated(connection, area)
    blocking, asked = Blocking(connection), 0
    for size in blocking.chunks():
        asked += _place_chunk(connection, area, blocking)
        placed += places.settle(connection, area, reason=JUDGED_REASON, actor=ACTOR)
        tell(f"placing sites: {placed:,} ({size:,} in this step)")
    placed += _place_stated(connection, area)  # sites that came with the same file
    placed += _join_ended(connection, area, blocking)
    places.write_touched(connection, area)
    return Placed(placed, asked)


def _place_stated(connection: Connection, area: Area) -> int:
    places.move_stated(connection, OWN_PLACE)
    return places.settle(connection, area, reason=STATED_REASON, actor=ACTOR)


def _place_chunk(connection: Connection, area: Area, blocking: Blocking) -> int:
    """Decide for the new holdings in `chunk`, and plan their moves; one with nothing near has a place of its own.

    The number of questions that are new.
    """
    matched, numbers = _match_chunk(connection, blocking)
    places.move_chunk(connection, _joined(matched, numbers), own=OWN_PLACE, prefix=area.prefix)
    return judgements.add_questions(
        connection, [(numbers[q.one], numbers[q.other], q.weight, q.evidence) for q in matched.questions]
    )


def _join_ended(connection: Connection, area: Area, blocking: Blocking) -> int:
    """Put holdings that have ended, and are surely at a site that is there, at that site: codes that are out of use
    still lead to their place. Nobody is asked about the others."""
    placed = 0
    for _ in blocking.ended_chunks():
        matched, numbers = _match_chunk(connection, blocking)
        places.move_joined(connection, [row for row in _joined(matched, numbers) if row[1]])
        placed += places.settle(connection, area, reason=JUDGED_REASON, actor=ACTOR)
    return placed


def _match_chunk(connection: Connection, blocking: Blocking) -> tuple[Matched, dict[Key, int]]:
    """What becomes of the holdings in `chunk`, and the ids of all that were compared."""
    verdicts = judgements.read_verdicts(connection)
    pairs = [*blocking.pairs(), *judgements.list_judged_pairs(connection)]
    found = read_candidates(connection, pairs) if pairs else {}
    return _decide(found, pairs, verdicts), {one.entry.key: one.id for one in found.values()}


def _decide(found: Mapping[int, Candidate], pairs: list[tuple[int, int]], verdicts: Verdicts) -> Matched:
    judged = {key for pair, verdict in verdicts.items() if verdict == "same" for key in pair}
    standing = [one.standing(judged) for one in found.values() if one.site_ref]
    pending = [one.entry for one in found.values() if one.site_ref is None]
    keyed = ((found[one].entry.key, found[other].entry.key) for one, other in pairs)
    return match_holdings(pending, [one for one in standing if one], keyed, verdicts)


def _joined(matched: Matched, numbers: Mapping[Key, int]) -> list[tuple[int, str | None, str, int | None]]:
    """Holding id, site, evidence and founding holding's id of every holding that joins another."""
    return [
        (
            numbers[key],
            match.site_ref,
            _told(match.evidence, match.beside),
            numbers[match.founder] if match.founder else None,
        )
        for key, match in matched.matches.items()
        if match.founder != key
    ]


def _told(evidence: str, beside: Key | None) -> str:
    return f"one place with {beside[1]} of {beside[0]}: {evidence}" if beside else evidence
