"""How old what the service rests on is, in seconds, and how many files were taken in: for whoever operates it."""

from sqlalchemy import Connection, text

_QUERY = text("""
    SELECT extract(epoch FROM now() - (SELECT max(at) FROM audit)) AS data_age_seconds,
           (SELECT coalesce(max(id), 0) FROM audit) AS data_version,
           extract(epoch FROM now() - (SELECT max(at) FROM shortlist WHERE status = 'published'))
               AS published_shortlist_age_seconds,
           (SELECT count(*) FROM edition) AS editions,
           extract(epoch FROM now() - (SELECT max(at) FROM edition)) AS newest_edition_age_seconds
""")


def read_ages(connection: Connection) -> dict[str, float]:
    """Each number by its name; what there is none of yet is left out."""
    row = connection.execute(_QUERY).mappings().one()
    return {name: float(value) for name, value in row.items() if value is not None}
