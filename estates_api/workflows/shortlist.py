"""The quarterly shortlist: drawn up by rule from an assessment, and frozen."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping

from estates_api import __version__
from estates_api.domain.area import Area
from estates_api.domain.method import Method
from estates_api.domain.quarters import Quarter
from estates_api.domain.shortlist import NAMING, State, canonical_bytes, fingerprint, make_shortlist, mask_sites
from estates_api.errors import NotFound
from estates_api.store import editions, shortlists
from estates_api.store.audit import add_audit
from estates_api.store.redactions import sites_redacted_since
from estates_api.workflows.assess import SEED, Run, compute, store_run
from estates_api.workflows.progress import list_particulars


@dataclass(frozen=True, slots=True)
class Frozen:
    """A shortlist's stored bytes and their fingerprint. `status` is draft, published, or preview (not stored).

    `masked` names the sites that rest on rows redacted since: `content` is without them, `sha256` that of the record.
    """

    quarter: str
    revision: int
    status: str
    content: bytes
    sha256: str
    masked: tuple[str, ...] = ()

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The entries, in their order."""
        return list(self.document["entries"])

    @property
    def document(self) -> Mapping[str, Any]:
        """The whole content."""
        found: Mapping[str, Any] = json.loads(self.content)
        return found


def day_of(quarter: Quarter, today: date) -> date:
    """The day a quarter's list speaks of: its last day, or today while it runs."""
    return min(quarter.end, today)


def draft(
    connection: Connection, quarter: Quarter, *, area: Area, method: Method, method_content: bytes, today: date
) -> tuple[Frozen, bool]:  # fmt: skip
    """Draw up and freeze a draft; (the newest revision, whether it is new). Unchanged bytes add no revision."""
    as_of = day_of(quarter, today)
    editions.lock_catalogue(connection)
    run = compute(connection, area, method, as_of)
    number, _ = store_run(connection, run, method_content=method_content, present=as_of == today)
    content = freeze(connection, quarter, run, present=as_of == today)
    sha256 = fingerprint(content)
    last = shortlists.find_shortlist(connection, str(quarter))
    if last and last["sha256"] == sha256:
        return frozen(connection, last), False
    revision = last["revision"] + 1 if last else 1
    shortlists.add_shortlist(
        connection, quarter=str(quarter), revision=revision, assessment_id=number, content=content, sha256=sha256
    )
    add_audit(connection, actor="command line", action="draft shortlist", subject=f"{quarter} revision {revision}",
              detail={"sha256": sha256})  # fmt: skip
    return Frozen(str(quarter), revision, "draft", content, sha256), True


def freeze(connection: Connection, quarter: Quarter, run: Run, *, present: bool) -> bytes:
    """The canonical bytes of a quarter's list made from a run; of the present, land next to a site is told too."""
    known_at = editions.known_at(connection)
    state = State(
        tuple(editions.edition_hashes(connection)), known_at.isoformat() if known_at else "", __version__, SEED
    )
    return canonical_bytes(make_shortlist(
        quarter, run.as_of, run.results, run.method, state, list_particulars(connection, run.as_of, present=present)
    ))  # fmt: skip


def preview(connection: Connection, quarter: Quarter, *, area: Area, method: Method, as_of: date) -> Frozen:
    """A quarter's list as it would have been on another day; nothing is stored."""
    content = freeze(connection, quarter, compute(connection, area, method, as_of), present=False)
    return Frozen(str(quarter), 0, "preview", content, fingerprint(content))


def get_shortlist(connection: Connection, quarter: Quarter) -> Frozen:
    """The newest frozen revision; NotFound says how to make one."""
    row = shortlists.find_shortlist(connection, str(quarter))
    if row is None:
        raise NotFound(f"there is no shortlist {quarter}; make a draft with: estates shortlist draft {quarter}")
    return frozen(connection, row)


def frozen(connection: Connection, row: RowMapping) -> Frozen:
    """A stored revision, without what was redacted since it was frozen."""
    content, reasons = bytes(row["content"]), sites_redacted_since(connection, row["at"])
    named = {entry["site"] for part in NAMING for entry in json.loads(content)[part]} if reasons else set()
    masked = tuple(sorted(named & reasons.keys()))
    if masked:
        content = canonical_bytes(mask_sites(json.loads(content), reasons))
    return Frozen(row["quarter"], row["revision"], row["status"], content, row["sha256"], masked)
