"""Issues: what is wrong in an edition, written as it is found and read by page, for the audience that may see it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    exists,
    func,
    or_,
    select,
    text,
    tuple_,
)

from estates_api.domain.callers import Owner
from estates_api.domain.records import ID_CHARACTERS, Issue, Sensitivity
from estates_api.domain.rules import RULES, Severity
from estates_api.store.copying import copy_rows
from estates_api.store.layers import Audience, projections
from estates_api.store.owned import NAMED_IN_PRIVATE, list_own_editions
from estates_api.store.projection import hidden_from
from estates_api.store.tables import claim, edition, holding, issue, organisation, redaction

CHUNK = 5000

Shown = Mapping[str, Any]
"""An issue as every answer has it: see FIELDS."""

_COLUMNS = ("edition_id", "rule", "line", "field", "severity", "reason", "raw", "organisation", "sensitivity",
            "beside_edition_id", "beside_line", "site_ref")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filed:
    """An issue with who may see it. `beside` is (edition, line) of the other row that it quotes, `site_ref` the place
    whose holdings it is about."""

    issue: Issue
    sensitivity: Sensitivity = "public"
    beside: tuple[int, int] | None = None
    site_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """Which issues: any of these may be None. `after` is the last one of the page before; `places_of`: whose view of
    places decides whether an issue that is about a place, and so about what others return there, is told; `site`: a
    place that they are about, or of whose figures they stand in the same row."""

    organisation: str | None = None
    edition: int | None = None
    severity: str | None = None
    rule: str | None = None
    source: str | None = None
    editions: tuple[int, ...] | None = None
    rules: tuple[str, ...] | None = None
    after: int | None = None
    limit: int | None = None
    places_of: Audience | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Issues in the order they were found; `following` is where the next page begins, None on the last."""

    issues: tuple[dict[str, Any], ...]
    following: int | None


def add_issues(connection: Connection, edition_id: int, filed: Iterable[Filed]) -> None:
    """Append issues of an edition."""
    rows = ((edition_id, f.issue.rule, f.issue.line, f.issue.field, f.issue.severity, f.issue.reason, f.issue.raw,
             f.issue.organisation, f.sensitivity, *(f.beside or (None, None)), f.site_ref) for f in filed)  # fmt: skip
    copy_rows(connection, "issue", _COLUMNS, rows)


def seen_by(audience: Audience, own: Collection[int]) -> ColumnElement[bool]:
    """Whether the audience may see an issue: its row, and the place that it is about. `own`: the editions that are an
    owner's own. One that quotes another organisation's row has a place, which secrets of two keep from both."""
    hidden = hidden_from(audience)
    if not hidden:
        return issue.c.sensitivity.is_not(None)
    place = projections[str(audience)].c.ref
    public_place = or_(issue.c.site_ref.is_(None), exists().where(place == issue.c.site_ref))
    shown: ColumnElement[bool] = issue.c.sensitivity.not_in(hidden)
    if isinstance(audience, Owner):
        shown = or_(shown, issue.c.organisation == audience.organisation, issue.c.edition_id.in_(own))
    return and_(shown, public_place)


def _where(connection: Connection, audience: Audience, query: Query) -> ColumnElement[bool]:
    parts = [seen_by(audience, list_own_editions(connection, audience))]
    for name, column in (("organisation", issue.c.organisation), ("edition", issue.c.edition_id),
                         ("severity", issue.c.severity), ("rule", issue.c.rule)):  # fmt: skip
        if (wanted := getattr(query, name)) is not None:
            parts.append(column == wanted)
    for several, column in ((query.editions, issue.c.edition_id), (query.rules, issue.c.rule)):
        if several is not None:
            parts.append(column.in_(several))
    if (whose := query.places_of) is not None:
        parts.append(or_(issue.c.site_ref.is_(None), seen_by(whose, list_own_editions(connection, whose))))
    if query.site is not None:
        row = tuple_(issue.c.edition_id, issue.c.line)
        parts.append(or_(issue.c.site_ref == query.site, row.in_(_rows(query.site))))
    if query.source is not None:
        parts.append(issue.c.edition_id.in_(select(edition.c.id).where(edition.c.source == query.source)))
    return and_(*parts)


def _rows(ref: str) -> Select[Any]:
    """The rows that say something of the holdings of a site."""
    held = holding.c.id == claim.c.holding_id
    return select(claim.c.edition_id, claim.c.line).join(holding, held).where(holding.c.site_ref == ref)


def _masked() -> ColumnElement[bool]:
    """Whether the row of an issue, or the one it quotes, is masked: its text would repeat what was."""
    own = and_(redaction.c.edition_id == issue.c.edition_id, redaction.c.line == issue.c.line)
    other = and_(redaction.c.edition_id == issue.c.beside_edition_id, redaction.c.line == issue.c.beside_line)
    return or_(exists().where(own), exists().where(other))


def _named_to(audience: Audience, sensitivity: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether an organisation's name is for an audience, by who may see the file or row it is from; to each its own."""
    told = text(f"(organisation.edition_id, organisation.code) NOT IN ({NAMED_IN_PRIVATE})")
    hidden = hidden_from(audience)
    seen = and_(sensitivity.not_in(hidden), told.bindparams(hidden=hidden))
    return or_(seen, organisation.c.code == audience.organisation) if isinstance(audience, Owner) else seen


def _selected(audience: Audience) -> Select[Any]:
    naming = edition.alias("naming")
    name = (
        select(organisation.c.name)
        .join(naming, naming.c.id == organisation.c.edition_id)
        .where(organisation.c.code == issue.c.organisation, _named_to(audience, naming.c.sensitivity))
        .scalar_subquery()
    )
    return select(
        issue.c.id, issue.c.rule, issue.c.severity, issue.c.reason, issue.c.organisation, name.label("name"),
        func.left(edition.c.sha256, ID_CHARACTERS).label("edition_id"),
        func.concat(edition.c.source, " ", edition.c.label).label("edition"), edition.c.source,
        edition.c.publisher, edition.c.file_name, issue.c.line, issue.c.field, issue.c.raw, issue.c.severity,
        _masked().label("masked"),
    ).join(edition, edition.c.id == issue.c.edition_id)  # fmt: skip


def list_issues(connection: Connection, audience: Audience, query: Query) -> Page:
    """One page of issues (a keyset: deep pages cost what the first one costs)."""
    wanted = _selected(audience).where(_where(connection, audience, query)).order_by(issue.c.id)
    if query.after is not None:
        wanted = wanted.where(issue.c.id > query.after)
    if query.limit is not None:
        wanted = wanted.limit(query.limit + 1)  # one more than the page, to know whether another follows
    rows = connection.execute(wanted).mappings().all()
    shown = rows[: query.limit]
    following = shown[-1]["id"] if shown and len(rows) > len(shown) else None
    return Page(tuple(_issue(row) for row in shown), following)


def list_gravest(connection: Connection, audience: Audience, query: Query, most: int) -> list[dict[str, Any]]:
    """So many of the issues that match, the gravest first, and those of one severity as they were found."""
    found: list[dict[str, Any]] = []
    for severity in get_args(Severity):
        if len(found) < most:
            wanted = replace(query, severity=severity, limit=most - len(found))
            found += list_issues(connection, audience, wanted).issues
    return found


def every_issue(connection: Connection, audience: Audience, query: Query) -> Iterator[dict[str, Any]]:
    """All issues that match, read a chunk at a time."""
    page = list_issues(connection, audience, replace(query, limit=CHUNK))
    yield from page.issues
    while page.following is not None:
        page = list_issues(connection, audience, replace(query, after=page.following, limit=CHUNK))
        yield from page.issues


FIELDS = ("severity", "rule", "reason", "organisation", "responsible", "mender", "edition_id", "edition", "file",
          "line", "field", "raw")  # fmt: skip
"""What every answer says of an issue, in this order."""


def _issue(row: RowMapping) -> dict[str, Any]:
    """An issue as it is shown. Of a masked row only the rule is told."""
    rule = RULES.get(row["rule"])
    shown = {
        **row,
        "mender": rule.mender if rule else "steward",
        "responsible": _responsible(row),
        "file": row["file_name"],
        "reason": f"{rule.sentence if rule else 'masked'} (Masked.)" if row["masked"] else row["reason"],
        "raw": None if row["masked"] else row["raw"],
    }
    return {name: shown[name] for name in FIELDS}


def _responsible(row: RowMapping) -> str:
    """Who should look at it first: the row's own organisation, else whom the rule names."""
    if row["organisation"]:
        return str(row["name"] or row["organisation"])
    rule = RULES.get(row["rule"])
    if rule is None or rule.mender == "steward":
        return "steward of this catalogue"
    return str(row["publisher"] or f"publisher of {row['source']}")


def count_issues(connection: Connection, audience: Audience, query: Query) -> dict[str, int]:
    """How many issues match, by severity, the gravest first."""
    where = _where(connection, audience, query)
    found = connection.execute(select(issue.c.severity, func.count()).where(where).group_by(issue.c.severity)).all()
    counts = {row[0]: row[1] for row in found}
    return {severity: counts.get(severity, 0) for severity in ("error", "warning", "note")}


def count_by_rule(connection: Connection, audience: Audience, query: Query) -> dict[str, int]:
    """How many issues match, by rule, the most frequent first."""
    number = func.count()
    wanted = select(issue.c.rule, number).where(_where(connection, audience, query)).group_by(issue.c.rule)
    return {row[0]: row[1] for row in connection.execute(wanted.order_by(number.desc(), issue.c.rule))}
