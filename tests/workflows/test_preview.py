"""A dry run: everything is done, told, and taken back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from estates_api.domain.area import Area
from estates_api.errors import BadInput, Conflict
from estates_api.sources.reader import Hints
from estates_api.store.database import transaction
from estates_api.workflows import preview as previewing
from estates_api.workflows.origin import Origin
from estates_api.workflows.preview import Preview, preview

HandIn = Callable[..., Any]
Template = Callable[..., bytes]
Count = Callable[[Engine], dict[str, int]]
Look = Callable[..., Preview]


@pytest.fixture
def look(tmp_path: Path, area: Area, count_rows: Count) -> Look:
    """Preview content on an engine; every table has the same rows before and after."""

    def find(
        engine: Engine, content: bytes | Path, name: str = "list.csv", origin: Origin | None = None, **more: Any
    ) -> Preview:  # fmt: skip
        path = content if isinstance(content, Path) else tmp_path / "handed-in"
        if isinstance(content, bytes):
            path.write_bytes(content)
        before = count_rows(engine), newest(engine)
        with transaction(engine) as connection:
            found = preview(connection, path, area=area, name=name, origin=origin, **more)
        assert (count_rows(engine), newest(engine)) == before
        return found

    return find


def newest(engine: Engine) -> list[Any]:
    """What the tables whose rows may change say."""
    with transaction(engine) as connection:
        statements = (
            "SELECT ref, name, postcode, precision, borough_gss, ST_AsText(geom) FROM site ORDER BY ref",
            "SELECT id, name, site_ref, sensitivity, address, postcode FROM holding ORDER BY id",
            "SELECT code, name, status, edition_id FROM organisation ORDER BY code",
            "SELECT ref, site_feature, held, explanation FROM site_complete ORDER BY ref",
        )
        return [connection.execute(text(statement)).all() for statement in statements]


def row(code: str, **more: object) -> dict[str, object]:
    """A row of our own template."""
    return {"holding_code": code, "postcode": "N15 3TH", "period_end": "2024-03-31"} | more


def test_what_a_first_file_would_bring(reference: Engine, look: Look, template: Template) -> None:
    """New holdings and sites are named and counted, with the edition's counts and issues."""
    found = look(reference, template(row("PV1", gia_m2=100), row("PV2", gia_m2="many", postcode="N1 1AA")))
    counts = found.changes["counts"]
    assert (found.done.new, found.done.counts["holdings"], len(found.done.issues) > 0) == (True, 2, True)
    assert counts["holdings_new"] == 2
    assert counts["sites_new"] == len(found.changes["sites_new"]) >= 1
    assert counts["figures_changed"] == counts["sites_changed"] == counts["holdings_moved"] == 0
    assert [held["code"] for held in found.changes["holdings_new"]] == ["PV1", "PV2"]


def test_which_figures_would_change(reference: Engine, look: Look, hand_in: HandIn, template: Template) -> None:
    """A figure changes where another claim would win: old and new are told with where the old one is from. What stays
    the same, is older, or is implausible, is not told."""
    hand_in(reference, "a.csv", template(
        row("PV1", gia_m2=100, land_ha=2, tenure="freehold", occupied_m2=80),
        row("PV2", gia_m2=50, postcode="NW3 2QG"),
    ))  # fmt: skip
    later = template(
        row("PV1", gia_m2=120, land_ha=2, tenure="leasehold", occupied_m2=9e9, period_end="2025-03-31", name="New"),
        row("PV2", gia_m2=70, period_end="2025-03-31", evidence_date="2020-03-31", postcode="NW3 2QG"),
    )
    found = look(reference, later)
    told = {(each["code"], each["attribute"]): (each["old"], each["new"]) for each in found.changes["figures_changed"]}
    assert told[("PV1", "gia_m2")] == (100, 120)
    assert told[("PV1", "tenure")] == ("freehold", "leasehold")
    assert told[("PV1", "name")] == ("Holding PV1", "New")
    assert not {("PV1", "land_ha"), ("PV1", "occupied_m2"), ("PV2", "gia_m2")} & told.keys()
    assert found.changes["counts"]["sites_changed"] == 1
    assert found.changes["figures_changed"][0]["old_edition"]


def test_a_figure_that_was_not_known(reference: Engine, look: Look, hand_in: HandIn, template: Template) -> None:
    """What nobody said before changes from unknown."""
    hand_in(reference, "a.csv", template(row("PV1", gia_m2=100)))
    found = look(reference, template(row("PV1", gia_m2=100, land_ha=3)))
    assert [(each["attribute"], each["old"], each["new"]) for each in found.changes["figures_changed"]] == [
        ("land_ha", None, 3)
    ]


def test_a_judgement_that_moves(reference: Engine, look: Look, hand_in: HandIn, template: Template) -> None:
    """A holding that a person puts elsewhere is told with both places, and so is a site that loses its last one."""
    hand_in(reference, "a.csv", template(row("PV1", gia_m2=100)))
    judged = (
        b"place,place_name,organisation_code,holding_code,evidence,postcode,address,succeeded_by_organisation,"
        b"succeeded_by_code\nELSEWHERE,Elsewhere House,RZ1,PV1,seen by a person,N1 1AA,1 Street,,\n"
    )
    found = look(reference, judged, "places.csv")
    moved = found.changes["holdings_moved"]
    assert [(each["code"], each["new"]) for each in moved] == [("PV1", "NCL-ELSEWHERE")]
    assert moved[0]["old"] != moved[0]["new"]
    assert "NCL-ELSEWHERE" in [each["site"] for each in found.changes["sites_new"]]
    assert [each["survivor"] for each in found.changes["sites_gone"]] == ["NCL-ELSEWHERE"]


def test_the_list_is_capped_and_the_counts_are_not(reference: Engine, look: Look, template: Template) -> None:
    """Of many changes the first are listed and all are counted."""
    found = look(reference, template(*(row(f"PV{number}", gia_m2=1) for number in range(20))), shown=3)
    assert (len(found.changes["holdings_new"]), found.changes["counts"]["holdings_new"]) == (3, 20)


def test_what_is_here_or_cannot_be_read(reference: Engine, look: Look, hand_in: HandIn, template: Template) -> None:
    """Known bytes change nothing; bad ones, or ones said to be something else, are refused as they would be."""
    content = template(row("PV1", gia_m2=100))
    hand_in(reference, "a.csv", content)
    found = look(reference, content)
    assert (found.done.new, set(found.changes["counts"].values())) == (False, {0})
    with pytest.raises(Conflict):
        look(reference, content, origin=Origin(sensitivity="owner"))
    with pytest.raises(BadInput):
        look(reference, b"a,b\n1,2\n")


def test_handed_in_afterwards_it_does_what_was_said(
    reference: Engine, look: Look, hand_in: HandIn, template: Template, count_rows: Count
) -> None:
    """The preview of a file is what the file then does."""
    content = template(*(row(f"PV{number}", gia_m2=number) for number in range(1, 9)))
    before = count_rows(reference)
    found = look(reference, content)
    done = hand_in(reference, "list.csv", content)
    after = count_rows(reference)
    assert (done.counts, done.edition) == (found.done.counts, found.done.edition)
    assert after["site"] - before["site"] == found.changes["counts"]["sites_new"]
    assert after["holding"] - before["holding"] == found.changes["counts"]["holdings_new"]


def test_a_real_return_on_top_of_another(reference: Engine, look: Look, hand_in: HandIn, published: Path) -> None:
    """ERIC 2016-17 on top of 2014-15: hundreds of figures change, each from one year's to the other's."""
    hand_in(
        reference, "eric_2014-15.csv", published / "eric/eric_2014-15_site_ncl_rawhead_cp1252.csv", period="2014-15"
    )
    found = look(reference, published / "eric/eric_2016-17_site_ncl_rawhead_cp1252.csv", "eric_2016-17.csv",
                 Origin(hints=Hints(period="2016-17")))  # fmt: skip
    counts = found.changes["counts"]
    assert counts["figures_changed"] > 200
    assert len(found.changes["figures_changed"]) == previewing.SHOWN_CHANGES
    assert all(each["old_edition"] in {None, "ERIC 2014-15"} for each in found.changes["figures_changed"])
