"""Similar sites: which class a site is compared with, and what sites of that class report.

The figures are computed once from published returns and frozen in the method file, which says how.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CLASSES = (
    ("general acute", "acute"),
    ("specialist hospital", "specialist"),
    ("mixed service", "mixed"),
    ("multi-service", "mixed"),
    ("mental health", "mental health"),
    ("learning disabilities", "mental health"),
    ("community hospital", "community"),
    ("short term non-acute", "community"),
    ("long stay", "community"),
    ("other inpatient", "community"),
    ("hospice", "community"),
    ("treatment centre", "non-inpatient"),
    ("non-hospital", "non-inpatient"),
    ("non inpatient", "non-inpatient"),
    ("other reportable", "non-inpatient"),
    ("dental surgery", "non-inpatient"),
    ("support facility", "support"),
    ("unoccupied", "support"),
)
"""ERIC's site types of all editions (their words changed three times) and the class of peers they belong to."""

ALL, PLACE = "all", "place"
"""The class of every site together, and the one that stands for measures of the surroundings."""

DRAWN = 256
"""Measures that stand for a distribution, where one is drawn: a byte chooses one."""


def site_class(site_type: str | None) -> str:
    """The class of peers for an ERIC site type; `all` when the type is unknown or new."""
    words = (site_type or "").lower()
    return next((name for start, name in _CLASSES if start in words), ALL)


@dataclass(frozen=True, slots=True)
class Reference:
    """Median and 90th percentile of one measure, in one edition, over one class of `n` sites."""

    criterion: str
    edition: str
    site_class: str
    median: float
    p90: float
    n: int


@dataclass(frozen=True, slots=True)
class Distribution:
    """What `n` sites of a class report for one criterion, in the newest edition that asks for it.

    `at` are the measure's quantiles at the probabilities of `Peers`; between them it is taken as evenly spread.
    """

    criterion: str
    edition: str
    site_class: str
    n: int
    at: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Peers:
    """The frozen figures of similar sites. `probabilities` rise from 0 to 1 and are those of every distribution."""

    made: str
    references: tuple[Reference, ...]
    probabilities: tuple[float, ...] = (0.0, 1.0)
    distributions: tuple[Distribution, ...] = ()

    def reference(self, criterion: str, edition: str, group: str) -> tuple[float, float]:
        """(median, 90th percentile) for an edition: the same or, failing that, the last one before it.

        The first one when there is none before; the newest for a figure of another source, whose labels are not
        the peers' years. Falls back to all classes where a class had too few sites to be frozen.
        """
        rows = [row for row in self.references if row.criterion == criterion]
        editions = sorted({row.edition for row in rows})
        usable = [name for name in editions if name <= edition] or editions[:1]
        if edition.partition(" ")[0] not in {name.partition(" ")[0] for name in editions}:
            usable = editions
        of_edition = {row.site_class: row for row in rows if row.edition == usable[-1]}
        row = of_edition.get(group) or of_edition[ALL]
        return row.median, row.p90

    def distribution(self, criterion: str, group: str, *, nhs: bool) -> Distribution | None:
        """What similar sites report, where this one says nothing; None where nothing is published of such sites.

        Councils publish no such figures, so their silence is met with nothing; what lies around a site (`place`) does
        not depend on the kind of site.
        """
        rows = {row.site_class: row for row in self.distributions if row.criterion == criterion}
        return rows.get(PLACE) or (rows.get(group, rows.get(ALL)) if nhs else None)

    def draws(self, found: Distribution) -> Floats:
        """The measures that a draw chooses from, each as likely as the others: DRAWN even steps through the
        distribution."""
        steps = (np.arange(DRAWN) + 0.5) / DRAWN
        return np.asarray(np.interp(steps, self.probabilities, found.at), dtype=np.float64)
