"""Score one edition of the returns by itself: no catalogue, no database, only what the rows say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from estates_api.domain.assessment import assess
from estates_api.domain.backtest import Key, Scored, links
from estates_api.domain.claims import RETURN, Claim, claims_by_day, winning_claims
from estates_api.domain.codes import AGGREGATE
from estates_api.domain.method import Method
from estates_api.domain.records import HoldingRecord, Issue, PlaceRecord, Reading
from estates_api.domain.sites import Holding, Site
from estates_api.domain.values import financial_year, shorten
from estates_api.errors import BadInput
from estates_api.sources import READERS, eric
from estates_api.sources.document import open_document
from estates_api.sources.reader import Hints

PLACES_FILE = "catalogue/places.csv"


@dataclass(frozen=True, slots=True)
class Returns:
    """One edition: its sites by key, each with what older editions add, and what was not scored.

    `aggregates` are rows without a place; `refused` are rows that could not be read.
    """

    label: str
    day: date
    sites: Mapping[Key, Site]
    aggregates: int
    refused: int
    year_guessed: bool = False


@dataclass(frozen=True, slots=True)
class _Edition:
    reading: Reading
    day: date
    rows: tuple[HoldingRecord, ...]
    aggregates: int
    refused: int
    guessed: bool


def read_returns(
    path: Path, *, carried: Mapping[Key, Key], history: Sequence[Path] = (), period: str | None = None,
    otherwise: str | None = None,
) -> Returns:  # fmt: skip
    """The sites of one edition of ERIC; an older edition speaks where the newer ones do not. BadInput in one line.

    `carried` says which return carries on which after a merger. `period` is the financial year as a person gives it;
    `otherwise` is taken, and told, where neither that nor the file's name nor its header says one.
    """
    newest = _read_edition(path, period, otherwise)
    older = sorted((_read_edition(one, None, None) for one in history), key=lambda edition: edition.day)
    if late := next((one for one in older if one.day >= newest.day), None):
        raise BadInput(
            f"{late.reading.label} is not older than {newest.reading.label}; history is what came before "
            "(say which year the first file is with --period)"
        )
    claims = _claims([*older, newest], carried)
    sites = {_key(row): _site(row, claims[_key(row)]) for row in newest.rows}
    if not sites:
        raise BadInput(f"{path.name}: no row has a place that could be scored")
    reading = newest.reading
    return Returns(reading.label, newest.day, sites, newest.aggregates, newest.refused, newest.guessed)


def score_returns(returns: Returns, method: Method) -> tuple[Scored, ...]:
    """Every site by the release score, highest first; equal ones by their codes."""
    results = assess(list(returns.sites.values()), method, returns.day)
    scored = [
        Scored(key, result.site, result.release.expected, result.release.coverage, 0)
        for key, result in zip(returns.sites, results, strict=True)
    ]
    scored.sort(key=lambda one: (-one.score, one.key))
    rank, ranked = 1, []
    for place, one in enumerate(scored, 1):
        rank = place if place > 1 and one.score < scored[place - 2].score else rank
        ranked.append(replace(one, rank=rank))
    return tuple(ranked)


def read_carried(data_dir: Path) -> dict[Key, Key]:
    """Which return carries on which, as judged and cited in the shipped table of places: RVL01 is RAL26 since 2014."""
    document = open_document(data_dir / PLACES_FILE)
    records = READERS["places"].read(document, Hints()).records
    return {
        (record.organisation_code, record.holding_code): record.succeeded_by
        for record in records
        if isinstance(record, PlaceRecord) and record.succeeded_by
    }


def _read_edition(path: Path, period: str | None, otherwise: str | None) -> _Edition:
    document = open_document(path)
    if not eric.READER.recognises(document):
        raise BadInput(f"{shorten(document.name, 200)}: this is not ERIC site data: it needs a trust code, a site code "
                       "and three or more of ERIC's measures under their own names")  # fmt: skip
    year = period or eric.find_edition(document) or otherwise
    if year is None:
        raise BadInput(f"{shorten(document.name, 200)}: neither its name nor its header says which year this is; "
                       "put the year into its name, like eric_2015-16.csv")  # fmt: skip
    reading = eric.READER.read(document, Hints(period=year))
    rows, aggregates, refused = [], 0, 0
    for record in reading.records:
        if isinstance(record, Issue):
            refused += record.rule in _REFUSED
        elif isinstance(record, HoldingRecord):
            without_place = _is_aggregate(record)
            aggregates += without_place
            rows += [] if without_place else [record]
    guessed = year == otherwise and period is None and eric.find_edition(document) is None
    day = reading.period_end or financial_year(year)[1]
    return _Edition(reading, day, tuple(rows), aggregates, refused, guessed)


_REFUSED = frozenset({"row-without-code", "row-unreadable", "row-repeated"})


def _is_aggregate(record: HoldingRecord) -> bool:
    kind = next((value.text for value in record.values if value.attribute == "site_type"), None)
    return record.code == AGGREGATE or (kind or "").casefold().startswith("aggregate")


def _key(record: HoldingRecord) -> Key:
    return record.organisation_code, record.code


def _claims(editions: Sequence[_Edition], carried: Mapping[Key, Key]) -> dict[Key, list[Claim]]:
    """What every edition says of each return of the newest, oldest first; claims are numbered in that order."""
    newest = [_key(row) for row in editions[-1].rows]
    found: dict[Key, list[Claim]] = {key: [] for key in newest}
    number = 0
    for edition in editions:
        leads = links([_key(row) for row in edition.rows], newest, carried)
        for row in edition.rows:
            stated = list(_claims_of(row, edition, number))
            number += len(stated)
            if _key(row) in leads:
                found[leads[_key(row)]] += stated
    return found


def _claims_of(row: HoldingRecord, edition: _Edition, number: int) -> Iterator[Claim]:
    name = f"{edition.reading.source} {edition.reading.label}"
    for place, value in enumerate(row.values, number + 1):
        yield Claim(place, value.attribute, edition.day, name, row.line, RETURN, value.state, value.number, value.text,
                    value.implausible)  # fmt: skip


def _site(row: HoldingRecord, claims: Sequence[Claim]) -> Site:
    holding = Holding(row.organisation_code, row.organisation_name, row.sector, row.code, winning_claims(claims),
                      claims_by_day(claims))  # fmt: skip
    return Site(row.code, row.name, "unknown", None, None, partner_trust=False, holdings=(holding,))
