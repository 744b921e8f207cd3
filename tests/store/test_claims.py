"""Which claim wins is one order: in the domain, and in the SQL that settles what a holding is called."""

from collections.abc import Callable
from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from estates_api.domain.area import Area
from estates_api.domain.claims import choose_claim
from estates_api.store.claims import list_claims
from estates_api.store.database import transaction
from estates_api.store.holdings import settle_holdings
from estates_api.store.sites import list_sites
from estates_api.workflows.ingest import Ingested

HandIn = Callable[..., Ingested]
Template = Callable[..., bytes]

SOURCES = {"correction": 30, "ERIC": 20, "a list": 10}

ANY_CLAIM = st.fixed_dictionaries({
    "source": st.sampled_from(sorted(SOURCES)),
    "day": st.none() | st.dates(date(2014, 1, 1), date(2014, 1, 4)),
    "line": st.integers(1, 3),
    "state": st.sampled_from(["reported", "reported", "reported", "not provided"]),
    "implausible": st.sampled_from([None, None, "mistyped?"]),
    "redacted": st.sampled_from([False, False, False, True]),
})  # fmt: skip


ADD_EDITION = text("""
    INSERT INTO edition (source, label, format, file_name, sha256, bytes)
    VALUES (:source, :name, 'template', :name, :sha256, 1) RETURNING id
""")
ADD_CLAIM = text("""
    INSERT INTO claim (edition_id, holding_id, line, attribute, as_of, text, unit, raw, state, implausible)
    VALUES (:edition, :holding, :line, 'name', :day, CASE WHEN :state = 'reported' THEN CAST(:name AS text) END, '',
            :name, :state, :implausible)
""")
ADD_REDACTION = text("""
    INSERT INTO redaction (edition_id, line, attribute, reason, actor) VALUES (:edition, :line, 'name', 'why', 'who')
""")
ADD_ORGANISATION = text("""
    INSERT INTO organisation (code, name, sector, kind, status, edition_id)
    VALUES ('RZ1', 'A', 'NHS', 'NHS trust', 'active', :edition)
""")
ADD_HOLDING = text("""
    INSERT INTO holding (organisation_code, code, name, sector, site_ref)
    VALUES ('RZ1', 'RZ101', 'as it was', 'NHS', 'NCL-A') RETURNING id
""")


def add_holding(connection: Connection) -> int:
    """A holding of which nothing is claimed yet, at a site."""
    for name, authority in SOURCES.items():
        add = text("INSERT INTO source VALUES (:name, :authority)")
        connection.execute(add, {"name": name, "authority": authority})
    first = {"source": "a list", "name": "first", "sha256": "f" * 64}
    edition = connection.execute(ADD_EDITION, first).scalar_one()
    connection.execute(ADD_ORGANISATION, {"edition": edition})
    connection.execute(text("INSERT INTO site (ref, name, precision) VALUES ('NCL-A', 'A', 'unknown')"))
    number: int = connection.execute(ADD_HOLDING).scalar_one()
    return number


def add_claim(connection: Connection, holding_id: int, number: int, said: dict[str, Any]) -> None:
    """An edition with one claim on the name of a holding, masked or not."""
    values = said | {"holding": holding_id, "name": f"name {number}", "sha256": f"{number:064x}"}
    values["edition"] = connection.execute(ADD_EDITION, values).scalar_one()
    connection.execute(ADD_CLAIM, values)
    if said["redacted"]:
        connection.execute(ADD_REDACTION, values)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(ANY_CLAIM, max_size=6))
def test_the_database_settles_by_the_declared_order(migrated: Engine, said: list[dict[str, Any]]) -> None:
    """Whatever is claimed of a holding's name, the name that the database settles on is that of the claim which the
    declared order lets win; where none can, the name stays."""
    with transaction(migrated) as connection:
        number = add_holding(connection)
        for position, one in enumerate(said):
            add_claim(connection, number, position, one)
        settle_holdings(connection, [number])
        settled = connection.execute(text("SELECT name FROM holding WHERE id = :id"), {"id": number}).scalar_one()
        winner = choose_claim(one.claim for one in list_claims(connection, "NCL-A", None))
        connection.rollback()
    assert settled == (winner.text if winner else "as it was")


def test_names_of_real_returns_are_the_winning_ones(reading: Engine) -> None:
    """For every holding that is loaded the stored name, address and postcode are those of the winning claims."""
    with transaction(reading) as connection:
        refs = connection.execute(text("SELECT ref FROM site ORDER BY ref")).scalars().all()
        stored = {(row.organisation_code, row.code): row._mapping
                  for row in connection.execute(text("SELECT * FROM holding"))}  # fmt: skip
        for ref in refs[::4]:
            claims = list_claims(connection, ref, None)
            for key in {one.holding for one in claims}:
                for attribute in ("name", "address", "postcode"):
                    winner = choose_claim(one.claim for one in claims
                                          if one.holding == key and one.claim.attribute == attribute)  # fmt: skip
                    assert stored[key][attribute] == (winner.text if winner else None), (key, attribute)


def test_claims_are_found_by_their_holding(loaded: Engine) -> None:
    """The claims of one site are read through the index on holdings, not by reading every claim."""
    with transaction(loaded) as connection:
        connection.execute(text("ANALYZE claim"))
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(connection.execute(text(
            "EXPLAIN SELECT c.id FROM holding h JOIN claim c ON c.holding_id = h.id WHERE h.site_ref = 'NCL-RRP03'"
        )).scalars())  # fmt: skip
    assert "claim_pkey" in plan


def test_a_merged_trust_is_never_counted_twice(loaded: Engine, hand_in: HandIn, template: Template, area: Area) -> None:
    """Camden and Islington's return at St Pancras gives way to that of the trust which carries it on, from the first
    return after the merger; the return of the third trust there stays. Before the merger nothing changes."""
    usual = {"organisation_code": "G6V2S", "organisation_name": "North London NHS Foundation Trust",
             "source": "ERIC", "label": "2024-25", "period_end": "2025-03-31", "postcode": "NW1 0PE"}  # fmt: skip
    rows = [usual | {"holding_code": "G6V01", "name": "St Pancras Hospital", "gia_m2": 15_000, "land_owned_ha": 0.5}]
    places = (
        "place,place_name,postcode,address,organisation_code,holding_code,evidence\n"
        "TAF01,St Pancras Hospital,NW1 0PE,,G6V2S,G6V01,the new trust's own list\n"
    )
    hand_in(loaded, "places.csv", places)
    hand_in(loaded, "after.csv", template(*rows))
    with transaction(loaded) as connection:
        then, now = (
            {site.ref: site for site in list_sites(connection, day, area)}["NCL-TAF01"]
            for day in (date(2024, 6, 1), date(2025, 4, 1))
        )
    assert {holding.code for holding in then.holdings} >= {"TAF01", "RV3DY"}
    assert not then.carried
    assert {holding.code for holding in now.holdings} >= {"G6V01", "RV3DY"}
    assert [(one.holding.key, one.by) for one in now.carried] == [(("TAF", "TAF01"), ("G6V2S", "G6V01"))]
    assert next(iter(now.carried)).holding.now == "G6V2S"
