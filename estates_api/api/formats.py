"""Which format a request wants: by `f`, else by `Accept`; programs that take anything get GeoJSON."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from estates_api.errors import BadInput
from estates_api.exports.bulk.files import DOCUMENTS


@dataclass(frozen=True, slots=True)
class Format:
    """A format by its name in `f`; `page`: it is a page of features, not a file of all of them. `most`: features that
    it holds at most."""

    name: str
    media_type: str
    title: str
    page: bool = False
    most: int | None = None

    @property
    def whole(self) -> bool:
        """A file that a whole collection fits in."""
        return not self.page and (self.most is None or self.most > LARGEST_REPORT)


LARGEST_REPORT = 200
"""Features of a report, which has a page for each."""

LARGEST_SHEET = 1_048_575
"""Rows of a worksheet, without its head (Excel specifications and limits)."""


GEOJSON = Format("geojson", "application/geo+json", "GeoJSON", page=True)
HTML = Format("html", "text/html", "a page for people", page=True)

FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        GEOJSON,
        HTML,
        Format("geojsons", "application/geo+json-seq", "GeoJSON text sequence"),
        Format("csv", "text/csv", "CSV"),
        Format("fgb", "application/flatgeobuf", "FlatGeobuf"),
        Format("gpkg", "application/geopackage+sqlite3", "GeoPackage"),
        Format("parquet", "application/vnd.apache.parquet", "GeoParquet"),
        Format("xlsx", DOCUMENTS["xlsx"].media_type, "Excel workbook", most=LARGEST_SHEET),
        Format("pdf", DOCUMENTS["pdf"].media_type, "PDF report", most=LARGEST_REPORT),
    )
}
"""Every format of features by its name."""

_ALSO = {"json": "geojson", "geojsonseq": "geojsons", "jsonseq": "geojsons"}
# QGIS and GDAL ask for any of these and mean GeoJSON.
_JSON = {"application/json", "text/plain", "*/*", "application/*", "text/*"}


def wanted(request: Request) -> Format:
    """The format of features; BadInput lists what there is."""
    name = request.query_params.get("f")
    if name is not None:
        return _named(name)
    return accepted(request.headers.get("accept", "*/*"))


def _named(name: str) -> Format:
    found = FORMATS.get(_ALSO.get(name, name))
    if found is None:
        raise BadInput(f"f: {name[:50]!r} is not a format here; {', '.join(FORMATS)}")
    return found


def accepted(accept: str) -> Format:
    """The first format that is named; GeoJSON where none of ours is, since any answer beats none (RFC 9110, 12.5.1)."""
    by_type = {one.media_type: one for one in FORMATS.values()}
    for part in accept.split(","):
        kind = part.partition(";")[0].strip().lower()
        if kind in _JSON:
            return GEOJSON
        if kind in by_type:
            return by_type[kind]
    return GEOJSON
