"""The formats of files of a whole collection, in explicit dicts: name -> format. The process that writes one loads its
module and no other, because each tenth of a second that it takes to start is waited for."""

from estates_api.exports.bulk.format import FileFormat

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
