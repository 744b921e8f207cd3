"""Time the scoring engine: weighted sums beside scikit-criteria and pymcdm, robustness, what-ifs, and an assessment.

Run: python scripts/bench/scoring.py [--sites N ...] [--rounds N]

The peers are those of scripts/bench/requirements-peers.txt. All problems are made up. Weighted sums are asked in turn,
and the median of the rounds counts; every other part runs in a process of its own, whose peak memory is its own.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
from pydantic_core import to_json

from estates_api.domain import scoring
from estates_api.domain.compact import unpack
from estates_api.domain.method import Method
from estates_api.domain.method_file import parse_method
from estates_api.domain.outcome import decide
from estates_api.domain.standing import try_sites
from estates_api.settings import ROOT
from estates_api.workflows.what_if import ask, prepare

ROWS, COLUMNS = 1_000_000, 10
METHOD = (ROOT / "data/methods/ncl-1.toml").read_bytes()
CLASSES = ("all", "acute", "community", "mental health", "mixed", "non-inpatient", "specialist", "support")
QUESTION = {"groups": {"release.land": 3}, "cut_offs": {"release": 40}, "gates_off": ["owner"],
            "points": {"release.vacancy": [[0, 0], [40, 1]]}}  # fmt: skip


def main() -> None:
    """Run every part and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, nargs="*", default=[10_000, 100_000], help="sizes for robustness")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the weighted sums")
    parser.add_argument("--part", choices=["robustness", "what-if"], help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.part:
        print(json.dumps({"robustness": time_robustness, "what-if": time_what_if}[wanted.part](wanted.sites[0])))
        return
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for sites in wanted.sites:
        told = _apart("robustness", sites)
        print(f"robustness, {sites:,} sites x {told['draws']} draws x {told['criteria']} criteria: {told['s']:.1f} s, "
              f"{told['cpu_s']:.1f} s of processors, peak {told['peak_mb']:.0f} MB")  # fmt: skip
    told = _apart("what-if", 5000)
    print(f"what-if, 5,000 sites: {told['ask_ms']:.0f} ms, and {told['json_ms']:.0f} ms to write the answer "
          f"({told['answer_kb']:.0f} kB); kept ready in {told['ready_ms']:.0f} ms")  # fmt: skip
    # Last: a process begins with the peak of the one that starts it.
    compare_sums(wanted.rounds)


def compare_sums(rounds: int) -> None:
    """Weighted sums of a million rows, ours and the peers' in turn."""
    try:
        import skcriteria  # noqa: PLC0415 -- the peers may not be there
        from pymcdm.methods import WSM  # noqa: PLC0415
        from skcriteria.agg.simple import WeightedSumModel  # noqa: PLC0415
    except ImportError:
        print("weighted sums: install scripts/bench/requirements-peers.txt first")
        return
    rng = np.random.default_rng(0)
    values, state = rng.random((ROWS, COLUMNS)), np.zeros((ROWS, COLUMNS), dtype=np.int8)
    weights = np.full(COLUMNS, 1 / COLUMNS)
    asked = skcriteria.mkdm(values, [max] * COLUMNS, weights=weights)
    ways: dict[str, Callable[[], object]] = {
        "ours": lambda: scoring.score(values, state, range(COLUMNS), weights.tolist()),
        "scikit-criteria": lambda: WeightedSumModel().evaluate(asked),
        "pymcdm": lambda: WSM()(values, weights, np.ones(COLUMNS)),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            before = time.perf_counter()
            way()
            took[name].append(time.perf_counter() - before)
    median = {name: statistics.median(one) for name, one in took.items()}
    for name, seconds in median.items():
        print(f"weighted sum, {ROWS:,} x {COLUMNS}: {name} {seconds:.2f} s, {seconds / median['ours']:.1f} times ours")


def time_robustness(sites: int) -> dict[str, float]:
    """Ranks, fronts, flips and routes of made-up sites."""
    method = parse_method(METHOD, "ncl-1.toml")
    case = unpack(*_packed(sites, method), method)
    outcome = decide(case, method, tuple(method.gates))
    before, processors = time.perf_counter(), time.process_time()
    try_sites(case, outcome, method, 0)
    return {"s": time.perf_counter() - before, "cpu_s": time.process_time() - processors, "peak_mb": _peak_mb(),
            "draws": method.trials.draws, "criteria": len(method.criteria)}  # fmt: skip


def time_what_if(sites: int) -> dict[str, float]:
    """One question, asked again and again of sites that are kept ready."""
    refs, packed = _packed(sites, parse_method(METHOD, "ncl-1.toml"))
    rows = [(ref, f"Site {ref}", json.dumps(one)) for ref, one in zip(refs, packed, strict=True)]
    before = time.perf_counter()
    known = prepare([(1, date(2026, 1, 1), "ncl-1", METHOD)], rows)
    ready, asking, writing = time.perf_counter() - before, [], []
    for _ in range(20):
        before = time.perf_counter()
        found = ask(known, QUESTION)
        between = time.perf_counter()
        answer = to_json(found)
        asking.append(between - before)
        writing.append(time.perf_counter() - between)
    return {"ask_ms": 1000 * statistics.median(asking), "json_ms": 1000 * statistics.median(writing),
            "ready_ms": 1000 * ready, "answer_kb": len(answer) / 1000}  # fmt: skip


def _packed(sites: int, method: Method) -> tuple[list[str], list[dict[str, object]]]:
    """Made-up sites in the compact form: three fifths of the measures known, and none of the gates closed."""
    rng = np.random.default_rng(0)
    columns = {name: [_column(rng, one.points, sites) for one in method.of(name)] for name in ("release", "reuse")}
    packed: list[dict[str, object]] = [
        {"class": CLASSES[i % len(CLASSES)], "nhs": True, "ours": True, "sold": False, "gates": [],
         **{name: [column[i] for column in cells] for name, cells in columns.items()}}
        for i in range(sites)
    ]  # fmt: skip
    return [f"NCL-{i:07d}" for i in range(sites)], packed


def _column(rng: np.random.Generator, points: tuple[tuple[float, float], ...], sites: int) -> list[list[object]]:
    low, high = (points[0][0], points[-1][0]) if points else (0.0, 300.0)
    numbers, states = rng.uniform(low, high, sites).tolist(), rng.choice([0, 0, 0, 1, 1], sites).tolist()
    return [[state, None, None] if state else [0, number, "ERIC 2016-17"]
            for state, number in zip(states, numbers, strict=True)]  # fmt: skip


def _apart(part: str, sites: int) -> dict[str, float]:
    """What one part tells, run in a process of its own."""
    command = [sys.executable, str(Path(__file__)), "--part", part, "--sites", str(sites)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 -- this very script
    told: dict[str, float] = json.loads(done.stdout)
    return told


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
