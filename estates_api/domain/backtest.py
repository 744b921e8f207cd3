"""The back-test: what an earlier edition's scores said, and what a later edition shows happened.

Three outcomes are kept apart, for they mean different things: *declared*, *shrunk*, and *land*, which is mostly the
change of definition in 2016-17 ("Site land area" became "Land area owned") and is reported, not trusted.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from estates_api.domain.intensity import plot_ratio, trust_kind
from estates_api.domain.land import idle_share, land_claim, site_land
from estates_api.domain.measures import MEASURES
from estates_api.domain.method import Method
from estates_api.domain.ranking import Flags, Floats, auc, draws_of, interval, precision_at, weighted_auc
from estates_api.domain.sites import Site

Key = tuple[str, str]
"""Organisation code and site code: site codes alone are not unique."""

LEAST_LAND_HA = 0.1
DECLARED_PCT = 10.0
FALL = 0.15

OUTCOMES = {
    "declared": "its owner declares more than 10% of its land not delivering services",
    "shrunk": "gross internal floor area down by 15% or more",
    "land": "land down by 15% or more (mostly the change of definition in 2016-17)",
}
AT = (10, 25, 50, 100)
"""How many of the highest are looked at for precision."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One return of the earlier edition with its score; `rank` among all sites scored there, 1 the highest."""

    key: Key
    site: Site
    score: float
    coverage: float
    rank: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A site returned in both editions, and what became of it. None: the later edition does not tell."""

    earlier: Scored
    later: Site
    outcomes: Mapping[str, bool | None]


def links(earlier: Sequence[Key], later: Sequence[Key], carried: Mapping[Key, Key]) -> dict[Key, Key]:
    """Which earlier return is which later one: the same key, else one known to carry it on, else the same site code
    under one other organisation. Site codes are the publisher's own and stay when a trust is merged (`AGGRE` apart,
    which is no site)."""
    known = set(later)
    by_code: dict[str, list[Key]] = {}
    for key in known:
        by_code.setdefault(key[1], []).append(key)
    found: dict[Key, Key] = {}
    for key in earlier:
        moved = by_code.get(key[1], [])
        if key in known:
            found[key] = key
        elif carried.get(key) in known:
            found[key] = carried[key]
        elif len(moved) == 1:
            found[key] = moved[0]
    taken = list(found.values())  # two that would lead to one, and are not it themselves, lead nowhere
    return {key: to for key, to in found.items() if key == to or taken.count(to) == 1}


def pairs_of(scored: Sequence[Scored], later: Mapping[Key, Site], carried: Mapping[Key, Key]) -> tuple[Pair, ...]:
    """The sites still returned: at least 0.1 ha in the earlier edition, and land of its own in the later one."""
    leads = links([one.key for one in scored], list(later), carried)
    both = [(one, later[leads[one.key]]) for one in scored if one.key in leads]
    return tuple(
        Pair(one, now, _outcomes(one.site, now)) for one, now in both
        if (_land_ha(one.site) or 0.0) >= LEAST_LAND_HA and _land_ha(now)
    )  # fmt: skip


def _land_ha(site: Site) -> float | None:
    """The land stated, where it is plausible: an implausible claim is never the winning one."""
    claims = [claim for holding in site.holdings if (claim := land_claim(holding))]
    return sum(claim.number or 0.0 for claim in claims) if claims else None


def _gia_m2(site: Site) -> float | None:
    numbers = [number for holding in site.holdings if (number := holding.number("gia_m2")) is not None]
    return sum(numbers) if numbers else None


def _outcomes(earlier: Site, later: Site) -> dict[str, bool | None]:
    idle = idle_share(later)
    return {
        "declared": None if idle is None else idle[0] > DECLARED_PCT,
        "shrunk": _fell(_gia_m2(earlier), _gia_m2(later)),
        "land": _fell(_land_ha(earlier), _land_ha(later)),
    }


def _fell(before: float | None, after: float | None) -> bool | None:
    return None if not before or after is None else after <= (1 - FALL) * before


def release_fingerprint(method: Method) -> str:
    """SHA-256 over all that the release score of returns rests on: the back-test of one method is that of another with
    the same, whatever else changed in its file."""
    criteria = method.of("release")
    ids = {criterion.id for criterion in criteria}
    parts = {
        "criteria": [[c.id, c.group, c.scale, c.points, c.weight, sorted(c.norms.items())] for c in criteria],
        "weights": sorted((group, weight) for group, weight in method.group_weights.items()
                          if group.startswith("release.")),
        "cut_offs": [method.cut_offs.release, method.cut_offs.coverage],
        "peers": [[row.criterion, row.edition, row.site_class, row.median, row.p90] for row in method.peers.references
                  if row.criterion in ids],
        "expected": [[row.criterion, row.edition, row.site_class, row.at] for row in method.peers.distributions
                     if row.criterion in ids],
        "probabilities": method.peers.probabilities,
    }  # fmt: skip
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


# What anybody could rank by without a method: more is higher, and a site that says nothing is below those that do.
NAIVE: dict[str, Callable[[Site, Method], float | None]] = {
    "vacancy": lambda site, method: MEASURES["release.vacancy"](site, method).number,
    "land": lambda site, _: _land_ha(site),
    "open land (land less footprint)": lambda site, method: MEASURES["release.open_land"](site, method).number,
    "open land (land less floor area)": lambda site, _: _beyond_floor_area(site),
    "low plot ratio": lambda site, _: _negative(_plot_ratio(site)),
    "floor area": lambda site, _: _gia_m2(site),
    "backlog per m²": lambda site, method: MEASURES["release.backlog"](site, method).number,
    "running cost per m²": lambda site, method: MEASURES["release.running_cost"](site, method).number,
    "unsuitable space": lambda site, method: MEASURES["release.unsuitable"](site, method).number,
    "non-clinical share": lambda site, method: MEASURES["release.non_clinical"](site, method).number,
    "idle land already declared": lambda site, method: MEASURES["release.idle_land"](site, method).number,
}


def _negative(number: float | None) -> float | None:
    return None if number is None else -number


def _plot_ratio(site: Site) -> float | None:
    found = plot_ratio(site)
    return found[0] if found else None


def _beyond_floor_area(site: Site) -> float | None:
    land, ratio = site_land(site), _plot_ratio(site)
    return land.area_ha * (1 - ratio) if land and ratio is not None else None


def rankings(pairs: Sequence[Pair], method: Method) -> dict[str, Floats]:
    """Our score and every naive measure that the earlier edition asks for, as numbers by which to rank the pairs."""
    found = {"release score": np.array([pair.earlier.score for pair in pairs], dtype=np.float64)}
    for name, measure in NAIVE.items():
        numbers = [measure(pair.earlier.site, method) for pair in pairs]
        if any(number is not None for number in numbers):
            found[name] = np.array([-np.inf if number is None else number for number in numbers], dtype=np.float64)
    return found


def compare(pairs: Sequence[Pair], method: Method) -> list[dict[str, object]]:
    """Each outcome by itself: base rate, area under the curve of every ranking with intervals, gains, precision."""
    ranked = rankings(pairs, method)
    return [_compare(pairs, outcome, ranked) for outcome in OUTCOMES]


def _compare(pairs: Sequence[Pair], outcome: str, ranked: Mapping[str, Floats]) -> dict[str, object]:
    told = np.array([pair.outcomes[outcome] is not None for pair in pairs], dtype=np.bool_)
    happened = np.array([bool(pair.outcomes[outcome]) for pair in pairs], dtype=np.bool_)[told]
    trusts = [pair.earlier.key[0] for pair, known in zip(pairs, told, strict=True) if known]
    sites = [" ".join(pair.earlier.key) for pair, known in zip(pairs, told, strict=True) if known]
    numbers = {name: values[told] for name, values in ranked.items()}
    asked = {"trusts": draws_of(trusts), "sites": draws_of(sites)} if sites else {}
    rows = _rankings(numbers, happened, asked) if asked else []
    return {
        "outcome": outcome,
        "meaning": OUTCOMES[outcome],
        "sites": len(happened),
        "happened": int(happened.sum()),
        "base_rate": _rounded(float(happened.mean()) if len(happened) else None),
        "trusts": len(set(trusts)),
        "trusts_where_it_happened": len({trust for trust, hit in zip(trusts, happened, strict=True) if hit}),
        "rankings": rows,
        "not_surely_better_than": [row["ranking"] for row in rows if _may_lose(row["gain_by_trusts"])],
        "precision": _precision(numbers["release score"], happened),
    }


def _rankings(numbers: Mapping[str, Floats], happened: Flags, weights: Mapping[str, Floats]) -> list[dict[str, object]]:
    ours = {unit: weighted_auc(numbers["release score"], happened, drawn) for unit, drawn in weights.items()}
    rows: list[dict[str, object]] = []
    for name, values in numbers.items():
        row: dict[str, object] = {"ranking": name, "auc": _rounded(auc(values, happened))}
        for unit, drawn in weights.items():
            theirs = weighted_auc(values, happened, drawn)
            row[f"by_{unit}"] = _pair(theirs)
            row[f"gain_by_{unit}"] = None if name == "release score" else _pair(ours[unit] - theirs)
        rows.append(row)
    return rows


def _pair(values: Floats) -> list[float] | None:
    found = interval(values)
    return None if found is None else [round(found.low, 3), round(found.high, 3)]


def _may_lose(gain: object) -> bool:
    """Whether the interval of a gain over a measure reaches down to nothing."""
    return isinstance(gain, list) and gain[0] <= 0


def _precision(scores: Floats, happened: Flags) -> list[dict[str, object]]:
    return [{"k": k, "share": _rounded(precision_at(scores, happened, k))} for k in AT if k <= len(scores)]


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 3)


def judge_cut_off(pairs: Sequence[Pair], method: Method) -> dict[str, object]:
    """The release cut-off held against what was declared: how many were above it, and how many of them it hit."""
    cut = method.cut_offs
    told = [pair for pair in pairs if pair.outcomes["declared"] is not None]
    above = [pair for pair in told if pair.earlier.score >= cut.release and pair.earlier.coverage >= cut.coverage]
    hits, every = (sum(bool(pair.outcomes["declared"]) for pair in group) for group in (above, told))
    return {
        "cut_off": cut.release,
        "sites_above": len(above),
        "share_above": _share(len(above), len(told)),
        "declared_above": _share(hits, len(above)),
        "declared_of_all": _share(every, len(told)),
        "declared_caught": _share(hits, every),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


def base_rates(pairs: Sequence[Pair]) -> list[dict[str, object]]:
    """How often land was declared by kind of trust: what nobody's figures about one site foresee."""
    rows = []
    for kind, title in (("acute", "acute trusts"), ("other", "mental health, community and other trusts")):
        group = [pair for pair in pairs if trust_kind(pair.earlier.site.holdings)[0] == kind]
        told = [pair for pair in group if pair.outcomes["declared"] is not None]
        hits = sum(bool(pair.outcomes["declared"]) for pair in told)
        scores = np.array([pair.earlier.score for pair in told])
        happened = np.array([bool(pair.outcomes["declared"]) for pair in told], dtype=np.bool_)
        found = auc(scores, happened) if told else None
        rows.append({"kind": title, "sites": len(told), "declared": hits, "share": _share(hits, len(told)),
                     "auc_of_score": _rounded(found)})  # fmt: skip
    return rows


def not_foreseen(pairs: Sequence[Pair], method: Method, most: int = 10) -> list[dict[str, object]]:
    """The sites that were declared and stood lowest, with what their returns said: why nothing pointed at them."""
    hits = sorted((p for p in pairs if p.outcomes["declared"]), key=lambda p: (p.earlier.score, p.earlier.key))
    return [_missed(pair, method) for pair in hits[:most]]


def _missed(pair: Pair, method: Method) -> dict[str, object]:
    site, one = pair.earlier.site, pair.earlier
    said = {name: MEASURES[f"release.{name}"](site, method).number for name in ("open_land", "intensity", "vacancy",
                                                                                "unsuitable")}  # fmt: skip
    idle = idle_share(pair.later)
    return {
        "organisation_code": one.key[0], "site_code": one.key[1], "name": site.name,
        "score": round(one.score, 1), "rank": one.rank,
        "said": {name: None if number is None else round(number, 2) for name, number in said.items()},
        "declared_pct": None if idle is None else round(idle[0], 1),
    }  # fmt: skip
