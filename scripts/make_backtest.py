"""Write the back-test that comes with the method: what its scores of two editions were worth, as a later one shows.

Run: python scripts/make_backtest.py PUBLISHED_FOLDER data/methods/ncl-1.toml

PUBLISHED_FOLDER holds eric/eric_YYYY-YY_site_england_part.csv (ERIC site data, NHS Digital, Open Government Licence
v3.0; some trusts are left out of these files). The result stands beside the method file; the same input gives the same
bytes. Also prints what is usual for each kind of trust (the norms of release.intensity).

Trusts left out: what is usual is taken from some trusts and the score tested on the others, over and over, so that no
trust is judged by a figure that it is part of. The criteria themselves were chosen with these returns in sight; only
trusts and editions that nobody has looked at can test that choice.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from estates_api.domain.backtest import Key, Pair, pairs_of, rankings
from estates_api.domain.intensity import KINDS, plot_ratio, trust_kind
from estates_api.domain.land import site_land
from estates_api.domain.method import Method
from estates_api.domain.method_file import parse_method
from estates_api.domain.ranking import auc
from estates_api.domain.sites import Site
from estates_api.workflows.backtest import backtest
from estates_api.workflows.returns import Returns, read_carried, read_returns, score_returns

EARLIER, LATER = ("2013-14", "2014-15"), "2016-17"
FOLDS, ROUNDS, SEED = 3, 5, 2016
MADE = (
    "ERIC site data 2013-14, 2014-15 and 2016-17, the published part of England (some trusts left out), by "
    "scripts/make_backtest.py; NHS Digital, Open Government Licence v3.0"
)


def norms(sites: Sequence[Site]) -> dict[str, float]:
    """All floor area over all land by kind of trust: what release.intensity calls usual."""
    totals = {kind: [0.0, 0.0] for kind in KINDS}
    for site in sites:
        land, ratio = site_land(site), plot_ratio(site)
        if land and ratio and ratio[0]:
            total = totals[trust_kind(site.holdings)[0]]
            total[0] += ratio[0] * land.area_ha
            total[1] += land.area_ha
    return {kind: floor / land for kind, (floor, land) in totals.items()}


def with_norms(method: Method, usual: Mapping[str, float]) -> Method:
    """The method with other figures for what is usual."""
    criteria = (replace(c, norms=dict(usual)) if c.norms else c for c in method.criteria)
    return replace(method, criteria=tuple(criteria))


def left_out(earlier: Returns, later: Returns, method: Method, carried: Mapping[Key, Key]) -> dict[str, Any]:
    """The area under the curve on trusts that no figure of the method comes from, over rounds of random folds."""
    trusts = sorted({key[0] for key in earlier.sites})
    areas: list[dict[str, float]] = []
    for number in range(ROUNDS):
        order = np.random.default_rng(SEED + number).permutation(trusts)
        folds = [_tested(earlier, later, method, carried, set(order[fold::FOLDS])) for fold in range(FOLDS)]
        areas += [found for found in folds if found]
    names = sorted({name for found in areas for name in found})
    rows = {name: [found[name] for found in areas if name in found] for name in names}
    return {
        "folds": FOLDS, "rounds": ROUNDS, "seed": SEED, "tested": len(areas),
        "auc": {name: _spread(values) for name, values in rows.items()},
        "best_in": sum(max(found, key=lambda name: found[name]) == "release score" for found in areas),
    }  # fmt: skip


def _tested(
    earlier: Returns, later: Returns, method: Method, carried: Mapping[Key, Key], out: set[str]
) -> dict[str, float]:  # fmt: skip
    kept = [site for key, site in earlier.sites.items() if key[0] not in out]
    tested = replace(earlier, sites={key: site for key, site in earlier.sites.items() if key[0] in out})
    pairs = pairs_of(score_returns(tested, with_norms(method, norms(kept))), later.sites, carried)
    told: list[Pair] = [pair for pair in pairs if pair.outcomes["declared"] is not None]
    happened = np.array([bool(pair.outcomes["declared"]) for pair in told], dtype=np.bool_)
    found = {name: auc(values, happened) for name, values in rankings(told, method).items()}
    return {name: value for name, value in found.items() if value is not None}


def _spread(values: Sequence[float]) -> dict[str, float]:
    low, middle, high = (float(np.quantile(values, share)) for share in (0.1, 0.5, 0.9))
    return {"low": round(low, 3), "median": round(middle, 3), "high": round(high, 3)}


def main(published: Path, method_file: Path) -> None:
    """Compare both earlier editions with the later one, and write the result beside the method file."""
    method = parse_method(method_file.read_bytes(), method_file.name)
    data_dir = method_file.parent.parent
    carried = read_carried(data_dir)
    paths = {label: published / "eric" / f"eric_{label}_site_england_part.csv" for label in (*EARLIER, LATER)}
    editions = {label: read_returns(path, carried=carried) for label, path in paths.items()}
    for label, returns in editions.items():
        usual = norms(list(returns.sites.values()))
        print(label, ", ".join(f"{kind}: {number:.3f}" for kind, number in usual.items()))
    results = []
    for label in EARLIER:
        found = backtest(editions[label], editions[LATER], method=method, carried=carried, data_dir=data_dir)
        results.append(found | {"trusts_left_out": left_out(editions[label], editions[LATER], method, carried)})
    text = json.dumps({"made": MADE, "comparisons": results}, ensure_ascii=False, indent=1) + "\n"
    method_file.with_name(f"{method_file.stem}-backtest.json").write_text(text, encoding="utf-8")


def parse_arguments() -> argparse.Namespace:
    """The two paths; without them, how the script is used."""
    parser = argparse.ArgumentParser(description="Write the back-test that comes with a method.")
    parser.add_argument("published", type=Path, help="folder with eric/eric_YYYY-YY_site_england_part.csv")
    parser.add_argument("method_file", type=Path, help="the method file, for example data/methods/ncl-1.toml")
    return parser.parse_args()


if __name__ == "__main__":
    given = parse_arguments()
    main(given.published, given.method_file)
