"""A shortlist as files, written from the frozen document alone by a process of its own (build.py): name -> format."""

from estates_api.exports.bulk.format import FileFormat

FILES: dict[str, FileFormat] = {
    one.suffix: one
    for one in (
        FileFormat("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "workbook", "workbook"),
        FileFormat("gpkg", "application/geopackage+sqlite3", "GeoPackage", "geopackage"),
        FileFormat("parquet", "application/vnd.apache.parquet", "GeoParquet", "geoparquet"),
        FileFormat("pdf", "application/pdf", "PDF report", "report"),
    )
}

TIME_MACHINE = FileFormat("pdf", "application/pdf", "PDF of the time machine", "time_machine")
"""What past lists said beside what happened."""

__all__ = ["FILES", "TIME_MACHINE", "FileFormat"]
