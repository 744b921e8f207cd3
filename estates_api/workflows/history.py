"""History: every site as of a day and as known at a moment, as features and explanations. Computed, not stored."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from estates_api.domain.area import Area
from estates_api.domain.assessment import Assessed
from estates_api.domain.features import candidate_properties, feature_properties, holding_facts
from estates_api.domain.method import Method
from estates_api.store.audit import data_version
from estates_api.store.features import first_day, list_borough_names, list_geometries
from estates_api.store.layers import Audience
from estates_api.store.sites import Moment
from estates_api.workflows.assess import Run, compute

KEPT = 4
"""How many moments of one database are kept at once, until its data change."""


@dataclass(frozen=True, slots=True)
class Past:
    """Every site at a moment: what each came to, and what its features say, by collection and reference."""

    run: Run
    results: Mapping[str, Assessed]
    features: Mapping[str, Mapping[str, Mapping[str, Any]]]
    geometries: Mapping[str, str]
    boroughs: Mapping[str, str]

    def detail(self, ref: str) -> dict[str, Any]:
        """Everything about one site, in the form of the present's detail."""
        result = self.results[ref]
        return {
            "site": feature_properties(result, self.boroughs),
            "geometry": json.loads(self.geometries[ref]),
            "holdings": holding_facts(result.site),
            **self.run.describe(result),
        }


_kept: WeakKeyDictionary[Engine, OrderedDict[tuple[Any, ...], Past]] = WeakKeyDictionary()
_lock = Lock()


def look_back(connection: Connection, moment: Moment, *, area: Area, method: Method) -> Past:
    """Every site at a moment. Kept by the version of the data, so that pages of one walk are computed once."""
    key = (moment, data_version(connection), method.sha256, area.id)
    with _lock:
        kept = _kept.setdefault(connection.engine, OrderedDict())
        if key in kept:
            kept.move_to_end(key)
            return kept[key]
    made = _compute(connection, moment, area, method)
    with _lock:
        kept[key] = made
        while len(kept) > KEPT:
            kept.popitem(last=False)
    return made


_first_days: WeakKeyDictionary[Engine, dict[tuple[Audience, int], date | None]] = WeakKeyDictionary()


def since(connection: Connection, audience: Audience) -> date | None:
    """The first day that any evidence speaks of a site which the audience may see. Read once for each version of the
    data: it takes every claim."""
    key = audience, data_version(connection)
    with _lock:
        known = _first_days.setdefault(connection.engine, {})
        if key in known:
            return known[key]
    found = first_day(connection, audience)
    with _lock:
        current = {other: day for other, day in known.items() if other[1] == key[1]}
        _first_days[connection.engine] = current | {key: found}
    return found


def _compute(connection: Connection, moment: Moment, area: Area, method: Method) -> Past:
    run = compute(connection, area, method, moment.as_of, known_at=moment.known_at)
    geometries, boroughs = list_geometries(connection), list_borough_names(connection)
    results = {result.site.ref: result for result in run.results}
    sites = {ref: feature_properties(result, boroughs) for ref, result in results.items()}
    features = {
        "sites": sites,
        "candidates": {ref: candidate_properties(result, method, boroughs) for ref, result in results.items()},
        "outlines": {ref: sites[ref] for ref, result in results.items() if result.site.precision == "outline"},
    }
    return Past(run, results, features, geometries, boroughs)
