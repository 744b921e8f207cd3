"""Redaction: what a row of a file said is masked for everybody, by every route, and the record stays provable."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any

import httpx2
import pypdf
import pytest
from convertbng.cutil import convert_lonlat
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.domain.area import Area
from estates_api.domain.method_file import parse_method
from estates_api.domain.quarters import Quarter, quarter_of
from estates_api.errors import BadInput, Conflict, NotFound
from estates_api.settings import ROOT
from estates_api.store.database import transaction
from estates_api.store.outlines import refresh_outlines
from estates_api.store.projection import refresh_projection
from estates_api.store.touched import open_touched, touch_sites
from estates_api.workflows import redact, setup
from estates_api.workflows.ingest import Ingested

HandIn = Callable[..., Ingested]
Template = Callable[..., bytes]
Make = Callable[..., TestClient]
Redact = Callable[..., list[str]]

KEY = "the-key-of-the-tests"
TODAY = datetime.now(UTC).date()
METHOD = setup.read_shipped(ROOT / "data", setup.METHOD_FILE)
WHY = "a patient can be recognised by it"

ROW = {
    "organisation_code": "RAL", "organisation_name": "Royal Free London NHS Foundation Trust",
    "holding_code": "RALZZ1", "name": "Hesperus Lodge", "address": "13 Quixote Row", "postcode": "EN5 3DJ",
    "easting": 523_417, "northing": 195_813, "period_end": "2015-03-01", "gia_m2": 10_127, "land_owned_ha": 12.3457,
    "unutilised_pct": 61.73, "site_type": "Zenobia ward", "backlog_high_gbp": 9_876_543, "interest": "freeholder",
    "interest_evidence": "Ptolemy said so", "status_note": "owned by Zebulon Quimby", "evidence_date": "2015-03-02",
    "citation": "a letter of Balthazar",
}  # fmt: skip
REF = "NCL-RALZZ1"
LON, LAT = (f"{axis[0]:.5f}" for axis in convert_lonlat([ROW["easting"]], [ROW["northing"]]))

TRACES = ("Hesperus", "Quixote", "Zenobia", "Ptolemy", "Zebulon", "Quimby", "Balthazar", "10127", "10,127", "12.3457",
          "12.3 ha", "61.73", "61.7%", "9876543", "9,876,543", "523417", "195813", LON, LAT, "TGL31337")  # fmt: skip

EVENTS = (
    "site_name,event,event_date,holding_code,scope,area_ha,note,source_title,source_url\n"
    "Barnet Hospital,other,2016-05-04,RAL26,other,7.913,Melchior objected,Caspar Weekly,https://example.org/caspar\n"
    "Barnet Hospital,other,2016-06-04,RAL26,other,3.377,Nebuchad stays,A page,https://example.org/a\n"
)


@dataclass(frozen=True)
class Masked:
    """A database in which a row was redacted, what the row became, and the moment before."""

    engine: Engine
    edition: int
    events: int
    before: str
    made: dict[str, Any]


def conditions(area: Area) -> redact.Conditions:
    """What sites are written anew with."""
    return redact.Conditions(area, parse_method(METHOD, setup.METHOD_FILE), METHOD, TODAY)


def draw_outline(engine: Engine, edition: int) -> None:
    """Give the holding of the row a parcel, told by the same row."""
    with transaction(engine) as connection:
        open_touched(connection)
        connection.execute(text("""
            INSERT INTO outline (edition_id, holding_id, line, title_number, geom, evidence)
            SELECT :edition, id, 2, 'TGL31337', ST_Multi(ST_MakeEnvelope(523400, 195800, 523450, 195850, 27700)),
                   'by the row' FROM holding WHERE code = 'RALZZ1'
        """), {"edition": edition})  # fmt: skip
        touch_sites(connection, [REF])
        refresh_outlines(connection)
        refresh_projection(connection)


@pytest.fixture(scope="session")
def redact_row(area: Area) -> Redact:
    """Redact in a transaction of its own: engine, edition, line, and what else there is to say."""

    def make(engine: Engine, edition: int, line: int, **more: Any) -> list[str]:
        actor = more.pop("actor", "command line")
        with transaction(engine) as connection:
            mask = redact.Mask(edition, line, **{"reason": WHY} | more)
            return redact.redact(connection, mask, by=conditions(area), actor=actor)

    return make


@pytest.fixture(scope="module")
def masked(
    make_loaded: Callable[[], Engine], hand_in: HandIn, template: Template, draft: Callable[..., Any],
    redact_row: Redact,
) -> Masked:  # fmt: skip
    """A site that was listed, shown and frozen by its whole row, and an event by its fields, before the redaction."""
    engine = make_loaded()
    own = hand_in(engine, "own.csv", template(ROW)).edition_id
    told = hand_in(engine, "told.csv", EVENTS).edition_id
    draw_outline(engine, own)
    for quarter in (quarter_of(TODAY), Quarter(2015, 1)):
        with transaction(engine) as connection:
            frozen, _ = draft(connection, quarter)
            assert REF in frozen.content.decode()
    with transaction(engine) as connection:
        shown = connection.execute(
            text("SELECT t::text FROM site_public t WHERE ref = :ref"), {"ref": REF}
        ).scalar_one()
        assert all(trace in shown for trace in ("Hesperus", "Quixote", "12.3457", "10127", "MultiPolygon"))
        moment = connection.execute(text("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', "
                                         "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")).scalar_one()  # fmt: skip
        made = dict(connection.execute(text("SELECT * FROM claim WHERE attribute = 'gia_m2' AND edition_id = :e"),
                                       {"e": own}).mappings().one())  # fmt: skip
    redact_row(engine, own, 2, actor="Ann Steward")
    redact_row(engine, told, 2)
    redact_row(engine, told, 3, attribute="area_ha")
    redact_row(engine, told, 3, attribute="note")
    return Masked(engine, own, told, moment, made)


def every_address(client: TestClient, masked: Masked) -> Iterator[str]:
    """Every GET route with the site, its holding and its edition in it, of now and of the moment before."""
    values = {
        "ref": [REF, "RALZZ1", "NCL-RAL26"], "collection": ["sites", "candidates"], "code": ["RAL", "RALZZ1"],
        "number": [str(masked.edition), str(masked.events)], "edition": [str(masked.edition)],
        "name": [f"{quarter}{suffix}" for quarter in (quarter_of(TODAY), "2015-Q1")
                 for suffix in ("", ".csv", ".geojson")],
    }  # fmt: skip
    queries = ["", "?f=html", "?as-of=2015-03-31", f"?known-at={masked.before}", "?explain=sources",
               f"?explain=sources&known-at={masked.before}", f"?as-of=2015-03-31&known-at={masked.before}"]  # fmt: skip
    paths = client.get("/openapi.json").json()["paths"]
    for path in (path for path, methods in paths.items() if "get" in methods):
        names = re.findall(r"{(\w+)}", path)
        for chosen in product(*(values.get(name, ["RALZZ1"]) for name in names)):
            filled = path.format(**dict(zip(names, chosen, strict=True)))
            yield from (filled + query for query in queries)


def _words(answer: httpx2.Response) -> str:
    """What a PDF says: among its bytes any number may stand."""
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)


@pytest.mark.parametrize("key", [None, KEY])
def test_no_route_tells_what_is_masked(masked: Masked, make_api: Make, key: str | None) -> None:
    """No answer of any route, now or of a moment before, for the public or with the key, says anything of the row."""
    client = make_api(masked.engine, key=key, host="127.0.0.1")
    answered = 0
    for address in every_address(client, masked):
        answer = client.get(address)
        assert answer.status_code < 500, address
        answered += answer.status_code == 200
        said = _words(answer) if answer.headers["content-type"] == "application/pdf" else answer.text
        found = [trace for trace in (*TRACES, "Melchior", "Caspar", "7.913", "Nebuchad", "3.377")
                 if trace in said]  # fmt: skip
        assert not found, (address, found)
    assert answered > 60


def test_no_projection_holds_it(masked: Masked) -> None:
    """What the audiences' own tables hold is free of it too: the partners' as well as the public's."""
    with transaction(masked.engine) as connection:
        for audience in ("public", "partner", "complete"):
            content = connection.execute(text(f"SELECT string_agg(t::text, ' ') FROM site_{audience} t")).scalar_one()
            assert REF in content
            assert "Polygon" not in content
            assert not [trace for trace in TRACES if trace in content]


def test_the_record_stays_provable(masked: Masked) -> None:
    """Neither the edition's fingerprint nor any row of the record changes: the redaction stands beside them."""
    with transaction(masked.engine) as connection:
        row = connection.execute(text("SELECT * FROM claim WHERE id = :id"), {"id": masked.made["id"]}).mappings().one()
        assert dict(row) == masked.made
        lists = connection.execute(text("SELECT content, sha256 FROM shortlist")).all()
        assert any("Hesperus" in bytes(content).decode() for content, _ in lists)
        acts = connection.execute(text("SELECT actor, subject, detail FROM audit WHERE action = 'redact'")).all()
    assert (acts[0].actor, acts[0].detail["reason"], REF in acts[0].detail["sites"]) == ("Ann Steward", WHY, True)
    assert acts[0].subject == f"edition {masked.edition} row 2"


def test_the_key_tells_who_redacted(masked: Masked, make_api: Make) -> None:
    """Everybody sees that and why a claim is redacted, the holder of the key by whom; nobody sees the value."""
    for key, by in ((None, None), (KEY, "Ann Steward")):
        client = make_api(masked.engine, key=key)
        claims = client.get(f"/sites/{REF}/claims?known-at={masked.before}").json()["claims"]
        assert {claim["attribute"] for claim in claims} >= {"name", "gia_m2", "land_owned_ha"}
        for claim in claims:
            assert (claim["value"], claim["raw"], claim["citation"], claim["state"]) == (None, None, None, "redacted")
            assert claim["why_not"] == f"redacted: {WHY}"
            assert claim["redacted"]["reason"] == WHY
            assert claim["redacted"].get("by") == by


def test_a_list_frozen_before_says_that_it_is_masked(masked: Masked, make_api: Make) -> None:
    """A frozen list keeps its fingerprint and its order; the masked site stays on it by its reference alone."""
    answer = make_api(masked.engine, key=KEY).get("/shortlists/2015-Q1")
    assert REF in answer.headers["Estates-Shortlist-Redacted"]
    (entry,) = (one for one in answer.json()["entries"] if one["site"] == REF)
    assert (entry["name"], entry["land_ha"], entry["gia_m2"], entry["easting"]) == (REF, None, None, None)
    assert WHY in entry["reasons"]
    with transaction(masked.engine) as connection:
        stored = connection.execute(text("SELECT content, sha256 FROM shortlist WHERE sha256 = :sha256"),
                                    {"sha256": answer.headers["Estates-Shortlist-SHA256"]}).one()  # fmt: skip
    assert "Hesperus" in bytes(stored.content).decode()


def test_one_attribute_alone(
    loaded: Engine, hand_in: HandIn, template: Template, redact_row: Redact, make_api: Make
) -> None:
    """Of a row that is masked in part the rest stands; the older value of another file counts again."""
    older = {"period_end": "2014-03-01", "evidence_date": "2014-03-02", "gia_m2": 8_000, "name": "The Lodge"}
    hand_in(loaded, "older.csv", template(ROW | older))
    number = hand_in(loaded, "own.csv", template(ROW)).edition_id
    client = make_api(loaded)
    assert client.get(f"/sites/{REF}?as-of=2015-03-31").json()["gia_m2"] == 10_127
    assert redact_row(loaded, number, 2, attribute="gia_m2") == [REF]
    redact_row(loaded, number, 2, attribute="name")
    site = client.get(f"/sites/{REF}?as-of=2015-03-31").json()
    assert (site["gia_m2"], site["land_ha"]) == (8_000, 12.3457)
    assert site["holdings"][0]["name"] == "The Lodge"
    assert client.get(f"/sites/{REF}").json()["site"]["gia_m2"] == 8_000
    assert "Hesperus" not in client.get(f"/sites/{REF}").text


def test_what_cannot_be_redacted(masked: Masked, redact_row: Redact, make_api: Make) -> None:
    """No such row, no such attribute, already masked, without a reason or with one that repeats the value: refused
    with what to do."""
    with pytest.raises(NotFound, match="no row 999"):
        redact_row(masked.engine, masked.edition, 999)
    with pytest.raises(BadInput, match="says nothing of 'charm'"):
        redact_row(masked.engine, masked.events, 3, attribute="charm")
    with pytest.raises(Conflict, match="redacted already"):
        redact_row(masked.engine, masked.edition, 2, attribute="gia_m2")
    with pytest.raises(BadInput, match="needs a reason"):
        redact_row(masked.engine, masked.events, 3, attribute="homes", reason=" ")
    with pytest.raises(BadInput, match="repeats what the row says"):
        redact_row(masked.engine, masked.events, 3, attribute="homes", reason="nebuchad STAYS must go")


def test_an_assessment_stored_before_is_masked(
    loaded: Engine, hand_in: HandIn, template: Template, redact_row: Redact, make_api: Make
) -> None:
    """A stored assessment that is older than a redaction is served without what rests on it, should nobody have
    assessed again."""
    number = hand_in(loaded, "own.csv", template(ROW)).edition_id
    redact_row(loaded, number, 2, attribute="gia_m2")
    with transaction(loaded) as connection:  # a redaction after the newest assessment
        connection.execute(text("INSERT INTO audit (actor, action, subject, detail) SELECT actor, action, subject, "
                                "detail FROM audit WHERE action = 'redact'"))  # fmt: skip
    sites = {site["ref"]: site for site in make_api(loaded).get("/assessments/latest").json()["sites"]}
    assert sites[REF].keys() == {"ref", "route", "sentence"}
    assert "redacted" in sites[REF]["sentence"]
    assert "release" in sites["NCL-RAL01"]


def test_masked_rows_are_no_evidence(masked: Masked, make_api: Make) -> None:
    """A site that nothing else speaks of is no longer assessed: what is masked counts for nothing."""
    found = make_api(masked.engine).get("/assessments/latest").json()["sites"]
    assert REF not in {site["ref"] for site in found}
