"""What editions add up to, held against sums made from the published files themselves."""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

Run = Callable[..., Any]
Key = tuple[str, bool]
Sums = dict[Key, dict[str, Decimal]]

COLUMNS = {
    "gia_m2": ("Gross internal site floor area (m²)", "Gross internal floor area (m²)"),
    "land_ha": ("Site land area (Hectare)", "Land area owned (Hectares)"),
    "backlog_gbp": tuple(f"Cost to eradicate {risk} risk backlog (£)" for risk in
                         ("high", "significant", "moderate", "low")),
}  # fmt: skip
EDITIONS = ("2013-14", "2014-15", "2016-17")


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a published part file, each name's first column; nothing of ours has a hand in it."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    first = {name.strip(): place for place, name in reversed(list(enumerate(header)))}
    for row in rows:
        yield {name: row[place] for name, place in first.items()}


def sums_of(path: Path, key: Callable[[dict[str, str]], str]) -> Sums:
    """Floor area, land and backlog by key, AGGRE apart, as exact decimals."""
    found: Sums = defaultdict(lambda: defaultdict(Decimal))
    for row in rows_of(path):
        place = found[key(row), row["Site Code"].strip() == "AGGRE"]
        for measure, names in COLUMNS.items():
            for name in names:
                text = row.get(name, "").replace(",", "").strip()
                if text.replace(".", "", 1).isdigit():
                    place[measure] += Decimal(text)
    return found


def told(out: str, key: str) -> Sums:
    """The same from `estates totals --csv`."""
    found: Sums = defaultdict(lambda: defaultdict(Decimal))
    for row in csv.DictReader(io.StringIO(out)):
        place = found[row[key], row["aggregate"] == "True"]
        for measure in COLUMNS:
            place[measure] += Decimal(row[measure] or 0)
    return found


def assert_same(one: Sums, other: Sums) -> None:
    """Equal to the last unit, for every key."""
    for key in one.keys() | other.keys():
        for measure in COLUMNS:
            assert one[key][measure] == other[key][measure], (key, measure)


@pytest.mark.parametrize("year", EDITIONS)
def test_totals_are_those_of_the_file(estates: Run, reference: Engine, published: Path, year: str) -> None:
    """Floor area, land and backlog, over all, by trust, AGGRE rows apart: what `estates totals` says is the sum of the
    published file's cells, to the last unit."""
    path = published / "eric" / f"eric_{year}_site_england_part.csv"
    assert estates("ingest", path, on=reference).code == 0
    title = f"ERIC {year}"
    assert_same(told(estates("totals", title, "--csv", on=reference).out, "key"), sums_of(path, lambda _: ""))
    by_trust = estates("totals", title, "--by", "organisation", "--csv", on=reference)
    assert_same(told(by_trust.out, "key"), sums_of(path, lambda row: row["Organisation Code"].strip()))


def test_totals_by_place_add_up(estates: Run, reference: Engine, published: Path) -> None:
    """By place, each return counts at the site it stands at: St Pancras is TAF01 and RV3DY together."""
    path = published / "eric" / "eric_2016-17_site_england_part.csv"
    estates("ingest", path, on=reference)
    by_site = told(estates("totals", "ERIC 2016-17", "--by", "site", "--csv", on=reference).out, "key")
    whole = told(estates("totals", "ERIC 2016-17", "--csv", on=reference).out, "key")
    for measure in COLUMNS:
        assert sum(sums[measure] for sums in by_site.values()) == sum(sums[measure] for sums in whole.values())
    returns = {row["Site Code"]: Decimal(row["Gross internal floor area (m²)"]) for row in rows_of(path)
               if row["Site Code"] in {"TAF01", "RV3DY"}}  # fmt: skip
    assert len(returns) == 2
    assert by_site["NCL-TAF01", False]["gia_m2"] == sum(returns.values())


def test_what_has_ended_has_a_line_of_its_own(estates: Run, reference: Engine, tmp_path: Path) -> None:
    """A holding that has ended stands at no site: by site its line says so, and no line is without a key."""
    head = ["RZ102", "MARIGOLD HOSPITAL", "Y00", "Q00", "1 MADE STREET", "", "", "LONDON", "", "E8 2BB", "19910401"]
    path = tmp_path / "ets_made_20240229.csv"
    path.write_text(",".join(f'"{cell}"' for cell in [*head, "20140630", *[""] * 15]) + "\n")
    assert estates("ingest", path, on=reference).code == 0
    rows = list(csv.DictReader(io.StringIO(estates("totals", "--by", "site", "--csv", on=reference).out)))
    assert [(row["key"], row["name"], row["holdings"]) for row in rows] == [("ENDED", "ended, and at no site", "1")]


def test_totals_of_what_is_not_there(estates: Run, reference: Engine) -> None:
    """An edition that is not there is named, with what to do."""
    done = estates("totals", "ERIC 1999-00", on=reference)
    assert (done.code, done.out) == (2, "")
    assert "there is no edition 'ERIC 1999-00'; `estates totals` lists them all" in done.err
