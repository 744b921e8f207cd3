"""The back-test from files: an earlier edition scored, a later one looked at, dated cases beside them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from estates_api.domain.backtest import (
    Key,
    base_rates,
    compare,
    judge_cut_off,
    not_foreseen,
    pairs_of,
    release_fingerprint,
)
from estates_api.domain.cases import dated_cases
from estates_api.domain.method import Method
from estates_api.domain.ranking import DRAWS, SEED
from estates_api.domain.records import EventRecord, PlaceRecord
from estates_api.errors import BadInput
from estates_api.sources import READERS
from estates_api.sources.document import open_document
from estates_api.sources.reader import Hints
from estates_api.workflows.returns import PLACES_FILE, Returns, score_returns

EVENTS_FILE = "catalogue/site_events.csv"
RESULT_FILE = "methods/ncl-1-backtest.json"
"""The comparisons that come with the service, made by scripts/make_backtest.py."""


def backtest(
    earlier: Returns, later: Returns, *, method: Method, carried: Mapping[Key, Key], data_dir: Path
) -> dict[str, Any]:  # fmt: skip
    """What the score of the earlier edition was worth, as JSON-ready values. BadInput when the later one is not later.

    The outcomes are read from the later edition alone.
    """
    if later.day <= earlier.day:
        raise BadInput(f"{later.label} is not later than {earlier.label}; give the earlier edition first")
    scored = score_returns(earlier, method)
    pairs = pairs_of(scored, later.sites, carried)
    if not pairs:
        raise BadInput(f"no site with land in {earlier.label} is returned with land in {later.label}")
    return {
        "earlier": _edition(earlier),
        "later": _edition(later),
        "method": {"id": method.id, "release_sha256": release_fingerprint(method)},
        "resampling": {"draws": DRAWS, "seed": SEED, "units": ["trusts", "sites"], "level": 0.95},
        "cases": dated_cases(scored, pairs, _places(data_dir), _events(data_dir), earlier.day),
        "outcomes": compare(pairs, method),
        "cut_off": judge_cut_off(pairs, method),
        "base_rates": base_rates(pairs),
        "not_foreseen": not_foreseen(pairs, method),
    }


def find_result(data_dir: Path) -> dict[str, Any] | None:
    """The back-test that comes with the service; None where none does."""
    try:
        found = json.loads((data_dir / RESULT_FILE).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def result_of(method: Method, shipped: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The back-test that was shipped, where it is one of this method's release score; None for any other."""
    try:
        made_with = {one["method"]["release_sha256"] for one in (shipped or {})["comparisons"]}
    except (KeyError, TypeError):  # nothing was shipped, or nothing that can be shown
        return None
    return shipped if made_with == {release_fingerprint(method)} else None


def _edition(returns: Returns) -> dict[str, Any]:
    return {
        "label": returns.label, "day": returns.day.isoformat(), "sites": len(returns.sites),
        "aggregates": returns.aggregates, "refused": returns.refused,
    }  # fmt: skip


def _places(data_dir: Path) -> list[PlaceRecord]:
    records = READERS["places"].read(open_document(data_dir / PLACES_FILE), Hints()).records
    return [record for record in records if isinstance(record, PlaceRecord)]


def _events(data_dir: Path) -> Sequence[EventRecord]:
    records = READERS["events"].read(open_document(data_dir / EVENTS_FILE), Hints()).records
    return [record for record in records if isinstance(record, EventRecord)]
