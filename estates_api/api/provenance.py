"""Where the figures of a site come from: for each, which file, which row, what date, and who says otherwise."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import RowMapping

from estates_api.api.claims import authority, names_of, weighed_claims
from estates_api.api.history import Asked
from estates_api.domain.assessment import Assessed
from estates_api.domain.claims import Claim
from estates_api.domain.land import site_land
from estates_api.domain.records import edition_id
from estates_api.store import claims
from estates_api.store.sites import Moment
from estates_api.workflows.weighing import Weighed

_JUDGED = {"name": "place_name", "address": "address", "postcode": "postcode"}


def explain_sources(ask: Asked, ref: str) -> dict[str, Any]:
    """The sources of every figure that the detail of a site shows: of the site itself, and of each holding."""
    found = weighed_claims(ask, ref)
    past = ask.past(ask.moment or Moment(datetime.now(UTC).date()))
    result = past.results.get(ref)
    return {
        "site": _of_site(ask, ref, found, result) if result else {},
        "holdings": _of_holdings(ask, found),
    }


def _of_site(ask: Asked, ref: str, found: Sequence[Weighed], result: Assessed) -> dict[str, Any]:
    judged = claims.list_judgements(ask.database, ref, ask.moment)
    site, by_number = result.site, {one.stated.claim.id: one for one in found}
    shown = {name: getattr(site, name) for name in _JUDGED}
    identity = {name: _identity(name, value, found, judged) for name, value in shown.items()}
    land = site_land(site)
    areas = [holding.claims["gia_m2"] for holding in site.holdings if holding.number("gia_m2") is not None]
    return {
        **identity,
        "position": _position(ask, result, found),
        "gia_m2": _sum(sum(claim.number or 0.0 for claim in areas) if areas else None, areas, by_number),
        "land_ha": _sum(land.area_ha if land else None, land.claims if land else (), by_number)
        | {"note": land.note if land else ""},
    }  # fmt: skip


def _identity(name: str, value: str | None, found: Sequence[Weighed], judged: Sequence[RowMapping]) -> dict[str, Any]:
    """Who says what the place is called or where it is: a person's judgement, or the winning claims of its holdings."""
    own = [one for one in found if one.stated.claim.attribute == name]
    agreeing = [source(one.stated.claim, one) for one in own if one.wins and _same(one.stated.claim.text, value)]
    return {
        "value": value,
        "judged_by": [_judgement(row) for row in judged if value and _same(row[_JUDGED[name]], value)],
        "sources": agreeing,
        "others": _others(own, value),
    }


def _judgement(row: RowMapping) -> dict[str, Any]:
    return {"edition": row["edition"], "file_name": row["file_name"], "sha256": row["sha256"],
            "holding": row["holding_code"], "evidence": row["evidence"], "at": row["at"].isoformat()}  # fmt: skip


def _position(ask: Asked, result: Assessed, found: Sequence[Weighed]) -> dict[str, Any]:
    """How the position is known: by an outline, by an owner's point, by a postcode, or not."""
    site = result.site
    points = [one for one in found if one.stated.claim.attribute == "position"]
    postcodes = claims.find_reference(ask.database, "Postcodes")
    how = {
        "outline": "a point in the outline of its parcels",
        "uprn": "the point that an owner's list gives",
        "postcode": f"the position of the postcode {site.postcode} ({postcodes})",
        "lsoa": f"the centre of the area (LSOA) of the postcode {site.postcode} ({postcodes})",
        "borough": "only the borough is known",
    }.get(site.precision, "not known")
    value = None if site.easting is None or site.northing is None else [site.easting, site.northing]
    own = [source(one.stated.claim, one) for one in points if one.wins] if site.precision == "uprn" else []
    other = [source(one.stated.claim, one) for one in points] if site.precision != "uprn" else []
    return {"value": value, "crs": "EPSG:27700", "precision": site.precision, "how": how, "sources": own,
            "others": other}  # fmt: skip


def _sum(value: float | None, parts: Iterable[Claim], by_number: dict[int, Weighed]) -> dict[str, Any]:
    """A figure added up from claims, with those of the same holdings that say otherwise."""
    used = list(dict.fromkeys(parts))
    kinds = {(by_number[claim.id].stated.holding, claim.attribute) for claim in used if claim.id in by_number}
    rivals = [one for one in by_number.values() if (one.stated.holding, one.stated.claim.attribute) in kinds]
    taken = {claim.id for claim in used}
    values = {claim.value for claim in used}
    return {
        "value": value,
        "sources": [source(claim, by_number.get(claim.id)) for claim in used],
        "others": [source(one.stated.claim, one) for one in rivals
                   if one.stated.claim.id not in taken and one.stated.claim.value not in {None, *values}],
    }  # fmt: skip


def _of_holdings(ask: Asked, found: Sequence[Weighed]) -> list[dict[str, Any]]:
    names = names_of(ask)
    holdings: dict[tuple[str, str], dict[str, Any]] = {}
    # The winner of each holding and attribute comes first (see workflows/weighing.py).
    for (key, attribute), group in groupby(found, key=lambda one: (one.stated.holding, one.stated.claim.attribute)):
        first, *rivals = group
        if first.wins:
            organisation, code = key
            named = names.get(organisation, first.stated.row["organisation"])
            empty = {"organisation": named, "organisation_code": organisation, "code": code, "attributes": {}}
            holdings.setdefault(key, empty)["attributes"][attribute] = _winner(first, rivals)
    return list(holdings.values())


def _winner(first: Weighed, rivals: Sequence[Weighed]) -> dict[str, Any]:
    claim = first.stated.claim
    return {
        "value": claim.value,
        "state": claim.state,
        "unit": first.stated.row["unit"],
        "source": source(claim, first),
        "others": _others(rivals, claim.value),
    }


def _others(found: Iterable[Weighed], value: Any) -> list[dict[str, Any]]:
    """Those who say otherwise: another value than the one that is shown."""
    return [source(one.stated.claim, one) for one in found
            if one.stated.claim.value is not None and not _same(one.stated.claim.value, value)]  # fmt: skip


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return " ".join(one.casefold().split()) == " ".join(other.casefold().split())
    return bool(one == other)


def source(claim: Claim, weighed: Weighed | None) -> dict[str, Any]:
    """Which file, which row, what date; and, of what does not count, why."""
    file = {}
    if weighed:
        row = weighed.stated.row
        file = {"holding": row["code"], "edition_id": edition_id(row["sha256"]), "file_name": row["file_name"],
                "sha256": row["sha256"], "link": row["url"] or None, "raw": row["raw"]}  # fmt: skip
    why = {"why_not": weighed.why_not} if weighed and not weighed.wins else {}
    return {"edition": claim.edition, "row": claim.line, "attribute": claim.attribute,
            "as_of": claim.as_of.isoformat() if claim.dated else None, "value": claim.value,
            "authority": authority(claim), **file, **why}  # fmt: skip
