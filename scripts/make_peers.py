"""Write the `[peers]` part of a method file: what similar sites in England returned.

Run: python scripts/make_peers.py PUBLISHED_FOLDER data/methods/ncl-1.toml

PUBLISHED_FOLDER holds eric/eric_YYYY-YY_site_england_part.csv (ERIC site data, NHS Digital, Open Government Licence
v3.0; some trusts are left out of these files). Everything below the marker line of the method file is replaced. The
same input gives the same bytes. Classes with fewer than MIN_SITES sites are not written: all classes stand for them.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import numpy as np

from estates_api.domain.assessment import assess
from estates_api.domain.claims import Claim, claims_by_day, winning_claims
from estates_api.domain.codes import AGGREGATE
from estates_api.domain.measures import MEASURES, PTAL_LEVELS
from estates_api.domain.method import Method
from estates_api.domain.method_file import parse_method
from estates_api.domain.peers import ALL, PLACE, site_class
from estates_api.domain.records import HoldingRecord, Reading
from estates_api.domain.sites import Holding, Site
from estates_api.sources import READERS
from estates_api.sources.document import open_document
from estates_api.sources.reader import Hints
from estates_api.sources.shipped import read_lsoas

EDITIONS = ("2013-14", "2014-15", "2016-17")
MIN_SITES = 30
MARKER = "# --- peers: written by scripts/make_peers.py, do not edit below this line ---\n"
MADE = (
    "ERIC site data 2013-14, 2014-15 and 2016-17, 993, 899 and 888 site rows of England (some trusts left out), one "
    "site per row, AGGRE rows left out, implausible values left out; reference: median and 90th percentile of the "
    "measure in that edition; measure: its quantiles at `probabilities` in the newest edition that asks for it, where "
    "30 or more sites of a class have it. Class place: over the 795 LSOAs of the five boroughs"
)
REFERENCED = ("release.backlog", "release.running_cost")
PROBABILITIES = (0, 0.01, 0.025, *(n / 20 for n in range(1, 20)), 0.975, 0.99, 1)
"""Every twentieth, and the ends more closely: most of the returns' measures have a long tail."""


def read_sites(path: Path, period: str) -> list[Site]:
    """One site per row of an edition."""
    document = open_document(path)
    reading = READERS["eric"].read(document, Hints(period=period))
    holdings = (record for record in reading.records if isinstance(record, HoldingRecord))
    return [_site(record, reading) for record in holdings if record.code != AGGREGATE]


def _site(record: HoldingRecord, reading: Reading) -> Site:
    if reading.period_end is None:
        raise SystemExit(f"{reading.label} has no period")
    day = reading.period_end
    edition = f"{reading.source} {reading.label}"
    claims = [
        Claim(i, v.attribute, day, edition, record.line, 20, v.state, v.number, v.text, v.implausible)
        for i, v in enumerate(record.values)
    ]
    holding = Holding(record.organisation_code, record.organisation_name, record.sector, record.code,
                      winning_claims(claims), claims_by_day(claims))  # fmt: skip
    return Site(record.code, record.name, "unknown", None, None, partner_trust=False, holdings=(holding,))


def by_class(sites: list[Site], criterion: str, method: Method) -> dict[str, list[float]]:
    """The known measures by class of peers, and over all classes."""
    found: dict[str, list[float]] = defaultdict(list)
    for site in sites:
        measure = MEASURES[criterion](site, method)
        if measure.state == "known" and measure.number is not None:
            for name in {ALL, site_class(site.site_type)}:
                found[name].append(measure.number)
    return {name: numbers for name, numbers in found.items() if len(numbers) >= MIN_SITES}


def references(editions: dict[str, list[Site]], method: Method) -> Iterator[str]:
    """A row per criterion, edition and class that the value function of a criterion is drawn from."""
    for criterion in REFERENCED:
        for label, sites in editions.items():
            for name, numbers in sorted(by_class(sites, criterion, method).items()):
                middle, high = np.percentile(numbers, [50, 90])
                yield (
                    f'{{ criterion = "{criterion}", edition = "ERIC {label}", class = "{name}", median = {middle:.2f}, '
                    f"p90 = {high:.2f}, n = {len(numbers)} }}"
                )


def distributions(editions: dict[str, list[Site]], method: Method) -> Iterator[str]:
    """A row per criterion and class: the quantiles of the measure in the newest edition that asks for it."""
    for criterion in (c for c in method.criteria if c.group != "reuse.place"):
        for label in reversed(EDITIONS):
            groups = by_class(editions[label], criterion.id, method)
            if groups:
                break
        for name, numbers in sorted(groups.items()):
            yield _distribution(criterion.id, f"ERIC {label}", name, numbers)


def place_distributions(data: Path) -> Iterator[str]:
    """The surroundings: over the area's LSOAs."""
    lsoas = read_lsoas((data / "reference" / "lsoas.csv").read_bytes())
    access = [float(PTAL_LEVELS.index(row["ptal"])) for row in lsoas if row["ptal"]]
    yield _distribution("reuse.access", "TfL PTAL 2015", PLACE, access)
    need = [float(row["imd_decile"]) for row in lsoas if row["imd_decile"]]
    yield _distribution("reuse.need", "IMD 2019", PLACE, need)


def _distribution(criterion: str, edition: str, name: str, numbers: list[float]) -> str:
    at = ", ".join(_shown(one) for one in np.quantile(numbers, PROBABILITIES))
    return f'{{ criterion = "{criterion}", edition = "{edition}", class = "{name}", n = {len(numbers)}, at = [{at}] }}'


def _shown(number: float) -> str:
    """Five figures: what a return is good for, and the same text on every machine."""
    return f"{float(f'{number:.5g}') + 0.0:g}" if abs(number) < 1e5 else f"{number:.0f}"


def rows_of(name: str, rows: Iterable[str]) -> str:
    """An array of rows, one a line."""
    return f"{name} = [\n" + "".join(f"    {row},\n" for row in rows) + "]\n"


def main(published: Path, method_file: Path) -> None:
    """Replace the peers part of the method file."""
    head = method_file.read_text(encoding="utf-8").partition(MARKER)[0].rstrip() + "\n\n" + MARKER
    head += f'\n[peers]\nmade = "{MADE}"\nprobabilities = [{", ".join(f"{one:g}" for one in PROBABILITIES)}]\n'
    editions = {
        label: read_sites(published / "eric" / f"eric_{label}_site_england_part.csv", label) for label in EDITIONS
    }
    blank = [f'{{ criterion = "{c}", edition = "", class = "all", median = 0, p90 = 1, n = 0 }}' for c in REFERENCED]
    bare = parse_method((head + rows_of("reference", blank)).encode(), method_file.name)
    referenced = head + rows_of("reference", references(editions, bare))
    method = parse_method(referenced.encode(), method_file.name)
    rows = [*distributions(editions, method), *place_distributions(method_file.parent.parent)]
    content = referenced + rows_of("measure", rows)
    method_file.write_text(content, encoding="utf-8")
    print_percentiles(editions, parse_method(content.encode(), method_file.name))


def print_percentiles(editions: dict[str, list[Site]], method: Method) -> None:
    """The spread of the release score over England's sites with enough coverage: what the cut-off is set by."""
    for label, sites in editions.items():
        results = assess(sites, method, date(2017, 3, 31))
        scores = [r.release.expected for r in results if r.release.coverage >= method.cut_offs.coverage]
        middle, upper, top = np.percentile(scores, [50, 80, 95])
        print(f"{label}: {len(scores)} sites, median {middle:.1f}, 80th {upper:.1f}, 95th percentile {top:.1f}")


def parse_arguments() -> argparse.Namespace:
    """The two paths; without them, how the script is used."""
    parser = argparse.ArgumentParser(description="Write the [peers] part of a method file.")
    parser.add_argument("published", type=Path, help="folder with eric/eric_YYYY-YY_site_england_part.csv")
    parser.add_argument("method_file", type=Path, help="the method file, for example data/methods/ncl-1.toml")
    return parser.parse_args()


if __name__ == "__main__":
    given = parse_arguments()
    main(given.published, given.method_file)
