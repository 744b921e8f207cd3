"""ODS `ets`, the sites of NHS trusts, and `etr`, the trusts themselves.

A site row is a holding of its trust with address and postcode and no measure: it gives a place to returns that have
no postcode (ERIC to 2016-17). The trust is field 15 where that is filled, else the first three characters of the
code. A closed site keeps its claims, with `ended_on`: the code is out of use, which is not to say that the building is.
"""

import re

from estates_api.domain.records import HoldingRecord, OrganisationRecord
from estates_api.sources.ods import Entry, Form, trust_of


def _read_site(entry: Entry) -> HoldingRecord:
    return HoldingRecord(
        line=entry.line,
        organisation_code=trust_of(entry.code, entry.parent),
        organisation_name="",
        sector="NHS",
        code=entry.code,
        name=entry.name,
        values=entry.days,
        organisation_type="NHS trust",
        address=entry.address,
        postcode=entry.postcode,
    )


def _read_trust(entry: Entry) -> OrganisationRecord:
    return OrganisationRecord(
        line=entry.line,
        code=entry.code,
        name=entry.name,
        sector="NHS",
        kind="NHS trust",
        status=entry.known_status,
        postcode=entry.postcode,
        address=entry.address,
        opened=entry.opened,
        closed=entry.closed,
    )


SITES = Form(
    "ets", "ODS ets (sites of NHS trusts)", re.compile(r"[RT][0-9A-Z]{4}"), "a site code of five characters", _read_site
).reader()

TRUSTS = Form(
    "etr", "ODS etr (NHS trusts)", re.compile(r"[RT][0-9A-Z]{2}"), "a trust code of three characters", _read_trust
).reader()
