"""Ways to hand a shortlist out, one writer each, in one explicit dict: file suffix -> writer."""

from estates_api.exports import geojson, table
from estates_api.exports.writer import Writer

WRITERS: dict[str, Writer] = {writer.suffix: writer for writer in (table.WRITER, geojson.WRITER)}
