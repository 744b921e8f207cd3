"""What QGIS opens in one click: every collection as a layer, styled and with its legend."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from estates_api.api.answers import text_answer
from estates_api.api.context import Base, Database, Here
from estates_api.api.parameters import only
from estates_api.domain.collections import COLLECTIONS
from estates_api.domain.crs import CRS84, EPSG27700, parse_crs
from estates_api.errors import BadInput
from estates_api.exports.qgis import write_qlr

router = APIRouter(tags=["QGIS"])

QLR = "application/x-qgis-layer-definition"


@router.get("/qgis/estates.qlr", dependencies=[Depends(only("crs"))], response_class=Response,
            responses={200: {"content": {QLR: {}}}})  # fmt: skip
def layer_definition(
    here: Here, database: Database, base: Base,
    crs: Annotated[str, Query(description=f"System of the layers: {CRS84.uri}, or {EPSG27700.uri} (QGIS 3.30 on)")]
    = CRS84.uri,
) -> Response:  # fmt: skip
    """A layer definition of this service: sites, candidates by route and by score, outlines, holdings, boroughs."""
    system = parse_crs(crs)
    if system not in {CRS84, EPSG27700}:
        raise BadInput(f"crs: layers are there in {CRS84.uri} and {EPSG27700.uri}")
    content = write_qlr(base, COLLECTIONS.values(), here.method_in_force(database).cut_offs, crs=system.srid)
    return text_answer(content, QLR, {"Content-Disposition": 'attachment; filename="estates.qlr"'})
