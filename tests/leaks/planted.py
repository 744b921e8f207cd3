"""Leaks planted on purpose, one for each layer that answers pass: what the check of all routes must find."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from driven import DRIVEN
from sqlalchemy import Engine, text

from estates_api.api import items, what_if
from estates_api.api.history import Asked
from estates_api.errors import NotFound
from estates_api.store import assessments, features, projection
from estates_api.store import sites as stored_sites
from estates_api.store.database import transaction
from estates_api.store.projection import rebuild_projection

Patch = pytest.MonkeyPatch


@dataclass(frozen=True, slots=True)
class Plant:
    """A leak: what is changed in the program, or in a database of its own, and the paths where it shows. `again`: what
    is written anew from the changed program, `projection` or `assessment`."""

    paths: tuple[str, ...]
    patch: Callable[[Patch], None] = lambda _: None
    sql: str = ""
    again: str = ""

    @property
    def own(self) -> bool:
        """Whether it spoils its database."""
        return bool(self.sql or self.again)

    def spoil(self, engine: Engine, assess: Callable[[Engine], None]) -> None:
        """Write to the database what the leak is."""
        if self.again == "assessment":
            assess(engine)
        with transaction(engine) as connection:
            for statement in filter(None, map(str.strip, self.sql.split(";"))):
                connection.execute(text(statement))
            if self.again == "projection":
                rebuild_projection(connection)


def wide(*names: str) -> Callable[[Patch], None]:
    """Has functions (module.name) that take an audience, as (connection, audience, ...) or (request), take the
    complete one for the public."""

    def patch(patched: Patch) -> None:
        for name in names:
            module, _, function = name.rpartition(".")
            real = getattr(importlib.import_module(f"estates_api.{module}"), function)
            patched.setattr(f"estates_api.{name}", _widened(real))

    return patch


def _widened(real: Callable[..., Any]) -> Callable[..., Any]:
    def call(*given: Any, **named: Any) -> Any:
        wider = ["complete" if one == "public" else one for one in given]
        found = real(*wider, **{name: "complete" if one == "public" else one for name, one in named.items()})
        return "complete" if found == "public" else found

    return call


def nothing_hidden(module: str) -> Callable[[Patch], None]:
    """Has a module think that every sensitivity is for everybody."""
    return lambda patched: patched.setattr(f"estates_api.{module}.hidden_from", lambda _: [])


SPOKEN = [""]
"""A word that only a secret has, for leaks that tell one."""


def _telling_refusal(patched: Patch) -> None:
    def check_seen(self: Asked, ref: str) -> None:
        if ref not in self.seen():
            there = ref in features.list_refs(self.database, "complete")
            raise NotFound(f"{ref} is not for you" if there else f"there is no site {ref}")

    patched.setattr(Asked, "check_seen", check_seen)


def _telling_cursor(patched: Patch) -> None:
    real = items.write_cursor
    patched.setattr(items, "write_cursor", lambda one, *rest: real(replace(one, id=SPOKEN[0]), *rest))


def _telling_header(patched: Patch) -> None:
    real = items._headers
    patched.setattr(items, "_headers", lambda *given: real(*given) | {"X-Nearest": SPOKEN[0]})


def _one_answer_for_all(patched: Patch) -> None:
    kept = importlib.import_module("estates_api.api.kept")
    patched.setattr(kept, "_key", lambda scope: (scope["path"], scope["query_string"]))


def _what_if_of_all(patched: Patch) -> None:
    real = what_if.WhatIfs.find
    patched.setattr(what_if.WhatIfs, "find", lambda self, read, _: real(self, read, "complete"))


def _neighbours_of_all(patched: Patch) -> None:
    patched.setattr(stored_sites, "_SURROUNDINGS", stored_sites._SURROUNDINGS.replace("site_public", "site_complete"))


def _ranked_among_all(patched: Patch) -> None:
    real = assessments.list_comparable
    patched.setattr(assessments, "list_comparable", lambda connection: dict.fromkeys(real(connection), 0))


def _all_public(patched: Patch) -> None:
    patched.setattr(projection, "TABLES", dict.fromkeys(projection.TABLES, "site_public"))


SITES, SITE = "/collections/sites/items", "/sites/{ref}"
VIEW = "CREATE OR REPLACE VIEW {0}_public AS SELECT * FROM {0}_complete"

PLANTS: Mapping[str, Plant] = {
    "projection row": Plant((SITES, SITE), _all_public, again="projection"),
    "scores that know of neighbours": Plant((SITE, "/assessments/latest"), _neighbours_of_all, again="assessment"),
    "ranks among all": Plant(("/candidates.geojson", "/assessments/latest"), _ranked_among_all, again="assessment"),
    "counts": Plant(("/collections", SITES), sql="UPDATE layer_summary p SET features = c.features, placed = c.placed "
                    "FROM layer_summary c WHERE c.audience = 'complete' AND c.collection = p.collection"),
    "extent": Plant(("/collections/{collection}",), sql="UPDATE layer_summary p SET box_4326 = c.box_4326 "
                    "FROM layer_summary c WHERE c.audience = 'complete' AND c.collection = p.collection"),
    "holdings": Plant(("/collections/holdings/items",), sql=VIEW.format("holding")),
    "decisions": Plant(("/decisions", "/sites/{ref}/decisions"), sql=VIEW.format("decision")),
    "needs": Plant(("/needs", "/needs/{need}", "/needs/allocation", "/sites/{ref}/fits"), sql=VIEW.format("need")),
    "assemblies": Plant(("/collections/assemblies/items",), sql="DELETE FROM assembly_public; "
                        "INSERT INTO assembly_public SELECT * FROM assembly_complete"),
    "frozen list": Plant(("/shortlists/{name}", "/collections/shortlist-entries/items"), sql="""
        ALTER TABLE shortlist_view DISABLE TRIGGER ALL;
        UPDATE shortlist_view v SET content = s.content, sha256 = s.sha256 FROM shortlist s WHERE s.id = v.shortlist_id;
        GRANT SELECT ON shortlist_view TO estates_public"""),
    "pages": Plant((SITES, "/collections/candidates/items"), wide("api.items.audience")),
    "single features": Plant(("/collections/sites/items/{featureId}",), wide("api.items.audience")),
    "tiles": Plant(("/collections/{collection}/tiles/{square}/{zoom}/{row}/{column}",), wide("api.tiles.audience")),
    "exports": Plant(("/sites.geojson",), wide("api.downloads.audience")),
    "cursor": Plant((SITES,), _telling_cursor),
    "header": Plant((SITES,), _telling_header),
    "cache key": Plant((SITES, "/candidates.geojson"), _one_answer_for_all),
    "error text": Plant(("/sites/{ref}/claims", "/sites/{ref}/fits"), _telling_refusal),
    "as-of": Plant(("/assessments/latest", SITE), wide("store.features.list_refs")),
    "one site": Plant((SITE,), wide("store.features.get_detail", "store.features.find_fate")),
    "holding codes": Plant((SITE,), wide("store.features.find_ref_of_holding")),
    "roll-ups": Plant(("/levels",), wide("workflows.levels.list_rolled")),
    "incentives": Plant(("/incentives",), wide("api.incentives.list_incentives")),
    "decision replay": Plant((SITE, "/sites/{ref}/decisions"), wide("store.decisions.list_decided",
                             "api.progress.read_case", "workflows.progress.list_decided")),
    "what-if": Plant(("/assessments/what-if",), _what_if_of_all),
    "editions": Plant(("/editions", "/editions/{edition}"), nothing_hidden("store.editions")),
    "issues": Plant(("/issues", "/issues.csv"), nothing_hidden("store.issues")),
    "organisations": Plant(("/organisations", "/organisations/{code}"), nothing_hidden("store.organisations")),
    "letters": Plant(("/letters", "/letters/{organisation}"), nothing_hidden("store.letters")),
    "side by side": Plant(("/compare",), wide("store.features.get_detail", "store.features.find_fate")),
}  # fmt: skip
"""Every leak by the layer that it is planted in."""

assert all(path in DRIVEN for plant in PLANTS.values() for path in plant.paths)
