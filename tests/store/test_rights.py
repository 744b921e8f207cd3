"""The serving process works as a user who owns nothing: it reads, adds to the record, and changes nothing kept."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from estates_api.settings import ROOT
from estates_api.store.database import make_engine, transaction
from estates_api.store.rights import let_serve

KEY = "the-key-of-the-tests"
USER = "estates_made_service"
TODAY = f"{datetime.now(UTC):%Y-%m-%d}"
STEP = {"body": "Board", "decided_on": "2024-02-01", "minute_reference": "12/3", "by": "A Clerk"}
NEED = {"need": "S-1", "organisation_code": "RRP", "organisation_name": "A trust", "service": "a clinic",
        "floor_area_low_m2": 200, "boroughs": "Enfield", "by": "A Clerk"}  # fmt: skip


def _sample(name: str) -> bytes:
    return (ROOT / "tests/samples" / name).read_bytes()


WRITES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/editions", {"files": {"file": ("a.csv", _sample("template_made.csv"))}}),
    ("/editions?dry-run=true", {"files": {"file": ("b.csv", _sample("surplus_made_2017-18.csv"))}}),
    ("/editions", {"files": {"file": ("c.csv", _sample("layer_planning_made.csv"))}}),
    ("/editions", {"files": {"file": ("d.csv", _sample("brownfield_2019_made.csv"))}}),
    ("/needs", {"json": NEED}),
    ("/needs/S-1/closing", {"json": {"by": "A Clerk", "reason": "found"}}),
    ("/shortlists/2014-Q1/choices", {"json": {"site": "NCL-RRVNQ", "kind": "pin", "list": "reuse", "by": "A Board",
                                              "because": "asked for"}}),
    ("/shortlists/2014-Q1/drafts", {}),
    ("/shortlists/2014-Q1/publications", {"json": {"by": "A Board"}}),
    ("/shortlists/2014-Q1/endorsements", {"json": {**STEP, "organisation": "RAL", "decided_on": TODAY}}),
    ("/sites/NCL-RYX24/decisions", {"json": {**STEP, "step": "propose", "organisation": "NHSPS", "reason": "empty"}}),
    ("/methods", {"json": {"method": (ROOT / "data/methods/ncl-1.toml").read_text(), "by": "a board",
                           "reason": "agreed"}}),
    ("/assessments/what-if", {"json": {}}),
)  # fmt: skip
REFUSED = (
    "CREATE TABLE mine (x integer)", "DROP TABLE audit", "ALTER TABLE audit DISABLE TRIGGER kept", "TRUNCATE audit",
    "TRUNCATE site_complete", "DELETE FROM audit", "UPDATE audit SET actor = 'nobody'", "DELETE FROM edition",
    "UPDATE claim SET number = 1", "UPDATE shortlist SET status = 'draft'", "DELETE FROM shortlist",
    "DELETE FROM shortlist_view", "UPDATE decision SET reason = 'x'", "DELETE FROM endorsement", "DELETE FROM site",
    "DELETE FROM holding", "UPDATE need SET note = 'x'", "DELETE FROM choice", "DELETE FROM adoption",
    "UPDATE alembic_version SET version_num = '0001'", "UPDATE installation SET secret = secret", "DELETE FROM borough",
    "CREATE ROLE another", "ALTER ROLE CURRENT_USER SUPERUSER", "SET ROLE estates", "CREATE EXTENSION hstore",
    "COPY audit TO '/tmp/audit'", "SET session_replication_role = replica",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP FUNCTION refuse_change() CASCADE",
)  # fmt: skip


@pytest.fixture(scope="module")
def served(make_loaded: Callable[[], Engine]) -> Iterator[Engine]:
    """The database as a user sees it who is a member of the service's role and of nothing else."""
    loaded = make_loaded()
    with transaction(loaded) as connection:
        connection.execute(text(f"CREATE ROLE {USER} LOGIN IN ROLE estates_service"))
        # As since PostgreSQL 15: whoever owns nothing makes nothing.
        connection.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
    engine = make_engine(loaded.url.set(username=USER).render_as_string(hide_password=False))
    yield engine
    engine.dispose()
    with transaction(loaded) as connection:
        connection.execute(text(f"DROP ROLE {USER}"))


def test_it_serves_and_records(served: Engine, make_api: Callable[..., TestClient]) -> None:
    """Every route that writes works as that user, and so do reads for each audience."""
    keyed, public = make_api(served, key=KEY), make_api(served)
    for path, sent in WRITES:
        answer = keyed.post(path, **sent)
        assert answer.status_code in {200, 201}, (path, answer.text)
    for client in (keyed, public):
        for path in ("/", "/collections", "/collections/candidates/items", "/sites/NCL-RYX24", "/issues", "/levels",
                     "/shortlists/2014-Q1", "/sites.geojson", "/decisions", "/needs", "/editions"):  # fmt: skip
            assert client.get(path).status_code == 200, path
    assert public.get("/health/ready").json() == {"status": "ready"}


@pytest.mark.parametrize("statement", REFUSED)
def test_it_may_not(served: Engine, statement: str) -> None:
    """Whatever changes the schema, the history, what others own or what a user may do is refused by PostgreSQL."""
    with (
        pytest.raises(DBAPIError, match=r"(?i)permission denied|must be owner|must be superuser|must be a member"),
        transaction(served) as connection,
    ):
        connection.execute(text(statement))


def test_whatever_is_kept_is_not_granted(loaded: Engine) -> None:
    """No table with a trigger against changes or removals is granted them, nor is any granted TRUNCATE."""
    query = """SELECT c.relname, t.tgtype, p.privilege_type FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_proc f ON f.oid = t.tgfoid CROSS JOIN aclexplode(c.relacl) p JOIN pg_roles r ON r.oid = p.grantee
        WHERE f.proname = 'refuse_change' AND r.rolname = 'estates_service' AND
        (t.tgtype & 16 > 0 AND p.privilege_type = 'UPDATE' OR t.tgtype & 8 > 0 AND p.privilege_type = 'DELETE')"""
    granted = """SELECT count(*) FILTER (WHERE privilege_type = 'TRUNCATE'), count(*)
        FROM information_schema.role_table_grants WHERE grantee = 'estates_service'"""
    with transaction(loaded) as connection:
        assert connection.execute(text(query)).all() == []
        truncates, all_of_them = connection.execute(text(granted)).one()
        assert (truncates, all_of_them > 100) == (0, True)


def test_the_set_up_lets_the_service_in(loaded: Engine) -> None:
    """The user it makes takes the service's role and no other, with the password that was said last, kept as a hash."""
    with transaction(loaded) as connection:
        for password in ("an-old-one", "the 'new' one"):
            let_serve(connection, password)
        kept, has_more = connection.execute(text(
            "SELECT rolpassword, rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls FROM pg_authid "
            "WHERE rolname = 'estates_serving'")).one()  # fmt: skip
        roles = connection.execute(text(
            "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid "
            "WHERE m.member = 'estates_serving'::regrole")).scalars().all()  # fmt: skip
        connection.execute(text("DROP ROLE estates_serving"))
    assert (roles, has_more) == (["estates_service"], False)
    times, salt, stored = re.fullmatch(r"SCRAM-SHA-256\$(\d+):(.+)\$(.+):.+", kept).groups()  # RFC 5802, section 3
    salted = hashlib.pbkdf2_hmac("sha256", b"the 'new' one", base64.b64decode(salt), int(times))
    assert hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest() == base64.b64decode(stored)
