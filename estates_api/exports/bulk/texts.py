"""The formats of text of a whole collection, in one explicit dict: name -> format."""

from estates_api.exports.bulk import csv_table, geojson, geojson_seq
from estates_api.exports.bulk.format import TextFormat

TEXTS: dict[str, TextFormat] = {one.suffix: one for one in (geojson.FORMAT, geojson_seq.FORMAT, csv_table.FORMAT)}
