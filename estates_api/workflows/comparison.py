"""Comparing two frozen lists as one audience sees them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from estates_api.domain.callers import Circle
from estates_api.domain.shortlist import named
from estates_api.domain.shortlist_changes import Facts
from estates_api.domain.shortlist_changes import compare as compare_documents
from estates_api.errors import Unavailable
from estates_api.store import assessments, features, shortlists
from estates_api.store.redactions import sites_redacted_since
from estates_api.workflows.methods import read_used
from estates_api.workflows.shortlist import Frozen


def compare(connection: Connection, before: Frozen, after: Frozen, audience: Circle) -> dict[str, Any]:
    """What changed from one list to another, and why. Only of sites that one of them names: both were read as the
    caller may see them today."""
    old, new = before.document, after.document
    listed = [{entry["site"] for entry in document["entries"]} for document in (old, new)]
    hidden = {*before.masked, *after.masked}  # what was redacted is told by no other way either
    one, other = sorted(listed[1] - listed[0] - hidden), sorted(listed[0] - listed[1] - hidden)
    redacted = sites_redacted_since(connection)
    seen = set(features.list_refs(connection, audience))
    fates = shortlists.find_survivors(connection, sorted(named(old) | named(new)))
    survivors = {ref: survivor for ref, survivor in fates.items() if survivor in seen}
    facts = Facts(
        assessments.list_explanations(connection, before.assessment_id, one, audience),
        assessments.list_explanations(connection, after.assessment_id, other, audience),
        survivors,
        {ref: redacted[ref] for ref in hidden},
        name_criteria(connection, old) | name_criteria(connection, new),
    )
    return compare_documents(old, new, facts)


def name_criteria(connection: Connection, document: Mapping[str, Any]) -> dict[str, str]:
    """What the method of a list calls its criteria, by id; nothing where this version cannot read that method."""
    try:
        return {one.id: one.title for one in read_used(connection, document["method"]["sha256"]).criteria}
    except Unavailable:
        return {}
