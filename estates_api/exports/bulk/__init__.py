"""Ways to hand a whole collection out, one writer each, in two explicit dicts: name -> format.

Text is made from features that are already rendered, a piece at a time. Files are written by a process of their own
(build.py), because the libraries that write them take more memory than the service has.
"""

from estates_api.exports.bulk import csv_table, geojson, geojson_seq
from estates_api.exports.bulk.format import FileFormat, TextFormat

TEXTS: dict[str, TextFormat] = {one.suffix: one for one in (geojson.FORMAT, geojson_seq.FORMAT, csv_table.FORMAT)}

FILES: dict[str, FileFormat] = {
    one.suffix: one
    for one in (
        FileFormat("gpkg", "application/geopackage+sqlite3", "GeoPackage", "geopackage"),
        FileFormat("fgb", "application/flatgeobuf", "FlatGeobuf", "flatgeobuf"),
        FileFormat("parquet", "application/vnd.apache.parquet", "GeoParquet", "geoparquet"),
    )
}

DOCUMENTS: dict[str, FileFormat] = {
    one.suffix: one
    for one in (
        FileFormat("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "workbook", "workbook"),
        FileFormat("pdf", "application/pdf", "PDF report", "report"),
    )
}
"""What people read rather than programs: written likewise, and told what was asked."""

WRITTEN = FILES | DOCUMENTS

__all__ = ["DOCUMENTS", "FILES", "TEXTS", "WRITTEN", "FileFormat", "TextFormat"]
