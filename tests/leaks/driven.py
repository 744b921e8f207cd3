"""Requests for every route of the service: made for each path of its own description, in every format, with filters,
boxes, orders, tiles and references at random, half of them about what is withheld."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import quote, urlencode

from worlds import CENTRES, Secret

from estates_api.domain.collections import COLLECTIONS
from estates_api.domain.crs import CRSS

Request = tuple[str, str, Mapping[str, str], Any]
AS_OF = {"as-of": "2017-06-30"}
BULK = ("geojson", "geojsons", "csv", "fgb", "gpkg", "parquet", "xlsx")
LISTS = ("", ".csv", ".xlsx", ".geojson", ".gpkg", ".parquet")
QUARTERS = ("2026-Q2", "2026-Q3", "2026-Q4")
TABLES = ("llc", "brownfield", "brownfield-2017", "rsspl", "estates-board")


@dataclass(frozen=True, slots=True)
class Ground:
    """What can be asked about: references and words of what everybody sees, and of what is withheld. `half_told`: sites
    that everybody sees, but not all of; `editions`: ids of those that all databases have, and
    of those that fewer may see."""

    random: random.Random
    codes: tuple[str, ...]
    secrets: tuple[Secret, ...]
    half_told: tuple[str, ...]
    editions: tuple[str, ...]
    files: bool = True

    @property
    def refs(self) -> list[str]:
        """Some sites that are seen, in part or whole, that are withheld, and that never were."""
        seen = [f"NCL-{code}" for code in self.random.sample(self.codes, 2)]
        return [*seen, *self.random.sample(self.half_told, 2), *self.hidden, "NCL-NEVER"]

    @property
    def hidden(self) -> list[str]:
        """Sites that are withheld: one of each owner that is there in every database, and one that is not."""
        return [one.ref for one in chain(self.secrets[0::9][:3], self.secrets[5::9][:3], self.secrets[8::9][:3])]

    @property
    def words(self) -> list[str]:
        """What only secrets are called."""
        return sorted({one.words[0] for one in self.secrets})

    def boxes(self) -> Iterator[str]:
        """Boxes in degrees, shrinking onto places in the area."""
        for east, north in CENTRES:
            lon, lat = -0.1278 + (east - 530_000) / 69_200, 51.5074 + (north - 180_400) / 111_250
            for side in (0.04, 0.012, 0.003):
                yield ",".join(f"{one:.5f}" for one in (lon - side, lat - side, lon + side, lat + side))


def get(path: str, _headers: Mapping[str, str] | None = None, **asked: Any) -> Request:
    """A GET, with its query."""
    query = urlencode(asked)
    return "GET", f"{path}?{query}" if query else path, _headers or {}, None


def both(path: str, **asked: Any) -> list[Request]:
    """As data and as a page; once where a format is named."""
    return [get(path, **asked), *([] if "f" in asked else [get(path, **asked, f="html")])]


def _plain(path: str) -> Callable[[Ground], list[Request]]:
    return lambda _: both(path)


def _each(path: str, values: Callable[[Ground], Sequence[object]], *asked: Mapping[str, Any]) -> Any:
    """A path with each of some values in it."""

    def make(ground: Ground) -> Iterator[Request]:
        for value in values(ground):
            for query in asked or ({},):
                yield from both(path.format(quote(str(value), safe="")), **query)

    return make


_DAYS: tuple[Mapping[str, Any], ...] = ({}, {"as-of": "2017-06-30"}, {"known-at": "2026-01-01"})


def items(collection: str) -> Callable[[Ground], Iterator[Request]]:
    """Pages of a collection."""
    made, path = COLLECTIONS[collection], f"/collections/{collection}/items"
    today = any(one in collection for one in ("sites", "candidates", "outlines"))

    def make(ground: Ground) -> Iterator[Request]:
        yield from both(path)
        yield get(path, {"Accept": "text/html"})
        yield from (get(path, bbox=box, limit=3) for box in ground.boxes())
        names = ["ref" if name == "id" else name for name in made.names]
        for name in names:
            yield get(path, sortby=f"{ground.random.choice('-+')}{name}".replace("+", ""), limit=4)
        for word in ground.words:
            yield from (get(path, **{name: f"{word}*"}, limit=2) for name in ground.random.sample(names, 2))
            yield get(path, q=f"{word[:4]} site")
            yield get(path, ids=",".join([f"NCL-{word}0", f"NCL-{ground.codes[0]}", f"NCL-{word}1"]))
        yield from (get(path, filter=said, limit=5) for said in filters(ground, made.properties))
        yield get(path, crs=ground.random.choice(CRSS).uri, limit=5, properties=",".join(names[:2]))
        yield from (get(path, filter="sensitivity = 'owner'"), get(path, sortby="sensitivity"), get(path, held="x"))
        for query in ({"as-of": "2017-06-30"}, {"known-at": "2026-01-01"}, {"datetime": "2016-01-01/2018-01-01"}):
            if today:
                yield get(path, **query, limit=1000)
                yield get(path, **query, filter="gia_m2 > 5000" if "gia_m2" in names else "ref > 'NCL-P01'", limit=3)
        yield from (get(path, f=form) for form in (BULK if ground.files and collection in WITHHELD else ("csv",)))

    return make


WITHHELD = ("sites", "candidates", "outlines", "holdings", "shortlist-entries", "assemblies")
"""The collections that something can be withheld from."""


def filters(ground: Ground, properties: Sequence[Any]) -> Iterator[str]:
    """Conditions on every property: about a word that only secrets have, a middle value, and what is not known."""
    word, pick = ground.random.choice(ground.words), ground.random
    for one in properties:
        if one.kind == "string":
            yield pick.choice([f"{one.name} LIKE '%{word}%'", f"{one.name} > 'M'", f"{one.name} = '{word}'",
                               f"CASEI({one.name}) LIKE CASEI('%{word}%')"])  # fmt: skip
        elif one.kind in {"number", "integer"}:
            yield pick.choice([f"{one.name} > {pick.randrange(1, 5000)}", f"{one.name} BETWEEN 1 AND 40",
                               f"NOT {one.name} < {pick.randrange(1, 90)}"])  # fmt: skip
        else:
            yield f"{one.name} IS NOT NULL"
        if pick.random() < 0.3:
            yield f"{one.name} IS NULL"
    yield f"S_INTERSECTS(geometry, BBOX({next(ground.boxes())}))"


def single(collection: str) -> Callable[[Ground], Iterator[Request]]:
    """Features of a collection one by one."""
    path = f"/collections/{collection}/items/"

    def make(ground: Ground) -> Iterator[Request]:
        names = [*ground.refs, *ground.words, "E09000003", "1", "2"]
        names += [f"RAL:{word}0" for word in ground.words] + [f"2026-Q3:{ref}" for ref in ground.hidden]
        for name in names:
            yield from both(path + quote(name, safe=""))

    return make


def bulk(ground: Ground) -> Iterator[Request]:
    """Whole collections as files; a report of a few."""
    for collection in COLLECTIONS:
        yield from (
            get(f"/collections/{collection}.{suffix}") for suffix in (BULK if collection in WITHHELD else ("fgb",))
        )
        yield get(f"/collections/{collection}.geojson", bbox=next(ground.boxes()), sortby="name")
    if ground.files:
        yield get("/collections/candidates.pdf", ids=",".join(ground.refs))
    yield from (get("/collections/sites.csv", **day) for day in _DAYS)
    yield from (get("/collections/candidates.csv", **day) for day in _DAYS[1:])


def tiles(ground: Ground) -> Iterator[Request]:
    """Tiles from all of the area down to a few streets."""
    for collection in COLLECTIONS:
        path = f"/collections/{collection}/tiles/WebMercatorQuad"
        for zoom, row, column in ((0, 0, 0), (9, 170, 255), (12, 1361, 2046), (13, 2721, 4093), (14, 5442, 8186)):
            yield get(f"{path}/{zoom}/{row}/{column}")
        yield get(f"{path}/12/1361/2046", filter=f"name LIKE '%{ground.words[0]}%'")


def lists(ground: Ground) -> Iterator[Request]:
    """Lists of quarters, their revisions and previews."""
    for quarter in QUARTERS:
        yield from (get(f"/shortlists/{quarter}{suffix}") for suffix in (LISTS if ground.files else ("", ".csv")))
        yield from both(f"/shortlists/{quarter}")
        yield from (get(f"/shortlists/{quarter}", revision=number) for number in (1, 2, 3))
    yield get("/shortlists/2026-Q3", **AS_OF)
    if ground.files:
        yield get("/shortlists/2026-Q3.pdf")


def _tabled(path: str) -> Callable[[Ground], Iterator[Request]]:
    return lambda _: (get(path.format(quarter)) for quarter in QUARTERS)


def _issues(path: str) -> Callable[[Ground], Iterator[Request]]:
    def make(ground: Ground) -> Iterator[Request]:
        yield from (both(path) if path == "/issues" else [get(path)])
        for word in ground.words:
            yield from (get(path, organisation=code) for code in (word, word[:5]))
        yield from (get(path, edition=number) for number in ground.editions[::3])
        yield from (
            get(path, **asked) for asked in ({"severity": "error"}, {"organisation": "RAL"}, {"source": "template"})
        )

    return make


def what_if(ground: Ground) -> Iterator[Request]:
    """Other weights; as data and as a table."""
    for body in ({}, {"cut_offs": {"release": 30}}, {"weights": {"empty": 60}}, {"weights": {"backlog": 99}}):
        yield "POST", "/assessments/what-if", {}, body
        yield "POST", "/assessments/what-if?f=csv", {}, body


def posted(path: str, *values: object, body: Any = None) -> Callable[[Ground], Iterator[Request]]:
    """What only a key may send, sent without one, about each of some things and of those that are withheld."""

    def make(ground: Ground) -> Iterator[Request]:
        named = values or (*ground.hidden[:2], "NCL-NEVER")
        yield from (("POST", path.format(quote(str(one), safe="")), {}, body or {}) for one in named)

    return make


def _refs(ground: Ground) -> list[str]:
    return [*ground.refs, *(ref.removeprefix("NCL-") for ref in ground.hidden), *(ref.lower() for ref in ground.hidden)]


def _organisations(ground: Ground) -> list[str]:
    return ["RAL", "RAP", "RRP", "E09000003", "ZZZ", *ground.words, *(word[:5] for word in ground.words)]


def _needs(ground: Ground) -> list[str]:
    return ["OPEN-1", "OPEN-3", "NEVER-1", *(f"{word}-1" for word in ground.words)]


def _editions(ground: Ground) -> list[str]:
    return [*ground.editions, "000000000000", "1"]


def _changes(_: Ground) -> Iterator[Request]:
    for after, before in (("2026-Q3", "2026-Q2"), ("2026-Q2", "2026-Q3"), ("2026-Q4", "2026-Q3")):
        yield from both(f"/shortlists/{after}/changes-since/{before}")


DRIVEN: Mapping[str, Callable[[Ground], Any]] = {
    **{path: _plain(path) for path in (
        "/", "/adoptions", "/collections", "/conformance", "/decisions/states", "/letters", "/llc",
        "/llc/1/schema.json", "/levels/equity", "/methods", "/rules", "/shortlists", "/tileMatrixSets", "/health/live",
        "/health/ready", "/api", "/openapi.json", "/docs", "/time-machine",
        "/time-machine.json", "/surplus-windows.ics", "/map", "/hand-in",
    )},
    **{f"/collections/{name}/items": items(name) for name in COLLECTIONS},
    **{f"/collections/{name}/items/{{featureId}}": single(name) for name in COLLECTIONS},
    **{f"/collections/{{collection}}{rest}": _each(f"/collections/{{}}{rest}", lambda _: [*COLLECTIONS, "none"])
       for rest in ("", "/queryables", "/schema", "/schema/feature", "/tiles")},
    "/collections/{collection}/tiles/{square}":
        _each("/collections/{}/tiles/WebMercatorQuad", lambda _: [*COLLECTIONS], {}, {"f": "tilejson"}),
    "/collections/{collection}/items": lambda _: [get("/collections/none/items")],
    "/collections/{collection}/items/{id:path}": lambda _: [get("/collections/none/items/1")],
    "/collections/{collection}/tiles/{square}/{zoom}/{row}/{column}": tiles,
    "/collections/{collection}.{suffix}": bulk,
    "/sites.geojson": lambda ground: [get("/sites.geojson"), get("/sites.geojson", bbox=next(ground.boxes()))],
    "/candidates.geojson": lambda _: [get("/candidates.geojson", sortby="-release_score")],
    "/assessments/latest": lambda _: [get("/assessments/latest", **day) for day in _DAYS],
    "/assessments/what-if": what_if,
    "/assessments": posted("/assessments", 1),
    "/assessments/latest/criteria/{criterion}":
        _each("/assessments/latest/criteria/{}", lambda _: ["release.vacancy", "release.idle_land", "none"]),
    "/compare": lambda ground: chain.from_iterable(
        [*both("/compare", sites=f"{ground.refs[0]},{ref}"),
         get("/compare", sites=ground.refs[0], add=ref.removeprefix("NCL-"))]
        for ref in (ground.refs[1], *ground.hidden, "NCL-NEVER")),
    "/map/{name}": _each("/map/{}", lambda _: ["map.js", "none.js"]),
    "/bodies": _each("/bodies", lambda _: [1], {}, {"as-of": "2018-06-01"}),
    "/decisions": lambda ground: [*both("/decisions"), *(get("/decisions", **asked) for asked in (
        {"state": "proposed surplus"}, {"borough": "Barnet"}, {"organisation": "RAL"}, {"limit": 1},
        *({"organisation": word} for word in ground.words)))],
    "/editions": _plain("/editions"),
    "/editions/{edition}": _each("/editions/{}", _editions),
    "/editions/{edition}/issues": _each("/editions/{}/issues", _editions),
    "/incentives": lambda _: chain.from_iterable(
        [*both("/incentives", by=by), get("/incentives", by=by, f="csv")] for by in ("borough", "sector", "route")),
    "/issues": _issues("/issues"),
    "/issues.csv": _issues("/issues.csv"),
    "/letters/{organisation}": _each("/letters/{}", _organisations),
    "/levels": lambda _: [*both("/levels"), get("/levels", f="csv")],
    "/methods/{method}": _each("/methods/{}", lambda _: ["ncl-1", "none"]),
    "/methods/{method}/file": _each("/methods/{}/file", lambda _: ["ncl-1", "none"]),
    "/needs": _each("/needs", lambda _: [1], {}, {"closed": "true"}),
    "/needs/allocation": lambda _: [
        get("/needs/allocation"), get("/needs/allocation", first="area", f="html")],
    "/needs/{need}": _each("/needs/{}", _needs),
    "/needs/{need}/fits": _each("/needs/{}/fits", _needs, {}, {"verdict": "does not fit"}, {"limit": 1}),
    "/needs/{need}/closing": posted("/needs/{}/closing", "OPEN-1", "NEVER-1", body={"by": "x"}),
    "/organisations": _each("/organisations", lambda _: [1], {}, {"limit": 5}, AS_OF),
    "/organisations/{code}": _each("/organisations/{}", _organisations),
    "/qgis/estates.qlr": lambda _: [get("/qgis/estates.qlr")],
    "/shortlists/{name}": lists,
    "/shortlists/{quarter}/changes-since/{other}": _changes,
    **{f"/shortlists/{{quarter}}/{rest}": _tabled(f"/shortlists/{{}}/{rest}")
       for rest in ("datapackage.json", "endorsements", "llc.geojson", "verification")},
    "/shortlists/{quarter}/{table}.csv": lambda _: [
        get(f"/shortlists/{quarter}/{table}.csv") for quarter in QUARTERS for table in TABLES],
    **{f"/shortlists/{{quarter}}/{rest}": posted(f"/shortlists/{{}}/{rest}", *QUARTERS)
       for rest in ("choices", "drafts", "publications")},
    "/sites/{ref}": _each("/sites/{}", _refs, *_DAYS, {"explain": "sources"}),
    "/sites/{ref}/claims": _each("/sites/{}/claims", _refs, *_DAYS, {"attribute": "backlog_high_gbp"}, {"limit": 1}),
    "/sites/{ref}/decisions": _each("/sites/{}/decisions", _refs, {}, {"as-of": "2025-06-01"}),
    "/sites/{ref}/fits": _each("/sites/{}/fits", _refs),
    "/surplus-windows": _each("/surplus-windows", lambda _: [1], {}, {"as-of": "2025-06-01"}),
    "/tileMatrixSets/{square}": _each("/tileMatrixSets/{}", lambda _: ["WebMercatorQuad", "none"]),
    "/time-machine.pdf": lambda ground: [get("/time-machine.pdf")] if ground.files else [],
}  # fmt: skip
"""How each path is asked."""

POSTED: Mapping[str, Callable[[Ground], Any]] = {
    "/methods": posted("/methods", 1),
    "/needs": posted("/needs", 1),
    "/editions": posted("/editions", 1),
    "/sites/{ref}/decisions": posted("/sites/{}/decisions"),
    "/shortlists/{quarter}/endorsements": posted("/shortlists/{}/endorsements", *QUARTERS),
}
"""The same for what is sent, on paths that are also read."""
