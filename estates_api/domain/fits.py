"""Fits: how well sites answer a need, with reasons for and against.

Nothing is weighed. A site *fits* when every hard aspect holds, *could fit* when one is not known and none fails, and
*does not fit* when one fails. Sites are ordered by that, then by how many aspects speak against them, then by how many
are not known, then by reuse score, then by reference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from estates_api.domain.aspects import ASPECTS, Aspect, Offers, Said
from estates_api.domain.needs import Need
from estates_api.domain.search_areas import AGAINST, NOT_KNOWN, SILENT, Codes

Verdict = Literal["fits", "could fit", "does not fit"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

SAYS = ("for", "against", "not known", "to note")
"""The words for what an aspect says, by its code."""

ORDER = (
    "A site fits when every hard aspect holds, could fit when one is not known and none fails, and does not fit when "
    "one fails. The order: by verdict, then by how many aspects speak against it, then by how many are not known, then "
    "by reuse score, then by reference. Nothing is weighed, and the reuse score does not count the fit."
)


@dataclass(frozen=True, slots=True)
class Reason:
    """What one aspect says of a site."""

    aspect: Aspect
    says: str
    said: Said


@dataclass(frozen=True, slots=True)
class Fit:
    """How one site answers a need. `fails` and `unknown` are the hard aspects that do, and that are not known."""

    ref: str
    verdict: Verdict
    fails: tuple[str, ...]
    unknown: tuple[str, ...]
    reasons: tuple[Reason, ...]

    def told(self) -> str:
        """The verdict in one line, with what makes it so."""
        titles = {aspect.name: aspect.title.lower() for aspect in ASPECTS}
        if self.fails:
            return f"does not fit: {', '.join(titles[name] for name in self.fails)}"
        if self.unknown:
            return f"could fit: {', '.join(titles[name] for name in self.unknown)} not known"
        return "fits"


@dataclass(frozen=True, slots=True)
class Fits:
    """How n sites answer a need: what each aspect says of each, aspects x sites; verdicts as places in VERDICTS; how
    many aspects speak against each, and are not known; and the places of the sites, the best first."""

    need: Need
    offers: Offers
    says: Codes
    verdicts: NDArray[np.int8]
    against: NDArray[np.intp]
    unknown: NDArray[np.intp]
    order: NDArray[np.intp]

    def count(self) -> dict[Verdict, int]:
        """How many sites there are of each verdict."""
        return {verdict: int(np.count_nonzero(self.verdicts == i)) for i, verdict in enumerate(VERDICTS)}

    def count_failing(self) -> dict[str, int]:
        """How many sites fail each hard aspect."""
        return {one.name: int(np.count_nonzero(self.says[i] == AGAINST)) for i, one in enumerate(ASPECTS) if one.hard}

    def places(self, verdicts: Sequence[Verdict]) -> NDArray[np.intp]:
        """The places of the sites of some verdicts, the best first."""
        wanted = [VERDICTS.index(verdict) for verdict in verdicts]
        found: NDArray[np.intp] = self.order[np.isin(self.verdicts[self.order], wanted)]
        return found

    def fit(self, place: int) -> Fit:
        """One site's fit, with its reasons."""
        codes = [int(code) for code in self.says[:, place]]
        reasons = tuple(
            Reason(aspect, SAYS[code], aspect.tell(self.need, self.offers, place, code))
            for aspect, code in zip(ASPECTS, codes, strict=True)
            if code != SILENT
        )
        hard = [(aspect.name, code) for aspect, code in zip(ASPECTS, codes, strict=True) if aspect.hard]
        return Fit(
            self.offers.refs[place],
            VERDICTS[self.verdicts[place]],
            tuple(name for name, code in hard if code == AGAINST),
            tuple(name for name, code in hard if code == NOT_KNOWN),
            reasons,
        )


def find_fits(need: Need, offers: Offers) -> Fits:
    """How every site answers a need."""
    says = np.array([aspect.judge(need, offers) for aspect in ASPECTS], dtype=np.int8)
    hard = says[[aspect.hard for aspect in ASPECTS]]
    failing, open_ = (hard == AGAINST).any(axis=0), (hard == NOT_KNOWN).any(axis=0)
    verdicts = np.select([failing, open_], [2, 1], 0).astype(np.int8)
    against, unknown = np.count_nonzero(says == AGAINST, axis=0), np.count_nonzero(says == NOT_KNOWN, axis=0)
    refs = np.array(offers.refs, dtype=np.str_)
    order = np.lexsort((refs, -np.round(offers.reuse, 9), unknown, against, verdicts))
    return Fits(need, offers, says, verdicts, against, unknown, order)


def describe_reason(reason: Reason) -> dict[str, Any]:
    """A reason as JSON-ready values."""
    aspect, said = reason.aspect, reason.said
    return {
        "aspect": aspect.name, "title": aspect.title, "hard": aspect.hard, "says": reason.says, "told": said.told,
        "measure": said.measure, "unit": said.unit, "wanted": said.wanted,
    }  # fmt: skip
