"""Dated cases: what the score said of places where something is known to have happened, and what then happened.

Every place of the health service with a dated event of release is a case, whatever the score said of it: none is
chosen because it fits.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from estates_api.domain.backtest import Key, Pair, Scored
from estates_api.domain.land import idle_share
from estates_api.domain.records import EventRecord, PlaceRecord
from estates_api.domain.sites import Site

OF_RELEASE = frozenset(
    {"declared surplus", "marketed", "disposal approved", "planning permission", "part sold", "sold"}
)


def dated_cases(
    scored: Sequence[Scored], pairs: Sequence[Pair], places: Iterable[PlaceRecord], events: Sequence[EventRecord],
    day: date,
) -> list[dict[str, object]]:  # fmt: skip
    """The places with a dated event of release, the highest score first, each with its returns and its events.

    `day` is the one that the earlier edition speaks of: what happened by then is told apart.
    """
    found = {one.key: one for one in scored}
    later = {pair.earlier.key: pair for pair in pairs}
    at: dict[str, list[PlaceRecord]] = {}
    for record in places:
        at.setdefault(record.place, []).append(record)
    cases = [_case(records, found, later, events, day) for records in at.values()]
    told = [case for case in cases if case is not None]
    return sorted(told, key=lambda case: (case["returns"][0]["rank"], case["place"]))  # type: ignore[index]


def _case(
    records: Sequence[PlaceRecord], found: Mapping[Key, Scored], later: Mapping[Key, Pair],
    events: Sequence[EventRecord], day: date,
) -> dict[str, object] | None:  # fmt: skip
    keys = [(record.organisation_code, record.holding_code) for record in records]
    mine = sorted(
        (event for event in events if (event.organisation_code, event.holding_code) in keys and event.earliest),
        key=lambda event: (event.latest or date.max, event.line),
    )
    here = sorted((found[key] for key in keys if key in found), key=lambda one: (one.rank, one.key))
    if not here or not any(event.kind in OF_RELEASE for event in mine):
        return None
    return {
        "place": records[0].place,
        "name": records[0].place_name,
        "returns": [_said(one, len(found), later.get(one.key)) for one in here],
        "before": [_told(event) for event in mine if event.latest and event.latest <= day],
        "after": [_told(event) for event in mine if event.latest and event.latest > day],
    }


def _said(one: Scored, among: int, pair: Pair | None) -> dict[str, object]:
    return {
        "organisation_code": one.key[0], "site_code": one.key[1], "score": round(one.score, 1),
        "coverage": round(one.coverage, 3), "rank": one.rank, "among": among,
        "later": None if pair is None else _later(pair.earlier.site, pair.later),
    }  # fmt: skip


def _later(before: Site, now: Site) -> dict[str, object]:
    """What the later return says of it: floor area and land then and now, and land not delivering services."""
    idle = idle_share(now)
    sizes = {name: [_total(before, *names), _total(now, *names)] for name, names in
             (("gia_m2", ("gia_m2",)), ("land_ha", ("land_owned_ha", "land_ha")))}  # fmt: skip
    return {**sizes, "idle_pct": None if idle is None else round(idle[0], 1)}


def _total(site: Site, *attributes: str) -> float | None:
    numbers = [h.number(name) for h in site.holdings for name in attributes]
    return next((number for number in numbers if number is not None), None)


def _told(event: EventRecord) -> dict[str, object]:
    return {
        "kind": event.kind, "date": event.date_text, "area_ha": event.area_ha, "homes": event.homes,
        "receipt_gbp": event.receipt_gbp, "note": event.note, "source_title": event.citation_title,
        "source_url": event.citation_url,
    }  # fmt: skip
