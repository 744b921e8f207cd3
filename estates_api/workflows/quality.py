"""Issues on their way into the record: whose row, who may see it, and what only a whole edition or another tells."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from sqlalchemy import Connection, RowMapping

from estates_api.domain import changes
from estates_api.domain.codes import AGGREGATE
from estates_api.domain.records import HoldingRecord, Issue, OrganisationRecord, Record, Sensitivity
from estates_api.domain.rules import RULES
from estates_api.store import returns
from estates_api.store.holdings import Put, Under
from estates_api.store.issues import Filed

MOST_HELD = 500
"""Issues about a whole file that wait for its end, when it is known whether it is one organisation's."""

BACKLOG = tuple(name for name in returns.COMPARED if name.startswith("backlog_"))
EMPTY_M2 = ("empty_m2", "unoccupied_m2")

Numbers = Mapping[str, float]


@dataclass(slots=True)
class _Totals:
    """What rows add up to."""

    rows: int = 0
    gia_m2: float = 0.0
    land_ha: float = 0.0

    def add(self, values: Numbers) -> None:
        self.rows += 1
        self.gia_m2 += values.get("gia_m2", 0.0)
        land = changes.land_of(values)
        self.land_ha += land[1] if land else 0.0


@dataclass(slots=True)
class _Backlog:
    """The backlog of one organisation's holdings, now and in the return beside it, and their floor area."""

    now_gbp: float = 0.0
    then_gbp: float = 0.0
    gia_m2: float = 0.0
    line: int = 0
    edition: str = ""
    beside: tuple[int, int] | None = None


@dataclass(slots=True)
class Quality:
    """One edition while it is written: the rows in hand, and what waits for its end."""

    connection: Connection
    under: Under
    source: str
    organisation: str | None = None
    strictest: Sensitivity = "public"
    rows: dict[int, tuple[str | None, Sensitivity]] = field(default_factory=dict)
    organisations: set[str] = field(default_factory=set)
    held: list[Issue] = field(default_factory=list)
    whole: _Totals = field(default_factory=_Totals)
    aggregates: _Totals = field(default_factory=_Totals)
    in_m2: int = 0
    backlogs: dict[str, _Backlog] = field(default_factory=lambda: defaultdict(_Backlog))

    def meet(self, batch: Sequence[Record]) -> None:
        """Remember whose the rows of a batch are and who may see them; issues follow their rows."""
        last = next(reversed(self.rows.items()), None)
        self.rows = dict([last] if last else [])
        for record in batch:
            if isinstance(record, HoldingRecord):
                sensitivity = self.under.of(record)
                self.rows[record.line] = record.organisation_code, sensitivity
                self.organisations.add(record.organisation_code)
                self.strictest = min(self.strictest, sensitivity)
            elif isinstance(record, OrganisationRecord):
                self.rows[record.line] = record.code, self.under.sensitivity

    def file(self, found: Sequence[Issue]) -> list[Filed]:
        """The issues with their organisation and their sensitivity, but for those that wait for the end."""
        filed = []
        for issue in found:
            row = self.rows.get(issue.line) if issue.line is not None else None
            if row is None and self._waits(issue):
                self.held.append(issue)
                continue
            organisation, of_row = row or (self.organisation, self.under.sensitivity)
            sensitivity = min(issue.sensitivity or of_row, of_row)  # the stricter, as Under.of has it
            filed.append(Filed(replace(issue, organisation=issue.organisation or organisation), sensitivity))
        return filed

    def _waits(self, issue: Issue) -> bool:
        whole = issue.line is None or not issue.rule.startswith("row-")
        return whole and issue.organisation is None and len(self.held) < MOST_HELD

    def about(self, records: Sequence[HoldingRecord], put: Put) -> Iterator[Filed]:
        """What rows say for themselves or against the return beside them."""
        rows = [(record, _numbers(record), put.ids[record.organisation_code, record.code]) for record in records]
        beside = self._beside(rows, set(put.known))
        for record, values, number in rows:
            self._add_up(record, values)
            if record.code == AGGREGATE:
                yield from self._filed(record, _aggregate(record, values))
            elif then := beside.get(number):
                yield from self._against(record, values, then)

    def _beside(
        self, rows: Sequence[tuple[HoldingRecord, Numbers, int]], known: Collection[int]
    ) -> dict[int, dict[str, RowMapping]]:
        """What the holdings that were known said in the return beside this one, where it may differ."""
        now = {number: returns.Now(number, day, record.name, values.get("gia_m2")) for record, values, number in rows
               if number in known and (day := record.evidence_date or self.under.period_end)}  # fmt: skip
        found: dict[int, dict[str, RowMapping]] = defaultdict(dict)
        for row in returns.list_neighbours(
            self.connection, list(now.values()), source=self.source, edition_id=self.under.edition_id
        ):
            found[row["holding_id"]][row["attribute"]] = row
        return found

    def _add_up(self, record: HoldingRecord, values: Numbers) -> None:
        self.whole.add(values)
        self.in_m2 += any(name in values for name in EMPTY_M2)
        if record.code == AGGREGATE:
            self.aggregates.add(values)

    def _filed(
        self, record: HoldingRecord, found: Iterator[Issue], beside: RowMapping | None = None
    ) -> Iterator[Filed]:
        for issue in found:
            whole = replace(issue, organisation=record.organisation_code)
            if beside is None:
                yield Filed(whole, self.under.of(record))
            else:
                quoted = (beside["edition_id"], beside["line"])
                yield Filed(whole, min(self.under.of(record), beside["sensitivity"]), quoted)

    def _against(self, record: HoldingRecord, values: Numbers, then: Mapping[str, RowMapping]) -> Iterator[Filed]:
        self._compare_backlog(record, values, then)
        if former := then.get("gia_m2"):
            yield from self._filed(record, _floor_area_changed(record.line, values, former), former)
        if (land := changes.land_of(values)) and (former := then.get(land[0]) or _other_land(then)):
            yield from self._filed(record, _land_changed(record.line, *land, former), former)
        if former := then.get("name"):
            yield from self._filed(record, _renamed(record, former), former)

    def _compare_backlog(self, record: HoldingRecord, values: Numbers, then: Mapping[str, RowMapping]) -> None:
        former = [then[name] for name in BACKLOG if name in then]
        if not former or not any(name in values for name in BACKLOG):
            return
        sums = self.backlogs[record.organisation_code]
        sums.now_gbp += sum(values.get(name, 0.0) for name in BACKLOG)
        sums.then_gbp += sum(row["number"] or 0.0 for row in former)
        sums.gia_m2 += values.get("gia_m2", 0.0)
        if not sums.line:
            sums.line, sums.edition = record.line, former[0]["edition"]
            sums.beside = (former[0]["edition_id"], former[0]["line"])

    def at_end(self) -> list[Filed]:
        """What the whole edition tells, and the issues that waited for it."""
        only = next(iter(self.organisations)) if len(self.organisations) == 1 else self.organisation
        waited = [
            replace(issue, organisation=only) if RULES[issue.rule].mender == "organisation" else issue
            for issue in self.held
        ]
        found = [*waited, *self._aggregates(), *self._unit()]
        return [*(Filed(issue, self.strictest) for issue in found), *self._thousands()]

    def _aggregates(self) -> Iterator[Issue]:
        sums = self.aggregates
        if sums.rows:
            share = f" ({sums.gia_m2 / self.whole.gia_m2:.0%} of the edition's)" if sums.gia_m2 else ""
            reason = (
                f"{sums.rows:,} rows stand for sites without a place ({AGGREGATE}): {sums.gia_m2:,.0f} m² of floor "
                f"area{share} and {sums.land_ha:,.1f} ha of land are counted, never scored"
            )
            yield Issue("aggregate-rows", None, None, reason)

    def _unit(self) -> Iterator[Issue]:
        if self.in_m2:
            reason = (
                f"{self.in_m2:,} rows give empty floor area in m² where other editions give a percentage; it is "
                "compared as a share of the floor area of the same row"
            )
            yield Issue("unit-changed", None, None, reason)

    def _thousands(self) -> Iterator[Filed]:
        for code, sums in self.backlogs.items():
            if changes.looks_like_thousands(sums.now_gbp, sums.then_gbp, sums.gia_m2):
                reason = (
                    f"the backlog of {code} adds up to £{sums.now_gbp:,.0f} on {sums.gia_m2:,.0f} m²; the same sites "
                    f"had £{sums.then_gbp:,.0f} in {sums.edition}: typed in thousands of pounds?"
                )
                issue = Issue("backlog-in-thousands", sums.line, "backlog", reason, None, code)
                yield Filed(issue, self.strictest, sums.beside)


def _numbers(record: HoldingRecord) -> dict[str, float]:
    """The figures of a row that are believed."""
    return {
        attribute: number
        for attribute, _, number, _, _, implausible in record.values
        if number is not None and implausible is None
    }


def _aggregate(record: HoldingRecord, values: Numbers) -> Iterator[Issue]:
    if area := values.get("gia_m2"):
        reason = f"{area:,.0f} m² of floor area stand in one row for small sites: without a place they are not scored"
        yield Issue("aggregate-row", record.line, None, reason)
    if changes.is_misspelt(record.name.partition(" ")[0], "aggregate"):
        yield Issue("name-misspelt", record.line, "name", "a slip in the word AGGREGATE?", record.name)


def _floor_area_changed(line: int, values: Numbers, former: RowMapping) -> Iterator[Issue]:
    now, then = values.get("gia_m2", 0.0), former["number"] or 0.0
    if changes.has_changed(now, then):
        reason = f"{now:,.0f} m² of floor area here, {then:,.0f} m² in {former['edition']} (row {former['line']})"
        yield Issue(
            "changed-by-more-than-two-fifths", line, "gia_m2", f"{reason}: built, sold or mistyped?", f"{now:g}"
        )


def _other_land(then: Mapping[str, RowMapping]) -> RowMapping | None:
    return then.get("land_owned_ha") or then.get("land_ha")


def _land_changed(line: int, attribute: str, now: float, former: RowMapping) -> Iterator[Issue]:
    then = former["number"] or 0.0
    if changes.has_changed(now, then):
        redefined = " (since 2016-17 only land owned is asked for)" if former["attribute"] != attribute else ""
        reason = f"{now:g} ha of land here, {then:g} ha in {former['edition']} (row {former['line']}){redefined}"
        yield Issue("changed-by-more-than-two-fifths", line, attribute, f"{reason}: sold or mistyped?", f"{now:g}")


def _renamed(record: HoldingRecord, former: RowMapping) -> Iterator[Issue]:
    then = former["text"] or ""
    if then and changes.is_renamed(record.name, then):
        rule = "name-misspelt" if changes.is_misspelt(record.name, then) else "name-changed"
        reason = f"called {then} in {former['edition']} (row {former['line']}), under the same code"
        yield Issue(rule, record.line, "name", reason, record.name)


def find_later_issues(connection: Connection, edition_id: int) -> list[Filed]:
    """What can be told only when the holdings of an edition stand at their places; to be called after matching.

    Those who may not see a place are not told of it: see `seen_by`.
    """
    returns.open_rows(connection, edition_id)
    gone, recoded = returns.list_gone_and_recoded(connection, edition_id)
    former = {(row["former_organisation"], row["former_code"]) for row in recoded}
    filed = [*_at_places(returns.list_shared(connection, edition_id)), *(_recoded(row) for row in recoded)]
    filed += [_gone(row) for row in gone if (row["organisation_code"], row["code"]) not in former]
    return filed


def _at_places(rows: Sequence[RowMapping]) -> Iterator[Filed]:
    places: dict[str, list[RowMapping]] = defaultdict(list)
    for row in rows:
        places[row["site_ref"]].append(row)
    for group in places.values():
        for one, other in combinations(group, 2):
            if one["here"] is None:
                one, other = other, one  # noqa: PLW2901 -- the row of this edition first
            carried_on = one["organisation_code"] in (other["organisation_code"], *(other["successors"] or ()))
            if one["here"] is not None and not carried_on:
                yield from _between(one, other)


def _between(one: RowMapping, other: RowMapping) -> Iterator[Filed]:
    """What a row of this edition and another organisation's holding of the same place say against each other."""
    if one["land_ha"] and other["land_ha"] and changes.same_land(one["land_ha"], other["land_ha"]):
        reason = (
            f"{other['organisation_code']} returns the same {other['land_ha']:g} ha of this place under "
            f"{other['code']} ({other['edition']} row {other['line']}); the land counts once: who owns it?"
        )
        issue = Issue("land-repeated", one["here"], "land", reason, f"{one['land_ha']:g}", one["organisation_code"])
        yield _placed(issue, one, other, (other["edition_id"], other["line"]))
    if changes.is_misspelt(one["name"], other["name"]):
        reason = f"{other['organisation_code']} writes {other['name']} ({other['code']}), at the same place"
        issue = Issue("name-misspelt", one["here"], "name", reason, one["name"], one["organisation_code"])
        yield _placed(issue, one, other, (other["edition_id"], other["line"]) if other["line"] else None)


def _placed(issue: Issue, one: RowMapping, other: RowMapping, beside: tuple[int, int] | None) -> Filed:
    stated: list[Any] = [row["sensitivity"] for row in (one, other) if row["sensitivity"]]
    return Filed(issue, min(stated, default="public"), beside, one["site_ref"])


def _recoded(row: RowMapping) -> Filed:
    reason = (
        f"{row['code']} is new at this place, where {row['former_organisation']} returned {row['former_code']} "
        f"({row['former_name']}) in {row['edition']} and does so no more: the same under a new code?"
    )
    issue = Issue("code-changed", row["line"], "code", reason, row["code"], row["organisation_code"])
    strictest = min(row["sensitivity"], row["former_sensitivity"])
    return Filed(issue, strictest, (row["former_edition"], row["former_line"]), row["site_ref"])


def _gone(row: RowMapping) -> Filed:
    reason = f"{row['code']} {row['name']} was returned in {row['edition']} (row {row['line']}), and is not here"
    issue = Issue("not-returned", None, None, reason, row["code"], row["organisation_code"])
    return Filed(issue, row["sensitivity"], (row["edition_id"], row["line"]), row["site_ref"])
