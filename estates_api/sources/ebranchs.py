"""ODS `ebranchs`: branch surgeries, each a place where a practice works; code = practice code and three digits."""

import re

from estates_api.domain.codes import parse_ods_code
from estates_api.domain.records import OrganisationRecord
from estates_api.sources.ods import Entry, Form


def _read_branch(entry: Entry) -> OrganisationRecord:
    return OrganisationRecord(
        line=entry.line,
        code=entry.code,
        name=entry.name,
        sector="NHS",
        kind="branch surgery",
        status=entry.known_status,
        postcode=entry.postcode,
        address=entry.address,
        opened=entry.opened,
        closed=entry.closed,
        parent_code=parse_ods_code(entry.parent or entry.code[:6]),
    )


READER = Form(
    "ebranchs",
    "ODS ebranchs (branch surgeries)",
    re.compile(r"[A-Z][0-9A-Z]{5}[0-9]{3}"),
    "a branch code: a practice code and three digits",
    _read_branch,
).reader()
