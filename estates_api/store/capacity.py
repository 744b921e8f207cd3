"""What the latest assessment says of the setting and the transport of sites."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, text

from estates_api.domain.density import Band, Setting
from estates_api.store.features import reading_as
from estates_api.store.layers import Audience

_SETTINGS = """
SELECT h->>'code' AS code, s.explanation->'capacity'->'settings' AS settings,
       s.explanation->'capacity'->'ptal_bands' AS bands
FROM site_{audience} s, jsonb_array_elements(s.held) h
WHERE h->>'code' = ANY(:codes) AND s.explanation ? 'capacity'
"""


def list_settings(
    connection: Connection, codes: Sequence[str], audience: Audience
) -> Mapping[str, tuple[tuple[Setting, ...], tuple[Band, ...]]]:
    """The settings and the transport bands that are possible where holdings stand, by the holdings' codes."""
    with reading_as(connection, audience):
        query = text(_SETTINGS.format(audience=audience))  # a name from AUDIENCES
        rows = connection.execute(query, {"codes": list(codes)}).all()
    return {row.code: (tuple(row.settings), tuple(row.bands)) for row in rows}
