"""Assessments: stored once, never changed, read by audience."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import orjson
from sqlalchemy import Connection, RowMapping, Text, cast, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from estates_api.store.copying import AT_ONCE, copy_rows
from estates_api.store.layers import Audience
from estates_api.store.tables import assessment, assessment_site, method

EVERYBODY, PARTNERS, OWNERS_ONLY = 0, 1, 2
"""How few may see a site."""

_WIDEST = {"public": EVERYBODY, "partner": PARTNERS, "owner": PARTNERS, "complete": OWNERS_ONLY}

_JSON = ("explanation", "measured")

_CIRCLES = {"site_public": EVERYBODY, "site_partner": PARTNERS, "site_complete": OWNERS_ONLY}


def list_circles(connection: Connection) -> dict[str, int]:
    """How few may see each site today, by its reference."""
    rows = connection.execute(text("SELECT ref, tableoid::regclass::text FROM site_complete"))
    return {ref: _CIRCLES[table] for ref, table in rows}


def list_comparable(connection: Connection) -> dict[str, int]:
    """In which circle each site is compared with others: as `list_circles`, and from OWNERS_ONLY on a number for each
    organisation, as one owner's private sites are withheld from another. The first is of sites that no owner sees."""
    rows = connection.execute(text("SELECT ref, tableoid::regclass::text, private_to FROM site_complete")).all()
    owners = {one: number for number, one in enumerate(sorted({row[2] for row in rows if row[2]}), OWNERS_ONLY + 1)}
    return {ref: owners.get(whose, _CIRCLES[table]) for ref, table, whose in rows}


def put_method(connection: Connection, *, sha256: str, id_: str, content: bytes) -> None:
    """Keep the method's bytes, once per hash."""
    connection.execute(upsert(method).values(sha256=sha256, id=id_, content=content).on_conflict_do_nothing())


def find_same(connection: Connection, values: Mapping[str, Any]) -> int | None:
    """The id of a stored assessment of the same method, day, data, code and result; None when there is none."""
    same = ("method_sha256", "as_of", "present", "data_sha256", "code_version", "sha256")
    query = select(assessment.c.id).where(*(assessment.c[name] == values[name] for name in same))
    found: int | None = connection.execute(query.order_by(assessment.c.id.desc()).limit(1)).scalar_one_or_none()
    return found


def add_assessment(connection: Connection, values: Mapping[str, Any], sites: Sequence[Mapping[str, Any]]) -> int:
    """Insert an assessment with its sites, whose explanation and measures are JSON text already; its id."""
    number: int = connection.execute(insert(assessment).values(**values).returning(assessment.c.id)).scalar_one()
    columns = [column.name for column in assessment_site.c if column.name != "assessment_id"]
    rows = ((number, *(row[name] for name in columns)) for row in sites)
    copy_rows(connection, "assessment_site", ("assessment_id", *columns), rows)
    return number


def find_latest(connection: Connection, as_of: date | None = None) -> RowMapping | None:
    """The newest assessment of the present, or the newest that looks at `as_of`; None when there is none."""
    query = select(assessment, method.c.id.label("method_id")).join(method)
    query = query.where(assessment.c.present if as_of is None else assessment.c.as_of == as_of)
    return connection.execute(query.order_by(assessment.c.id.desc()).limit(1)).mappings().one_or_none()


def list_assessed(connection: Connection, assessment_id: int, refs: Sequence[str]) -> Sequence[RowMapping]:
    """The results for the sites that the caller may see (`refs`), best release score first."""
    query = (
        select(assessment_site)
        .where(assessment_site.c.assessment_id == assessment_id, assessment_site.c.site_ref.in_(refs))
        .order_by(assessment_site.c.release_score.desc(), assessment_site.c.site_ref)
    )
    return connection.execute(query).mappings().all()


def get_run(connection: Connection, assessment_id: int) -> RowMapping:
    """A stored run with the bytes of its method, as `method_content`."""
    query = select(assessment, method.c.content.label("method_content")).join(method)
    return connection.execute(query.where(assessment.c.id == assessment_id)).mappings().one()


def read_results(connection: Connection, assessment_id: int) -> Iterator[dict[str, Any]]:
    """What a run said of each site, in the order of the sites: what its hash is over."""
    names = [column.name for column in assessment_site.c if column.name not in {"assessment_id", "circle"}]
    columns = [cast(assessment_site.c[name], Text) if name in _JSON else assessment_site.c[name] for name in names]
    query = select(*columns).where(assessment_site.c.assessment_id == assessment_id)
    by_ref = func.convert_to(assessment_site.c.site_ref, "UTF8")  # as Python orders text
    for row in connection.execute(query.order_by(by_ref).execution_options(yield_per=AT_ONCE)):
        found = dict(zip(names, row, strict=True))
        yield found | {name: orjson.loads(found[name]) for name in _JSON if found[name] is not None}


def list_explanations(
    connection: Connection, assessment_id: int, refs: Sequence[str], audience: Audience
) -> dict[str, Any]:  # fmt: skip
    """What a run said of some sites, by their reference: of those that the audience could see when it was made, since
    what it rested on then may be withheld."""
    circle = func.coalesce(assessment_site.c.circle, OWNERS_ONLY)
    query = select(assessment_site.c.site_ref, assessment_site.c.explanation).where(
        assessment_site.c.assessment_id == assessment_id, assessment_site.c.site_ref.in_(refs),
        circle <= _WIDEST[str(audience)],
    )  # fmt: skip
    return {row.site_ref: row.explanation for row in connection.execute(query)}


def count_routes(connection: Connection, assessment_id: int) -> dict[str, int]:
    """How many sites went which way in a stored run."""
    query = select(assessment_site.c.route, func.count()).where(assessment_site.c.assessment_id == assessment_id)
    return {row[0]: row[1] for row in connection.execute(query.group_by(assessment_site.c.route))}
