"""What lists tell of sites beside their assessment: identifiers, outlines, land next to them."""

from sqlalchemy import Connection, text

from estates_api.domain.particulars import Particulars, Sensitivity
from estates_api.store.assessments import EVERYBODY, OWNERS_ONLY, PARTNERS, list_circles

_SEEN: dict[int, Sensitivity] = {EVERYBODY: "public", PARTNERS: "partner", OWNERS_ONLY: "owner"}

# Two places of a metre: a centimetre.
_PARTICULARS = """
SELECT s.ref, s.uprn, s.title_number, CASE WHEN s.precision = 'outline' THEN ST_AsText(s.geom, 2) END AS outline,
       l.imd_decile, p.adjacent_owners, p.adjacent_ha
FROM site s LEFT JOIN lsoa l ON l.code = s.lsoa_code LEFT JOIN site_complete p ON p.ref = s.ref
"""


def list_particulars(connection: Connection, *, present: bool) -> dict[str, Particulars]:
    """The particulars of every site by its reference. Land next to a site is known of the present alone."""
    circles = list_circles(connection)
    return {
        ref: Particulars(
            _SEEN[circles.get(ref, OWNERS_ONLY)], uprn, title, outline, decile, *(beside if present else ())
        )
        for ref, uprn, title, outline, decile, *beside in connection.execute(text(_PARTICULARS))
    }
