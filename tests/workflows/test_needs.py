"""Needs recorded: all of a file or nothing, every revision kept, each with its event, seen by whom it is for."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import shapely
from sqlalchemy import Connection, Engine, text

from estates_api.errors import BadInput, Conflict, NotFound
from estates_api.store.database import transaction
from estates_api.store.layers import Audience
from estates_api.store.needs import list_needs
from estates_api.workflows.needs import Faulty, Given, add_needs, close_need, get_need

HUB = {"need": "HUB-1", "organisation_code": "RZ1", "organisation_name": "Made Up Trust", "service": "Hub",
       "floor_area_low_m2": "200", "boroughs": "Enfield"}  # fmt: skip
SQUARE = "POLYGON ((530000 190000, 531000.25 190000, 531000 191000.125, 530000 191000, 530000 190000))"
OPEN = {"public": ["HUB-1"], "partner": ["HUB-1", "PART-1"], "complete": ["HUB-1", "OWN-1", "PART-1"]}


def add(connection: Connection, *needs: dict[str, str], by: str = "NCL Estates Board") -> dict[str, str]:
    """Record needs as the rows of a file, from line 2."""
    return dict(add_needs(connection, [Given(line, said) for line, said in enumerate(needs, start=2)], by))


def ids(connection: Connection, audience: Audience, **more: Any) -> list[str]:
    """The references of the needs that an audience sees."""
    return [one.need.id for one in list_needs(connection, audience, **more)]


def test_what_was_said_comes_back(reference: Engine) -> None:
    """Every kind of area, and every field, is read as it was written."""
    circle = HUB | {"need": "C", "boroughs": "", "postcode": "N15 3TH", "radius_m": "800", "ptal": "1b",
                    "required_by": "2027-03-31", "floor_area_high_m2": "400.5", "note": "soon"}  # fmt: skip
    drawn = HUB | {"need": "D", "boroughs": "", "polygon": SQUARE}
    with transaction(reference) as connection:
        assert add(connection, HUB, circle, drawn) == {"HUB-1": "added", "C": "added", "D": "added"}
    with transaction(reference) as connection:
        hub, around, inside = (get_need(connection, "public", id_) for id_ in ("hub-1", "C", "D"))
    assert (hub.revision, hub.recorded_by, hub.need.area.told()) == (1, "NCL Estates Board", "in Enfield")
    assert hub.need.area.shape.area > 8e7  # type: ignore[union-attr]
    assert around.need.area.told() == "within 800 m of the middle of N15 3TH"
    assert (around.need.ptal, around.need.required_by) == ("1b", date(2027, 3, 31))
    assert (around.need.floor_area_high_m2, around.need.note) == (400.5, "soon")
    assert inside.need.area.shape.equals_exact(shapely.MultiPolygon([shapely.from_wkt(SQUARE)]), 0)  # type: ignore[union-attr]


def test_the_same_again_changes_nothing_and_another_revises(reference: Engine) -> None:
    """A file handed in twice is left as it is; what differs is a new revision, and the old one stays."""
    drawn = HUB | {"need": "D", "boroughs": "", "polygon": SQUARE}
    with transaction(reference) as connection:
        add(connection, HUB, drawn)
        assert add(connection, HUB, drawn) == {"HUB-1": "unchanged", "D": "unchanged"}
        assert add(connection, HUB | {"floor_area_low_m2": "250"}, drawn) == {"HUB-1": "revised", "D": "unchanged"}
        assert get_need(connection, "public", "HUB-1").revision == 2
        kept = connection.execute(text("SELECT revision, floor_area_low_m2 FROM need WHERE need = 'HUB-1' ORDER BY 1"))
        assert [tuple(row) for row in kept] == [(1, 200.0), (2, 250.0)]
        acts = connection.execute(text("SELECT action, subject FROM audit WHERE subject LIKE 'need %' ORDER BY id"))
        assert [tuple(row) for row in acts] == [
            ("add need", "need HUB-1"), ("add need", "need D"), ("revise need", "need HUB-1"),
        ]  # fmt: skip


def test_one_bad_row_and_nothing_is_written(reference: Engine, count_rows: Callable[[Engine], dict[str, int]]) -> None:
    """Every row that cannot be taken is named by its line, and the good ones are not written either."""
    before = count_rows(reference)
    rows = (HUB, HUB | {"need": "A", "ptal": "9"}, HUB | {"need": "B", "floor_area_high_m2": "1"}, HUB,
            HUB | {"need": "C", "boroughs": "", "postcode": "ZZ1 1ZZ", "radius_m": "5"})  # fmt: skip
    with pytest.raises(Faulty) as refused, transaction(reference) as connection:
        add(connection, *rows)
    assert [(fault.line, fault.reason.partition(":")[0]) for fault in refused.value.faults] == [
        (3, "ptal"), (4, "floor_area_high_m2"), (5, "need"), (6, "postcode"),
    ]  # fmt: skip
    assert refused.value.detail.startswith("nothing was written: 4 rows cannot be taken; line 3: ptal: '9'")
    with pytest.raises(BadInput, match="line 7: the outline crossed itself"), transaction(reference) as connection:
        add_needs(connection, [Given(7, HUB, "the outline crossed itself")], "me")
    for by in ("", " ", "x" * 2000, "nul\0"):
        with pytest.raises(BadInput, match="by: say it"), transaction(reference) as connection:
            add(connection, HUB, by=by)
    assert count_rows(reference) == before


def test_a_need_is_closed_with_its_reason(reference: Engine) -> None:
    """A closed need is kept, listed only when asked for, and cannot be revised or closed again."""
    with transaction(reference) as connection:
        add(connection, HUB)
        closed = close_need(connection, "hub-1", "found space at Edgware", "the practice")
        assert (closed.revision, closed.need.closed, closed.recorded_by) == (
            2,
            "found space at Edgware",
            "the practice",
        )
        assert (ids(connection, "complete"), ids(connection, "complete", closed=True)) == ([], ["HUB-1"])
        with pytest.raises(Conflict, match="HUB-1 is closed already: found space"):
            close_need(connection, "HUB-1", "again", "me")
        with pytest.raises(BadInput, match="line 2: need: HUB-1 is closed"):
            add(connection, HUB)
        for id_ in ("NONE", "no such one", "\0"):
            with pytest.raises(NotFound, match=r"there is no need .*; those that are open: "):
                close_need(connection, id_, "x", "me")
        with pytest.raises(BadInput, match="reason: say it"):
            close_need(connection, "HUB-1", " ", "me")


def test_who_may_see_a_need(reference: Engine) -> None:
    """Partners see what is for partners, and only the complete view what is for owners: in lists and one by one."""
    with transaction(reference) as connection:
        add(connection, HUB, HUB | {"need": "PART-1", "sensitivity": "partner"},
            HUB | {"need": "OWN-1", "sensitivity": "owner"})  # fmt: skip
        assert {audience: ids(connection, audience) for audience in OPEN} == OPEN
        for audience, id_ in (("public", "PART-1"), ("public", "OWN-1"), ("partner", "OWN-1")):
            with pytest.raises(NotFound):
                get_need(connection, audience, id_)
        add(connection, HUB | {"sensitivity": "owner"})
        assert (ids(connection, "public"), ids(connection, "public", closed=True)) == ([], [])


def test_the_database_itself_refuses_what_an_audience_may_not_read(reference: Engine) -> None:
    """The public's role can read its own view, and neither the table nor the other views."""
    for name, allowed in (("need_public", True), ("need_partner", False), ("need_complete", False), ("need", False)):
        with transaction(reference) as connection:
            connection.execute(text("SET LOCAL ROLE estates_public"))
            if allowed:
                assert connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() == 0
                continue
            with pytest.raises(Exception, match="permission denied"), connection.begin_nested():
                connection.execute(text(f"SELECT count(*) FROM {name}"))


def test_revisions_are_never_changed(reference: Engine) -> None:
    """A recorded revision can be neither changed nor removed, nor written twice."""
    with transaction(reference) as connection:
        add(connection, HUB)
    for statement in ("UPDATE need SET service = 'x'", "DELETE FROM need", "TRUNCATE need"):
        with pytest.raises(Exception, match="rows are added"), transaction(reference) as connection:
            connection.execute(text(statement))
    again = """INSERT INTO need (need, revision, organisation_code, organisation_name, service, floor_area_low_m2,
        boroughs, sensitivity, note, recorded_by) SELECT need, {}, organisation_code, organisation_name, service,
        {}, {}, sensitivity, note, recorded_by FROM need"""
    for values in ((1, 200, "boroughs"), (2, -1, "boroughs"), (2, 200, "NULL"), (2, "'NaN'", "boroughs")):
        with pytest.raises(Exception, match="violates"), transaction(reference) as connection:
            connection.execute(text(again.format(*values)))


def test_the_record_and_its_event_are_one(reference: Engine) -> None:
    """The audit event is written in the same transaction: both are there, or neither."""
    count = text("SELECT (SELECT count(*) FROM need), (SELECT count(*) FROM audit WHERE action = 'add need')")
    with reference.connect() as connection, connection.begin() as whole:
        add(connection, HUB)
        assert tuple(connection.execute(count).one()) == (1, 1)
        whole.rollback()
    with transaction(reference) as connection:
        assert tuple(connection.execute(count).one()) == (0, 0)
