"""Judge: a person says that two holdings are one place or two, or that a site is shown no more: done at once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from estates_api.domain.area import Area
from estates_api.domain.codes import AGGREGATE, parse_ods_code
from estates_api.domain.matching import Key, Verdicts, contradictions, same_groups, same_path
from estates_api.errors import BadInput, Conflict, NotFound
from estates_api.store import editions, judgements, places
from estates_api.store.audit import add_audit
from estates_api.store.judgements import PairJudgement
from estates_api.store.outlines import refresh_outlines
from estates_api.store.projection import refresh_projection
from estates_api.store.touched import open_touched, touch_sites

Verdict = Literal["same", "different"]
EVIDENCE = "judgement"


@dataclass(frozen=True, slots=True)
class Word:
    """What a person says, why, and who it is. The reason is shown to everybody."""

    verdict: Verdict
    reason: str
    actor: str = "command line"


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a judgement: the two holdings, where each stands now (None: not handed in yet), and how many
    holdings moved."""

    one: Key
    other: Key
    one_ref: str | None
    other_ref: str | None
    moved: int


def judge(connection: Connection, one: str, other: str, word: Word, area: Area) -> Judged:
    """Record a person's word on two holdings, given by code or as ORG:CODE, and place them by it at once.

    Same: their sites become one, and the other's reference leads to it. Different: they are separated if they stood
    together. BadInput when a code is not known, or when an earlier judgement says otherwise; it is named.
    """
    editions.lock_catalogue(connection)
    keys = tuple(sorted((find_key(connection, one), find_key(connection, other))))
    judged = PairJudgement(keys[0], keys[1], word.verdict, _reason(word.reason), word.actor)
    if judged.one == judged.other:
        raise BadInput(f"{_shown(judged.one)} is one holding; name two")
    known = judgements.list_judgements(connection)
    verdicts = _checked(connection, known, judged)
    places.open_moves(connection)
    judgements.add_judgement(connection, judged)
    plan = _join if word.verdict == "same" else _separate
    plan(connection, judged, verdicts, area)
    subject = f"{_shown(judged.one)} and {_shown(judged.other)}"
    reason = f"judged: {judged.reason}"
    moved = places.settle(connection, area, reason=reason, actor=word.actor)
    refresh_outlines(connection, area.boroughs)
    add_audit(connection, actor=word.actor, action="judge", subject=subject,
              detail={"verdict": word.verdict, "reason": judged.reason, "moved": moved})  # fmt: skip
    refresh_projection(connection)
    refs = judgements.sites_of(connection, keys)
    return Judged(judged.one, judged.other, refs.get(judged.one), refs.get(judged.other), moved)


def withdraw(connection: Connection, ref: str, reason: str, actor: str = "command line") -> None:
    """Show a site no more: its reference says that it is gone, and why. NotFound or Conflict when it cannot be."""
    kind = _fate(connection, ref)
    if kind == "withdrawn":
        raise Conflict(f"{ref} is withdrawn already")
    _change(connection, ref, "withdrawn", reason=_reason(reason), actor=actor)


def restore(connection: Connection, ref: str, reason: str, actor: str = "command line") -> None:
    """Show a site again that was withdrawn. NotFound or Conflict when it cannot be."""
    if _fate(connection, ref) != "withdrawn":
        raise Conflict(f"{ref} is not withdrawn")
    _change(connection, ref, "restored", reason=_reason(reason), actor=actor)


def find_key(connection: Connection, text: str) -> Key:
    """The holding that a person names: `ORG:CODE`, also before it is handed in, or a code that only one holding has."""
    organisation, colon, code = text.strip().rpartition(":")
    code = parse_ods_code(code)
    if code == AGGREGATE:
        raise BadInput(f"{AGGREGATE} is a trust's small sites in one row: it has no place")
    if colon:
        return (parse_ods_code(organisation), code)
    owners = judgements.owners_of(connection, code)
    if len(owners) == 1:
        return (owners[0], code)
    if owners:
        listed = " or ".join(f"{owner}:{code}" for owner in owners[:5])
        raise BadInput(f"{len(owners)} organisations have a holding {code}: say which, {listed}")
    raise BadInput(f"no holding has the code {code}; one that is still to come is named ORGANISATION:{code}")


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if len(reason) < 3:
        raise BadInput("a judgement needs a reason that others can follow")
    return reason


def _shown(key: Key) -> str:
    return ":".join(key)


def _checked(
    connection: Connection, known: Mapping[frozenset[Key], PairJudgement], judged: PairJudgement
) -> dict[frozenset[Key], Verdict]:
    """The judgements with the new one; BadInput when an earlier one on other holdings makes it impossible."""
    pair = frozenset((judged.one, judged.other))
    verdicts: dict[frozenset[Key], Verdict] = {key: one.verdict for key, one in known.items()}
    verdicts[pair] = judged.verdict
    if broken := contradictions(verdicts):
        earlier = broken if judged.verdict == "same" else same_path(_without(verdicts, pair), judged.one, judged.other)
        told = "; ".join(known[found].told() for found in earlier if found in known)
        raise BadInput(f"that contradicts an earlier judgement: {told}. Judge that pair anew first")
    _check_places(connection, verdicts, judged)
    return verdicts


def _without(verdicts: Verdicts, pair: frozenset[Key]) -> Verdicts:
    return {found: verdict for found, verdict in verdicts.items() if found != pair}


def _check_places(connection: Connection, verdicts: Verdicts, judged: PairJudgement) -> None:
    """BadInput when a file of places puts the two where this judgement says they cannot be."""
    groups = same_groups(verdicts)
    sides = [groups.get(key, frozenset({key})) for key in (judged.one, judged.other)]
    stated = judgements.list_places(connection, sorted(sides[0] | sides[1]))
    found = [{stated[key]: key for key in sorted(side) if key in stated} for side in sides]
    if judged.verdict == "same" and len(set(stated.values())) > 1:
        told = " and ".join(f"{_shown(key)} stands at {place}" for key, place in sorted(stated.items()))
        raise BadInput(f"that contradicts an earlier judgement: {told}. Hand in a file of places that says otherwise")
    if judged.verdict == "different" and (shared := set(found[0]) & set(found[1])):
        place = min(shared)
        told = f"{_shown(found[0][place])} and {_shown(found[1][place])} both stand at {place}"
        raise BadInput(f"that contradicts an earlier judgement: {told}. Hand in a file of places that says otherwise")


def _join(connection: Connection, judged: PairJudgement, verdicts: Verdicts, area: Area) -> None:
    """Plan to make one site of those at which the two, and all that are judged the same as they, stand."""
    group = same_groups(verdicts)[judged.one]
    sites = judgements.list_sites_of(connection, sorted(group), area.prefix)
    if not sites:
        return
    survivor, *others = sites
    for other in others:
        if other.placed and survivor.placed:
            raise BadInput(
                f"that contradicts an earlier judgement: {_shown(survivor.placed[0])} stands at {survivor.ref} and "
                f"{_shown(other.placed[0])} at {other.ref}. Hand in a file of places that says otherwise"
            )
        leaving = [number for key, number in other.holdings.items()
                   if key in group or not _told_apart(key, survivor.holdings, verdicts)]  # fmt: skip
        places.move_holdings(connection, leaving, survivor.ref, EVIDENCE)
    places.move_holdings(connection, judgements.list_unplaced(connection, group), survivor.ref, EVIDENCE)


def _told_apart(key: Key, others: Collection[Key], verdicts: Verdicts) -> bool:
    return any(verdicts.get(frozenset((key, other))) == "different" for other in others)


def _separate(connection: Connection, judged: PairJudgement, verdicts: Verdicts, area: Area) -> None:
    """Plan to give one of two that stand together a site of its own: the one that neither founded the site nor was
    put there by a file of places, and with it what is judged the same as it."""
    sites = judgements.list_sites_of(connection, [judged.one, judged.other], area.prefix)
    if len(sites) != 1 or not {judged.one, judged.other} <= set(sites[0].holdings):
        return
    site, groups = sites[0], same_groups(verdicts)
    leaver = max((judged.one, judged.other), key=lambda key: (key not in site.placed, key != site.founder, key))
    followers = sorted(
        groups.get(leaver, frozenset({leaver})) & set(site.holdings), key=lambda key: (key != leaver, key)
    )
    ref = judgements.find_vacant_site(connection, [leaver], area.prefix)
    places.move_holdings(connection, [site.holdings[key] for key in followers], ref, EVIDENCE)


def _fate(connection: Connection, ref: str) -> str | None:
    editions.lock_catalogue(connection)
    if not judgements.has_site(connection, ref):
        raise NotFound(f"there is no site {ref}")
    found = judgements.find_fate(connection, ref)
    if found and found["kind"] == "merged":
        raise Conflict(f"{ref} is part of {found['survivor']}; name that")
    return found["kind"] if found else None


def _change(
    connection: Connection, ref: str, kind: Literal["withdrawn", "restored"], *, reason: str, actor: str
) -> None:
    judgements.add_fate(connection, ref, kind, reason=reason, actor=actor)
    action = "withdraw" if kind == "withdrawn" else "restore"
    add_audit(connection, actor=actor, action=action, subject=ref, detail={"reason": reason})
    open_touched(connection)
    touch_sites(connection, [ref])
    refresh_projection(connection)
