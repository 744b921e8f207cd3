"""Fits as they are asked for: needs and sites that the caller may see, with what stands behind every reason."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Connection

from estates_api.domain.aspects import MEASURED, Offers
from estates_api.domain.callers import circle_of
from estates_api.domain.decisions import progress_of
from estates_api.domain.fits import Fit, Fits, Reason, Verdict, describe_reason, find_fits
from estates_api.domain.method import Method
from estates_api.domain.method_file import parse_method
from estates_api.domain.nearness import POSITION_ERROR_M
from estates_api.domain.needs import Need
from estates_api.domain.outcome import ROUTES
from estates_api.domain.search_areas import Boroughs, Circle, Positions, SearchArea
from estates_api.domain.transitions import State
from estates_api.errors import BadInput, NotFound, Unavailable
from estates_api.store import offers as stored
from estates_api.store.decisions import list_decided
from estates_api.store.layers import Audience
from estates_api.store.needs import Recorded, list_needs
from estates_api.store.shortlists import Seeing
from estates_api.workflows.listing import find_listing


@dataclass(frozen=True, slots=True)
class Market:
    """The sites that somebody may see as needs see them, and by which method they were assessed."""

    method: Method
    offers: Offers


def read_market(connection: Connection, audience: Audience, refs: Collection[str] | None = None) -> Market:
    """The sites of the latest assessment, or these of them. NotFound or Unavailable say what to run."""
    latest = stored.read_latest(connection)
    if latest is None:
        raise NotFound("nothing has been assessed yet; run: estates assess")
    _, as_of, name, content = latest
    method = _read_method(bytes(content), name)
    looked_at = {one.id: place for place, one in enumerate(method.of("reuse")) if one.id in MEASURED}
    rows = stored.read_offers(connection, audience, [*looked_at.values()], refs)
    offers = _offers(rows, [*looked_at], method, as_of)
    # Drafts are for whoever sees all; of others some do (api/context.py), but what is kept here is for all of them.
    listing = find_listing(connection, Seeing(circle_of(audience), drafts=audience == "complete"))
    listed = listing.sites if listing else {}
    return Market(method, replace(offers, decided=_decided(connection, audience), listed=listed))


def _decided(connection: Connection, audience: Audience) -> dict[str, tuple[State, str]]:
    """The sites that decisions moved, as far as the audience may see them: the state, and who decided."""
    stands = {ref: progress_of(one.decisions) for ref, one in list_decided(connection, audience).items()}
    return {ref: (stand.state, stand.moved.told()) for ref, stand in stands.items() if stand.moved}


@lru_cache(maxsize=4)
def _read_method(content: bytes, name: str) -> Method:
    try:
        return parse_method(content, name)
    except BadInput as error:
        reason = "the latest assessment was made by a method written for another version of this service"
        raise Unavailable(f"{reason}; run: estates assess ({error.detail})") from None


def _offers(rows: Sequence[Any], names: Sequence[str], method: Method, as_of: date) -> Offers:
    """The sites from their rows, which have the measures of these criteria last."""
    columns = list(zip(*rows, strict=True)) or [()] * (9 + len(names))
    refs, titles, boroughs, codes, precisions, shapes, routes, reuse, finance, *numbers = columns
    return Offers(
        refs, titles, boroughs,
        Positions(
            shapely.from_wkb(np.array(shapes, dtype=object)),
            np.array([POSITION_ERROR_M.get(precision, np.nan) for precision in precisions], dtype=np.float64),
            np.array(codes, dtype=np.str_),
        ),
        np.array([ROUTES.index(route) for route in routes], dtype=np.int8),
        np.array(reuse, dtype=np.float64),
        {name: np.array(column, dtype=np.float64) for name, column in zip(names, numbers, strict=True)},  # None is NaN
        np.array(finance, dtype=np.bool_),
        {one.id: (one.points[0][0], one.points[-1][0]) for one in method.of("reuse") if one.points},
        as_of,
    )  # fmt: skip


def fits_of(need: Need, market: Market) -> Fits:
    """How every site of a market answers a need."""
    return find_fits(need, market.offers)


@dataclass(frozen=True, slots=True)
class Wish:
    """Which of a need's fits are asked for: their verdicts, and how many at most."""

    verdicts: tuple[Verdict, ...]
    limit: int


def answer_need(
    connection: Connection, audience: Audience, known: Recorded, wish: Wish, market: Market
) -> dict[str, Any]:  # fmt: skip
    """A need's fits as JSON-ready values: how many there are, why others are none, and each with its reasons.

    `market` has the sites of this audience.
    """
    fits = fits_of(known.need, market)
    places = fits.places(wish.verdicts)
    shown = [int(place) for place in places[: wish.limit]]
    evidence = stored.read_evidence(connection, audience, [market.offers.refs[place] for place in shown])
    return {
        "need": describe_need(known, market.offers.as_of),
        **_assessed(market),
        "counts": fits.count(),
        "failing": fits.count_failing(),
        "numberMatched": len(places),
        "numberReturned": len(shown),
        "fits": [_site(market.offers, place) | describe_fit(fits.fit(place), evidence[market.offers.refs[place]])
                 for place in shown],
    }  # fmt: skip


def answer_site(connection: Connection, audience: Audience, ref: str) -> dict[str, Any]:
    """How a site answers every open need that the caller may see, the best fit first, as JSON-ready values."""
    market = read_market(connection, audience, [ref])
    needs = list_needs(connection, audience) if market.offers.refs else []
    found = [(one, fits_of(one.need, market)) for one in needs]
    found.sort(key=lambda pair: (int(pair[1].verdicts[0]), int(pair[1].against[0]), int(pair[1].unknown[0]),
                                 pair[0].need.id))  # fmt: skip
    evidence = stored.read_evidence(connection, audience, [ref])
    return {
        "site": ref,
        **_assessed(market),
        "reuse_score": evidence[ref]["reuse_score"] if ref in evidence else None,
        "needs": [
            {"need": describe_need(one, market.offers.as_of)} | describe_fit(fits.fit(0), evidence[ref])
            for one, fits in found
        ],
    }


def _assessed(market: Market) -> dict[str, Any]:
    method = market.method
    return {"as_of": market.offers.as_of.isoformat(), "method": {"id": method.id, "sha256": method.sha256}}


def _site(offers: Offers, place: int) -> dict[str, Any]:
    return {"site": offers.refs[place], "name": offers.names[place], "borough": offers.borough_names[place] or None}


def describe_fit(fit: Fit, evidence: Mapping[str, Any]) -> dict[str, Any]:
    """A fit with the claims under each reason, as JSON-ready values."""
    parts = {part["criterion"]: part for part in evidence["contributions"] or ()}
    gates = {gate["id"]: gate["reason"] for gate in evidence["gates"] or ()}
    day = evidence["evidence_date"]
    return {
        "verdict": fit.verdict,
        "told": fit.told(),
        "route": evidence["route"],
        "reuse_score": evidence["reuse_score"],
        "reuse_coverage": evidence["reuse_coverage"],
        "evidence_date": day.isoformat() if day else None,
        "stale": evidence["stale"],
        "reasons": [_with_sources(reason, parts, gates) for reason in fit.reasons],
    }


def _with_sources(reason: Reason, parts: Mapping[str, Any], gates: Mapping[str, str]) -> dict[str, Any]:
    part = parts.get(reason.aspect.criterion or "", {})
    note = gates.get(reason.aspect.name) or part.get("note", "")
    return describe_reason(reason) | {"note": note, "sources": part.get("sources", [])}


def describe_need(known: Recorded, day: date) -> dict[str, Any]:
    """A need as JSON-ready values; whether it is overdue, on this day."""
    need = known.need
    return {
        "id": need.id, "told": need.told(), "organisation_code": need.organisation_code,
        "organisation_name": need.organisation_name, "service": need.service,
        "floor_area_low_m2": need.floor_area_low_m2, "floor_area_high_m2": need.floor_area_high_m2,
        **_area(need.area), "ptal": need.ptal,
        "required_by": need.required_by.isoformat() if need.required_by else None,
        "overdue": need.is_overdue(day), "sensitivity": need.sensitivity, "note": need.note, "closed": need.closed,
        "revision": known.revision, "recorded_by": known.recorded_by,
        "recorded_at": known.at.isoformat(),
    }  # fmt: skip


def _area(area: SearchArea) -> dict[str, Any]:
    """The area of search: which kind it is, and its own parts."""
    if isinstance(area, Boroughs):
        return {"area": {"boroughs": [{"gss": code, "name": name}
                                      for code, name in zip(area.codes, area.names, strict=True)]}}  # fmt: skip
    if isinstance(area, Circle):
        return {"area": {"postcode": area.postcode, "easting": area.easting, "northing": area.northing,
                         "radius_m": area.radius_m}}  # fmt: skip
    return {"area": {"polygon": area.shape.wkt, "crs": "EPSG:27700"}}
