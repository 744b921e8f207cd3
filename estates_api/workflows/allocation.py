"""Who gets which spare space when several needs want the same, worked out in a process of its own.

What solves it takes 60 MB and some seconds of a processor: the service keeps neither, and no request waits for ever.
Run as a module, it reads the question as JSON on standard input and writes the answer on standard output.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple
from threading import BoundedSemaphore
from typing import Any

import numpy as np

from estates_api.domain.allocation import (
    FIRST_TOLD,
    OBJECTIVE,
    Allocation,
    Choice,
    First,
    Given,
    Passed,
    Wanted,
    allocate,
)
from estates_api.domain.fits import VERDICTS, Fits
from estates_api.domain.values import counted
from estates_api.errors import Unavailable
from estates_api.store.needs import Recorded
from estates_api.workflows.fits import Market, describe_need, fits_of

LONGEST_S, WAIT_S = 60.0, 5.0
"""Seconds that one allocation may take, and that another waits for its turn."""

MOST_NEEDS = 300
"""Needs that compete at once: what bounds the work."""

MOST_PASSED = 5
"""Better sites that are told of each need, the best first."""

_one = BoundedSemaphore(1)


def answer_allocation(known: Sequence[Recorded], first: First, market: Market) -> dict[str, Any]:
    """Where each of these open needs goes, among the sites that the caller may see, as JSON-ready values.

    Unavailable where there are too many needs, or another allocation is being worked out.
    """
    if len(known) > MOST_NEEDS:
        raise Unavailable(f"{len(known)} needs are open, and up to {MOST_NEEDS} are allocated at once; close some")
    fits = {one.need.id: fits_of(one.need, market) for one in known}
    wanted = [_wanted(found, len(known)) for found in fits.values()]
    spare = market.offers.number("reuse.spare")
    sites = {choice.site for one in wanted for choice in one.choices}
    spare_m2 = {ref: float(spare[i]) for i, ref in enumerate(market.offers.refs) if ref in sites}
    done = allocate_apart(wanted, spare_m2, first) if sites else allocate(wanted, {}, first=first)
    given = {one.need: one for one in done.given}
    return {
        "rule": OBJECTIVE.format(first=FIRST_TOLD[first]),
        "first": first,
        "proven": not done.unproven,
        "unproven": list(done.unproven),
        "as_of": market.offers.as_of.isoformat(),
        "method": {"id": market.method.id, "sha256": market.method.sha256},
        "met": sum(one.site is not None for one in done.given),
        "of": len(known),
        "needs": [
            _describe(describe_need(one, market.offers.as_of), given[one.need.id], fits[one.need.id], market)
            for one in known
        ],
        "sites": _sites(done, wanted, spare_m2),
    }


def _wanted(fits: Fits, most: int) -> Wanted:
    """The best of the sites that fit a need, as many as there are needs: it never has to look further."""
    choices = (
        Choice(fits.offers.refs[place], int(fits.against[place]), int(fits.unknown[place]),
               round(float(fits.offers.reuse[place])))
        for place in fits.places(("fits",))[:most]
    )  # fmt: skip
    return Wanted(fits.need.id, fits.need.floor_area_low_m2, tuple(choices))


def allocate_apart(wanted: Sequence[Wanted], spare_m2: Mapping[str, float], first: First) -> Allocation:
    """The allocation, by a process of its own; Unavailable when it takes too long, or one is at work."""
    said = [[one.need, one.floor_area_m2, [astuple(choice) for choice in one.choices]] for one in wanted]
    question = json.dumps({"wanted": said, "spare_m2": dict(spare_m2), "first": first})
    if not _one.acquire(timeout=WAIT_S):
        raise Unavailable("another allocation is being worked out; ask again in a minute")
    try:
        done = subprocess.run(  # noqa: S603 -- this program itself, and nothing of the question in its command
            [sys.executable, "-m", __name__], input=question, capture_output=True, text=True, timeout=LONGEST_S,
            check=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unavailable("the best allocation was not found in a minute; close some needs") from None
    finally:
        _one.release()
    return _read_allocation(json.loads(done.stdout))


def answer_question(question: str) -> str:
    """The allocation of a question in JSON, as JSON."""
    asked = json.loads(question)
    wanted = [Wanted(need, floor, tuple(Choice(*choice) for choice in choices))
              for need, floor, choices in asked["wanted"]]  # fmt: skip
    return json.dumps(asdict(allocate(wanted, asked["spare_m2"], first=asked["first"])))


def _read_allocation(said: Mapping[str, Any]) -> Allocation:
    given = tuple(
        Given(one["need"], one["site"], tuple(Passed(p["site"], p["left_m2"], tuple(p["taken_by"]), p["short_m2"])
                                              for p in one["passed"]))
        for one in said["given"]
    )  # fmt: skip
    return Allocation(said["first"], given, said["left_m2"], tuple(said["unproven"]))


def _describe(need: dict[str, Any], given: Given, fits: Fits, market: Market) -> dict[str, Any]:
    names = dict(zip(market.offers.refs, market.offers.names, strict=True))
    passed = [asdict(one) | {"name": names[one.site], "told": _passed(one)} for one in given.passed[:MOST_PASSED]]
    return {
        "need": need["id"], "told": need["told"], "overdue": need["overdue"],
        "organisation": need["organisation_name"],
        "takes_m2": need["floor_area_low_m2"], "site": given.site, "name": names.get(given.site or ""),
        "counts": fits.count(), "why": _why(given, fits), "passed": passed, "passed_in_all": len(given.passed),
    }  # fmt: skip


def _why(given: Given, fits: Fits) -> str:
    """Why a need went where it went, in one sentence."""
    count = fits.count()
    if given.site and not given.passed:
        return "it has the site that fits it best"
    if given.site:
        return (
            f"{counted(len(given.passed), 'site fits', 'sites fit')} it better, and what is spare there went to others"
        )
    if count["fits"]:
        return f"{counted(count['fits'], 'site fits', 'sites fit')} it, and what is spare there went to others"
    could = np.count_nonzero(fits.verdicts == VERDICTS.index("could fit"))
    more = f"; {counted(int(could), 'site')} could, if what is not known of it were known" if could else ""
    return f"no site fits it{more}"


def _passed(one: Passed) -> str:
    """What would have to change for a need to go to a better site."""
    takers = f"{', '.join(one.taken_by)} took what was spare" if one.taken_by else "nobody took it"
    if one.short_m2 > 0:
        return f"{takers}: {one.left_m2:,.6g} m² is left, and {one.short_m2:,.6g} m² more would do"
    return f"{takers}: {one.left_m2:,.6g} m² is left, and whether the whole is better so is not proven"


def _sites(done: Allocation, wanted: Sequence[Wanted], spare_m2: Mapping[str, float]) -> list[dict[str, Any]]:
    """The sites that somebody goes to: who, what was spare and what is left."""
    takes = {one.need: one.floor_area_m2 for one in wanted}
    at: dict[str, list[dict[str, Any]]] = {}
    for one in done.given:
        if one.site:
            at.setdefault(one.site, []).append({"need": one.need, "takes_m2": takes[one.need]})
    return [{"site": site, "spare_m2": spare_m2[site], "left_m2": done.left_m2[site], "needs": needs}
            for site, needs in sorted(at.items())]  # fmt: skip


if __name__ == "__main__":
    os.nice(10)
    sys.stdout.write(answer_question(sys.stdin.read()))
