"""ODS `epraccur`: GP practices and other prescribing cost centres."""

import re

from estates_api.domain.records import OrganisationRecord
from estates_api.sources.ods import Entry, Form

# Field 26, prescribing setting. Setting 4 and status A together are what ODS means by a practice.
_KINDS = {
    "0": "other",
    "1": "walk-in centre",
    "2": "out of hours service",
    "3": "walk-in centre and out of hours service",
    "4": "GP practice",
    "8": "public health service",
    "9": "community health service",
    "10": "hospital service",
    "11": "optometry service",
    "12": "urgent and emergency care",
    "13": "hospice",
    "14": "care or nursing home",
    "15": "border force",
    "16": "young offender institution",
    "17": "secure training centre",
    "18": "secure children's home",
    "19": "immigration removal centre",
    "20": "court",
    "21": "police custody",
    "22": "sexual assault referral centre",
    "24": "other justice estate",
    "25": "prison",
}


def _read_practice(entry: Entry) -> OrganisationRecord:
    return OrganisationRecord(
        line=entry.line,
        code=entry.code,
        name=entry.name,
        sector="NHS",
        kind=_KINDS.get(entry.setting, f"prescribing setting {entry.setting or 'not given'}"),
        status=entry.known_status,
        postcode=entry.postcode,
        address=entry.address,
        opened=entry.opened,
        closed=entry.closed,
        parent_code=entry.parent or None,
    )


READER = Form(
    "epraccur",
    "ODS epraccur (GP practices)",
    re.compile(r"[A-Z][0-9A-Z]{5}"),
    "a practice code of six characters",
    _read_practice,
    has_status=True,
).reader()
