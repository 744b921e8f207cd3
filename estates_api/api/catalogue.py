"""Sites with their explanations, editions, and assessments."""

import json
from typing import Any

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from estates_api.api.answers import GEOJSON, JSON, text_answer
from estates_api.api.context import Base, Caller, Database, Here
from estates_api.api.ogc import check_ref
from estates_api.api.parameters import AsOf, only
from estates_api.domain.explanation import describe
from estates_api.errors import NotFound
from estates_api.store import assessments, editions, features
from estates_api.workflows.assess import compute, totals

router = APIRouter()


@router.get("/sites.geojson", tags=["sites"], dependencies=[Depends(only())])
def all_sites(database: Database, caller: Caller) -> Response:
    """Every site as one GeoJSON file, the same bytes until the data change: add it to QGIS as it is."""
    return _whole(database, caller, "sites")


@router.get("/candidates.geojson", tags=["sites"], dependencies=[Depends(only())])
def all_candidates(database: Database, caller: Caller) -> Response:
    """Every candidate with its scores as one GeoJSON file."""
    return _whole(database, caller, "candidates")


def _whole(database: Database, caller: Caller, collection: str) -> Response:
    page = features.list_features(database, caller, features.Query(collection))
    return text_answer(f'{{"type":"FeatureCollection","name":"{collection}","features":[{page.features}]}}', GEOJSON)


@router.get("/sites/{ref}", tags=["sites"], dependencies=[Depends(only("as-of"))], response_class=Response)
def site(ref: str, database: Database, caller: Caller, here: Here, base: Base, as_of: AsOf) -> Any:
    """One site: what is known and from where, both scores part by part, gates, events, and one plain sentence.

    A holding code (RRP03) leads to its site.
    """
    check_ref(ref)
    if not ref.startswith(f"{here.area.prefix}-") and (found := features.find_ref_of_holding(database, caller, ref)):
        return RedirectResponse(f"{base}/sites/{found}", 307)
    detail = features.get_detail(database, caller, ref)
    if as_of is None:
        return text_answer(detail, JSON)
    run = compute(database, here.area, here.method, as_of)
    result = next((result for result in run.results if result.site.ref == ref), None)
    if result is None:
        raise NotFound(f"nothing is known of {ref} as of {as_of}")
    return describe_answer(describe(result, here.method, as_of))


def describe_answer(content: dict[str, Any]) -> Response:
    """JSON of an explanation made just now."""
    return text_answer(json.dumps(content, ensure_ascii=False, allow_nan=False), JSON)


@router.get("/assessments/latest", tags=["assessments"], dependencies=[Depends(only("as-of"))])
def latest(database: Database, caller: Caller, here: Here, as_of: AsOf) -> dict[str, Any]:
    """The latest assessment, or the sites assessed as of an earlier day (the time machine; computed, not stored)."""
    if as_of is not None:
        run = compute(database, here.area, here.method, as_of)
        seen = set(features.list_refs(database, caller))
        results = [result for result in run.results if result.site.ref in seen]
        return {
            "as_of": as_of.isoformat(), "method": {"id": run.method.id, "sha256": run.method.sha256}, "stored": False,
            "routes": totals(results), "sites": [describe(result, run.method, as_of) for result in results],
        }  # fmt: skip
    found = assessments.find_latest(database)
    if found is None:
        raise NotFound("nothing has been assessed yet; run: estates assess")
    rows = assessments.list_assessed(database, found["id"], features.list_refs(database, caller))
    return {
        "assessment": found["id"], "as_of": found["as_of"].isoformat(), "known_at": found["known_at"].isoformat(),
        "method": {"id": found["method_id"], "sha256": found["method_sha256"]}, "stored": True,
        "data_sha256": found["data_sha256"], "code_version": found["code_version"], "seed": found["seed"],
        "sha256": found["sha256"], "sites": [row["explanation"] for row in rows],
    }  # fmt: skip


@router.get("/editions", tags=["editions"], dependencies=[Depends(only())])
def list_editions(database: Database, caller: Caller, base: Base) -> dict[str, Any]:
    """Every file that was handed in: what it is, its SHA-256, and how many issues it has."""
    return {"editions": [_edition(dict(row), base) for row in editions.list_editions(database, caller)]}


def _edition(row: dict[str, Any], base: str) -> dict[str, Any]:
    row.pop("sensitivity")
    issues = {"rel": "issues", "href": f"{base}/editions/{row['id']}/issues"}
    return row | {"known_at": row.pop("at"), "links": [issues]}
