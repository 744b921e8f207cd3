"""What the serving process may do in the database: the role `estates_service`, of which its user is a member."""

from collections.abc import Iterable

import psycopg
from sqlalchemy import Connection, text

from estates_api.store.layers import READERS

SERVICE, SERVING = "estates_service", "estates_serving"
"""The role that the tables are granted to, and the user who takes it where the set-up makes one."""

# Loaded by whoever sets up, or made once with the schema.
_READ_ONLY = ("alembic_version", "installation", "borough", "lsoa", "postcode", "spatial_ref_sys", "api_key")

_MAKE_ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role} NOLOGIN; END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another installation made it just now
END $$
"""
_JOIN = """
DO $$ BEGIN
    IF NOT pg_has_role({member}, '{role}', 'MEMBER') THEN GRANT {role} TO {to}; END IF;
EXCEPTION WHEN unique_violation THEN NULL;
END $$
"""

# What the triggers refuse is not granted either: a table that is kept has one against changes, one against removals.
# Bits of tgtype (PostgreSQL, pg_trigger.h): 8 is DELETE, 16 is UPDATE.
_TABLES = """
SELECT c.relname, c.relkind IN ('r', 'p') AS table,
       coalesce(bit_or(t.tgtype) FILTER (WHERE p.proname = 'refuse_change'), 0) AS refused
FROM pg_class c
LEFT JOIN pg_trigger t ON t.tgrelid = c.oid LEFT JOIN pg_proc p ON p.oid = t.tgfoid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
AND pg_has_role(current_user, c.relowner, 'USAGE')
GROUP BY c.oid, c.relname, c.relkind
"""


def make_roles(connection: Connection) -> None:
    """The roles that tables are granted to, where they are not there yet; the owner can take each audience's."""
    for role in (*(f"estates_{audience}" for audience in READERS), SERVICE):
        connection.execute(text(_MAKE_ROLE.format(role=role)))
    for audience in READERS:
        for member, to in (("current_user", "CURRENT_USER"), (f"'{SERVICE}'", SERVICE)):
            connection.execute(text(_JOIN.format(role=f"estates_{audience}", member=member, to=to)))


def grant_service(connection: Connection) -> None:
    """Let the service read everything, add to the record, and change only what is made of it. As the owner, after
    every change of the schema: what a table's triggers refuse, nobody is granted."""
    make_roles(connection)
    for name, is_table, refused in connection.execute(text(_TABLES)):
        rights = ", ".join(_rights(name, refused) if is_table else ["SELECT"])
        connection.execute(text(f'REVOKE ALL ON "{name}" FROM {SERVICE}'))
        connection.execute(text(f'GRANT {rights} ON "{name}" TO {SERVICE}'))
    connection.execute(text(f"GRANT UPDATE (last_used) ON api_key TO {SERVICE}"))  # keys are the owner's to give out
    connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {SERVICE}"))


def let_serve(connection: Connection, password: str) -> None:
    """A user who can do what serving needs and nothing else, with this password from now on. As the owner."""
    connection.execute(text(_MAKE_ROLE.format(role=SERVING)))
    made = connection.connection.driver_connection
    assert isinstance(made, psycopg.Connection)
    # Only its hash is sent, so that no log of statements has the password.
    secret = made.pgconn.encrypt_password(password.encode(), SERVING.encode(), b"scram-sha-256").decode()
    connection.exec_driver_sql(f"ALTER ROLE {SERVING} LOGIN PASSWORD '{secret}'")
    connection.execute(text(f"GRANT {SERVICE} TO {SERVING}"))


def _rights(table: str, refused: int) -> Iterable[str]:
    yield "SELECT"
    if table in _READ_ONLY:
        return
    yield "INSERT"
    if not refused & 16:
        yield "UPDATE"
    if not refused & 8:
        yield "DELETE"
