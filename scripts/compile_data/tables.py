"""Reading and writing the tables of `data/`, and what several of them share."""

import csv
import gzip
import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

Row = dict[str, str]
DATA = Path(__file__).resolve().parents[2] / "data"
MEMBERS = frozenset(["RRV", "RAL", "RKE", "RAP", "RP4", "RP6", "RAN", "RNK", "TAF", "RRP", "RVL"])
BOROUGHS = {
    "Barnet": "E09000003",
    "Camden": "E09000007",
    "Enfield": "E09000010",
    "Haringey": "E09000014",
    "Islington": "E09000019",
}
ERIC_YEARS = ("2013-14", "2014-15", "2016-17")
TEMPLATE = ("organisation_code", "organisation_name", "sector", "holding_code", "name")
ORGANISATION = (
    *("code", "name", "sector", "kind", "status", "postcode", "address", "opened", "closed", "parent_code"),
    *("successor_code", "succeeded_on", "citation"),
)


def say(line: str) -> None:
    """One line for the person at the terminal."""
    sys.stdout.write(f"{line}\n")


def read_table(path: Path, encoding: str = "utf-8") -> list[Row]:
    """The rows of a CSV file with one header row."""
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def table_text(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """CSV text with LF line ends; a column that a row lacks stays blank."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_table(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write `data/NAME`, compressed without a time stamp where the name ends in gz."""
    path = DATA / name
    path.parent.mkdir(parents=True, exist_ok=True)
    content = table_text(columns, rows).encode()
    if name.endswith(".gz"):
        content = gzip.compress(content, 9, mtime=0)
    path.write_bytes(content)
    say(f"{name}: {len(content):,} bytes")


def read_data(name: str) -> list[Row]:
    """The rows of `data/NAME`."""
    content = (DATA / name).read_bytes()
    if name.endswith(".gz"):
        content = gzip.decompress(content)
    return list(csv.DictReader(io.StringIO(content.decode())))
