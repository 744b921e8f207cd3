"""The page of a quarter: its lists, what changed and why, files, who signed it off, and forms for those who may."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from fastapi import Request
from sqlalchemy import Connection, RowMapping
from starlette.responses import Response

from estates_api.api.context import context
from estates_api.api.pages import page
from estates_api.api.parameters import today
from estates_api.api.shortlist_files import TITLES
from estates_api.domain.callers import Caller, Permission
from estates_api.domain.choices import KINDS, PIN_LISTS
from estates_api.domain.decisions import PARTNERS
from estates_api.domain.quarters import parse_quarter
from estates_api.domain.shortlist import ORDER, by_organisation
from estates_api.store import shortlists as stored
from estates_api.store.shortlists import Seeing
from estates_api.workflows import comparison, prove
from estates_api.workflows.decide import list_bodies
from estates_api.workflows.endorse import list_agreement
from estates_api.workflows.shortlist import Frozen, get_shortlist

LISTS: Mapping[str, tuple[str, str]] = {
    "release": ("Release", "Sites that score high for release: they could leave public use."),
    "part release": ("Part release", "Sites of which a part could be released, and the rest used again."),
    "reuse": ("Reuse", "Sites with space that public services could use."),
    "annex": ("Annex", "Sites of the area's own trusts that lie outside it, or whose position is not known."),
}
"""What each list is called on its page, and what is on it."""

KINDS_OF_FILES: Mapping[str, str] = {
    "pdf": "to read and to print, with maps", "xlsx": "for a spreadsheet, with the reasons",
    "csv": "a row for each site", "geojson": "for any map", "gpkg": "for QGIS, with its styles",
    "parquet": "for analysis of many lists",
}  # fmt: skip

MAPPED: Mapping[str, str] = {
    "llc.csv": "London Land Commission, CSV", "llc.geojson": "London Land Commission, GeoJSON",
    "datapackage.json": "its descriptor (Frictionless)", "brownfield.csv": "brownfield register, as of today",
    "brownfield-2017.csv": "brownfield register of 2017",
    "rsspl.csv": "register of surplus public sector land", "estates-board.csv": "London Estates Board",
}  # fmt: skip
"""The list in the columns that others take."""


def list_page(
    request: Request, database: Connection, frozen: Frozen, caller: Caller, seeing: Seeing
) -> Response:  # fmt: skip
    """A list as a page, as its caller may see it."""
    rows, document = stored.list_shortlists(database, seeing), frozen.document
    values = {
        "frozen": frozen, "document": document, "drafts": caller.drafts, "lists": _lists(document),
        "missing": by_organisation(document["not_enough_data"]),
        "criteria": comparison.name_criteria(database, document),
        "titles": TITLES, "kinds_of_files": KINDS_OF_FILES, "mapped": MAPPED,
        "changes": _changes(database, frozen, seeing, rows), "holds": _holds(database, frozen),
        **_standing(database, frozen, seeing, rows), **_acts(database, request, frozen, caller, rows),
    }  # fmt: skip
    return page(request, "shortlist.html", values)


def _lists(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each list with its entries; the annex where there is one."""
    found = []
    for name in ORDER:
        entries = [entry for entry in document["entries"] if entry["list"] == name]
        if entries or name != "annex":
            title, said = LISTS[name]
            found.append({"name": name, "id": name.replace(" ", "-"), "title": title, "said": said, "rows": entries})
    return found


def _changes(
    database: Connection, frozen: Frozen, seeing: Seeing, rows: Sequence[RowMapping]
) -> dict[str, Any] | None:  # fmt: skip
    """What changed since the quarter before it; None where there is none."""
    earlier = max((row["quarter"] for row in rows if row["quarter"] < frozen.quarter), default=None)
    if earlier is None or frozen.status == "preview":
        return None
    before = get_shortlist(database, parse_quarter(earlier), seeing)
    found = comparison.compare(database, before, frozen, seeing.audience)
    return found | {"since": earlier, "since_revision": before.revision}


def _holds(database: Connection, frozen: Frozen) -> bool | None:
    """Whether what is stored of the list is what was frozen; None of a preview, which is not."""
    if frozen.status == "preview":
        return None
    return prove.holds(database, stored.get_shortlist(database, frozen.quarter, frozen.revision))


def _standing(
    database: Connection, frozen: Frozen, seeing: Seeing, rows: Sequence[RowMapping]
) -> dict[str, Any]:  # fmt: skip
    """The revisions of the quarter that the caller may see, and who agreed to the one that is published: to this one
    where it is, or was, published itself."""
    mine = [row for row in rows if row["quarter"] == frozen.quarter]
    published = max((row["revision"] for row in mine if row["status"] == "published"), default=None)
    shown = frozen
    if published and frozen.status != "published":
        shown = get_shortlist(database, parse_quarter(frozen.quarter), seeing, published)
    agreement = list_agreement(database, shown) if published else None
    return {"revisions": mine, "published": published, "agreement": agreement, "sectors": PARTNERS}


def _acts(
    database: Connection, request: Request, frozen: Frozen, caller: Caller, rows: Sequence[RowMapping]
) -> dict[str, Any]:  # fmt: skip
    """What the caller may do with the quarter now, and what forms for it offer."""
    if frozen.status == "preview":
        return {"acts": (), "who": caller}
    newest = next(row for row in rows if row["quarter"] == frozen.quarter)
    published = any(row["quarter"] == frozen.quarter and row["status"] == "published" for row in rows)
    can = {
        Permission.ENDORSE: published, Permission.CHOOSE: True, Permission.DRAFT: True,
        Permission.PUBLISH: newest["status"] == "draft",
    }  # fmt: skip
    acts = {str(one) for one, there in can.items() if there and one in caller.may}
    chosen = stored.list_choices(database, frozen.quarter) if Permission.CHOOSE in caller.may else ()
    bodies = _bodies(database, request, caller) if Permission.ENDORSE in caller.may else []
    return {"acts": acts, "who": caller, "newest": newest, "bodies": bodies, "kinds": KINDS, "pin_lists": PIN_LISTS,
            "named": sorted({(row["site"], row["name"]) for row in _named(frozen.document)}),
            "pending": [one for one in chosen if not _followed(one.site, one.kind, frozen)]}  # fmt: skip


def _named(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return chain.from_iterable(document[part] for part in ("entries", "next", "choices") if part in document)


def _followed(site: str, kind: str, frozen: Frozen) -> bool:
    return any((row["site"], row["kind"]) == (site, kind) for row in frozen.document.get("choices", ()))


def _bodies(database: Connection, request: Request, caller: Caller) -> list[tuple[str, str]]:
    """For whom the caller can sign off today: code and name."""
    return [
        (one.code, one.name) for one in list_bodies(database, caller.audience, context(request).area, today())
        if one.sector in PARTNERS and caller.sector in {None, one.sector}
        and caller.organisation in {None, one.code}
    ]  # fmt: skip
