"""Claims: of any figure, which file, which row, what date, whether it counts, and why not."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import RowMapping
from starlette.responses import Response

from estates_api.api.answers import JSON, text_answer
from estates_api.api.context import Secret
from estates_api.api.cursors import open_place, seal_place
from estates_api.api.history import Ask, Asked, find_elsewhere
from estates_api.api.items import check_ref
from estates_api.api.links import link, with_query
from estates_api.api.parameters import MOMENT, Limit, only
from estates_api.domain.attributes import ATTRIBUTES, IDENTITY
from estates_api.domain.claims import CORRECTION, RETURN, Claim
from estates_api.domain.records import edition_id
from estates_api.errors import BadInput, NotFound
from estates_api.store.organisations import names_on
from estates_api.store.sites import Moment
from estates_api.workflows.weighing import Weighed, list_weighed

router = APIRouter(tags=["sites"])

MEANINGS = {**IDENTITY, **ATTRIBUTES}


@router.get(
    "/sites/{ref}/claims",
    dependencies=[Depends(only("attribute", "holding", "limit", "cursor", *MOMENT))],
    response_class=Response,
)
def list_claims(  # noqa: PLR0913 -- one parameter per thing that is asked
    ref: str, request: Request, ask: Ask, limit: Limit,
    attribute: Annotated[str | None, Query(description="One attribute by its name, such as gia_m2")] = None,
    holding: Annotated[str | None, Query(description="One holding by its code, such as RRP03")] = None,
    *, secret: Secret,
    cursor: Annotated[str | None, Query(description="From a `next` link")] = None,
) -> Response:  # fmt: skip
    """Every value that any file says of a site's holdings: edition, row, day, authority, and which one wins and why."""
    check_ref(ref)
    if attribute is not None and attribute not in MEANINGS:
        raise BadInput(f"attribute: there is no {attribute!r}; there are {', '.join(MEANINGS)}")
    if elsewhere := find_elsewhere(ask, ref, "/sites/{}/claims"):
        return elsewhere
    found = weighed_claims(ask, ref, attribute)
    if holding is not None:
        found = [one for one in found if one.stated.holding[1] == holding.upper()]
    after = open_place(cursor, secret) if cursor else None
    numbers = [str(one.stated.claim.id) for one in found]
    if after is not None and after not in numbers:
        raise BadInput("cursor: this page is no longer there; begin again without it")
    start = numbers.index(after) + 1 if after else 0
    shown = found[start : start + limit]
    here = f"{ask.base}/sites/{ref}/claims"
    links = [link(with_query(here, request), "self", JSON, "this page")]
    if start + limit < len(found):
        more = with_query(here, request, cursor=seal_place(numbers[start + limit - 1], secret))
        links.append(link(more, "next", JSON, "next page"))
    names = names_of(ask)
    content = {
        "site": ref, "numberMatched": len(found), "numberReturned": len(shown),
        "claims": [claim_facts(one, names, whole=ask.caller == "complete") for one in shown], "links": links,
    }  # fmt: skip
    return text_answer(json.dumps(content, ensure_ascii=False, allow_nan=False), JSON)


def weighed_claims(ask: Asked, ref: str, attribute: str | None = None) -> list[Weighed]:
    """The claims of a site at the moment asked about, the winner of each holding and attribute first. NotFound where
    there is no such site for the caller."""
    ask.check_seen(ref)
    found = list_weighed(ask.database, ref, ask.moment, today=datetime.now(UTC).date(), attribute=attribute)
    if not found and attribute is None and ask.moment:
        raise NotFound(ask.unknown(ref, ask.moment))
    return found


def names_of(ask: Asked) -> Mapping[str, str]:
    """What organisations were called on the day asked about."""
    moment = ask.moment or Moment(datetime.now(UTC).date())
    return names_on(ask.database, moment.as_of, moment.known_at)


def claim_facts(one: Weighed, names: Mapping[str, str], *, whole: bool) -> dict[str, Any]:
    """One claim for readers; `whole` tells as well who redacted it. What is redacted has no value for anybody."""
    claim, row = one.stated.claim, one.stated.row
    organisation, code = one.stated.holding
    meaning = MEANINGS.get(claim.attribute)
    return {
        "holding": code,
        "organisation_code": organisation,
        "organisation": names.get(organisation, row["organisation"]),
        "attribute": claim.attribute,
        "meaning": meaning.meaning if meaning else None,
        "unit": row["unit"],
        "value": claim.value,
        "raw": row["raw"],
        "state": "redacted" if claim.redacted else claim.state,
        "implausible": claim.implausible,
        "as_of": claim.as_of.isoformat() if claim.dated else None,
        "edition": edition_facts(row),
        "row": claim.line,
        "citation": row["citation"],
        "authority": authority(claim),
        "wins": one.wins,
        "why_not": one.why_not,
        "corrected": _correction(claim, row),
        "redacted": _redaction(row, whole=whole),
    }


def edition_facts(row: RowMapping) -> dict[str, Any]:
    """The file a claim stands in."""
    return {
        "id": edition_id(row["sha256"]), "source": row["source"], "label": row["label"], "file_name": row["file_name"],
        "sha256": row["sha256"], "period_start": _iso(row["period_start"]), "period_end": _iso(row["period_end"]),
        "publisher": row["publisher"], "licence": row["licence"], "link": row["url"] or None,
        "known_at": _iso(row["known"]),
    }  # fmt: skip


def authority(claim: Claim) -> str:
    """What kind of source speaks."""
    if claim.authority >= CORRECTION:
        return "a person's correction"
    return "official return" if claim.authority >= RETURN else "list"


def _correction(claim: Claim, row: RowMapping) -> dict[str, Any] | None:
    if claim.authority < CORRECTION:
        return None
    return {"by": row["citation"] or row["handed_in_by"], "handed_in_by": row["handed_in_by"], "at": _iso(row["known"])}


def _redaction(row: RowMapping, *, whole: bool) -> dict[str, Any] | None:
    if row["redacted"] is None:
        return None
    by = {"by": row["redacted_by"]} if whole else {}
    return {"reason": row["redacted"], "at": _iso(row["redacted_at"]), **by}


def _iso(when: date | None) -> str | None:
    return when.isoformat() if when else None
