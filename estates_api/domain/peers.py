"""Similar sites: which class a site is compared with, and what sites of that class report.

The figures are computed once from published returns and frozen in the method file, which says how.
"""

from dataclasses import dataclass

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

ALL = "all"


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
class Expected:
    """Mean points (0 to 1) that `n` sites of a class earn on one criterion: used where a site says nothing."""

    criterion: str
    site_class: str
    points: float
    n: int


@dataclass(frozen=True, slots=True)
class Peers:
    """The frozen figures of similar sites."""

    made: str
    references: tuple[Reference, ...]
    expectations: tuple[Expected, ...]

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

    def expected(self, criterion: str, group: str, *, nhs: bool) -> float:
        """Expected points for an unknown measure; 0 where nothing is published, so that silence does not pay."""
        rows = {row.site_class: row.points for row in self.expectations if row.criterion == criterion}
        if "place" in rows:  # measures of the surroundings do not depend on the kind of site
            return rows["place"]
        return rows.get(group, rows.get(ALL, 0.0)) if nhs else 0.0
