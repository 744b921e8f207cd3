"""The methods that assessments were made with: their files, kept byte for byte."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, text

_USED = """
SELECT m.id, m.sha256, m.at AS first_used, count(a.id) AS assessments
FROM method m LEFT JOIN assessment a ON a.method_sha256 = m.sha256
GROUP BY m.sha256 ORDER BY m.at, m.sha256
"""


def list_methods(connection: Connection) -> Sequence[RowMapping]:
    """Every method that was used: its id and hash, since when, and for how many assessments."""
    return connection.execute(text(_USED)).mappings().all()


def find_content(connection: Connection, sha256: str) -> bytes | None:
    """The bytes of the method of that hash; None when it was never used."""
    found = connection.execute(text("SELECT content FROM method WHERE sha256 = :sha256"), {"sha256": sha256})
    content = found.scalar_one_or_none()
    return None if content is None else bytes(content)
