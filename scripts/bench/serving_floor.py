"""The floor of the serving benchmark: a bare ASGI application that sends what PostgreSQL makes, and nothing else.

No framework, no checks, no links but `next`, no cache; features are made of the columns by `json_build_object`. Started
by serving.py as `uvicorn serving_floor:app`, on the same uvicorn, uvloop, httptools and psycopg as everything else.
`/empty` is an empty Starlette route, `/raw` an empty answer of ASGI itself.
"""

import os
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from psycopg_pool import AsyncConnectionPool
from serving_questions import FEATURE, PROPERTIES
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Send = Callable[[dict[str, Any]], Awaitable[None]]

# The envelope first, by the index; the exact test only where the feature's own envelope sticks out of the box.
BOX = "ST_MakeEnvelope(%(w)s, %(s)s, %(e)s, %(n)s, 4326)"
IN_BOX = f"geom_crs84 && {BOX} AND (geom_crs84 @ {BOX} OR ST_Intersects(geom_crs84, {BOX}))"
IN_FILTER = "borough = %(borough)s AND gia_m2 BETWEEN %(from)s AND %(to)s"

# What matches is found once; the count and the page are taken of the same references; only the page is rendered.
COUNTED = f"""
WITH found AS MATERIALIZED (SELECT id FROM bench.outlines WHERE {{where}}),
page AS (SELECT id FROM found WHERE id > %(after)s ORDER BY id LIMIT %(limit)s)
SELECT (SELECT count(*) FROM found), count(*), max(id), string_agg({FEATURE}, ',' ORDER BY id)
FROM page JOIN bench.outlines USING (id)
"""  # noqa: S608 -- made of constants
PLAIN = f"""
WITH page AS (SELECT * FROM bench.outlines WHERE {{where}} AND id > %(after)s ORDER BY id LIMIT %(limit)s)
SELECT null, count(*), max(id), string_agg({FEATURE}, ',' ORDER BY id) FROM page
"""  # noqa: S608
ITEM = f"SELECT {FEATURE} FROM bench.outlines WHERE id = %(id)s"  # noqa: S608
HITS = "SELECT count(*) FROM bench.outlines WHERE {where}"
EXPORT = f"SELECT {FEATURE} FROM bench.outlines ORDER BY id"  # noqa: S608
# As the manual of PostGIS has it: the features of the margin too, so that lines and symbols go on over the edge.
TILE = f"""
WITH tile AS (
    SELECT {", ".join(PROPERTIES)}, ST_AsMVTGeom(ST_Transform(geom_crs84, 3857),
        ST_TileEnvelope(%(z)s::int, %(x)s::int, %(y)s::int), 4096, 64, true) AS geom
    FROM bench.outlines
    WHERE geom_crs84 && ST_Transform(ST_TileEnvelope(%(z)s::int, %(x)s::int, %(y)s::int, margin => 64.0 / 4096), 4326)
) SELECT ST_AsMVT(tile, 'outlines') FROM tile
"""  # noqa: S608

pool = AsyncConnectionPool(
    os.environ["BENCH_DSN"], min_size=2, max_size=4, open=False,
    kwargs={"autocommit": True, "options": "-c max_parallel_workers_per_gather=0"},
)  # fmt: skip


async def answer(send: Send, body: bytes, kind: bytes = b"application/geo+json") -> None:
    """A whole answer."""
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def read_query(scope: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The condition, and the values bound in it."""
    asked: dict[str, Any] = dict(parse_qsl(scope["query_string"].decode()))
    parts = ["true"]
    if "bbox" in asked:
        asked |= zip("wsen", map(float, asked["bbox"].split(",")), strict=True)
        parts.append(IN_BOX)
    if "borough" in asked:
        asked |= {"from": float(asked["from"]), "to": float(asked["to"])}
        parts.append(IN_FILTER)
    return " AND ".join(parts), asked


async def items(scope: dict[str, Any], send: Send) -> None:
    """A page, with the exact count unless `count=no`."""
    where, asked = read_query(scope)
    query = (PLAIN if asked.get("count") == "no" else COUNTED).format(where=where)
    limit = int(asked.get("limit", 100))
    async with pool.connection() as connection:
        cursor = await connection.execute(query, {"after": "", **asked, "limit": limit})
        matched, returned, last, features = await cursor.fetchone() or (0, 0, "", None)
    links = (
        f',"links":[{{"rel":"next","href":"/items?after={last}&limit={limit}&count=no"}}]' if returned == limit else ""
    )
    count = "" if matched is None else f'"numberMatched":{matched},'
    body = f'{{"type":"FeatureCollection","features":[{features or ""}],{count}"numberReturned":{returned}{links}}}'
    await answer(send, body.encode())


async def hits(scope: dict[str, Any], send: Send) -> None:
    """How many match."""
    where, asked = read_query(scope)
    async with pool.connection() as connection:
        row = await (await connection.execute(HITS.format(where=where), asked)).fetchone()
    await answer(send, f'{{"type":"FeatureCollection","features":[],"numberMatched":{row[0] if row else 0}}}'.encode())


async def item(scope: dict[str, Any], send: Send) -> None:
    """One feature."""
    async with pool.connection() as connection:
        row = await (await connection.execute(ITEM, {"id": scope["path"][6:]})).fetchone()
    await answer(send, row[0].encode() if row else b"null")


async def tile(scope: dict[str, Any], send: Send) -> None:
    """One vector tile: /tiles/zoom/column/row."""
    zoom, column, row = scope["path"].split("/")[2:]
    async with pool.connection() as connection:
        found = await (await connection.execute(TILE, {"z": zoom, "x": column, "y": row})).fetchone()
    await answer(send, bytes(found[0]) if found else b"", b"application/vnd.mapbox-vector-tile")


async def export(scope: dict[str, Any], send: Send) -> None:  # noqa: ARG001
    """All features, streamed from a cursor on the server."""
    headers = [(b"content-type", b"application/geo+json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    between = b'{"type":"FeatureCollection","features":['
    async with pool.connection() as connection, connection.transaction(), connection.cursor("export") as cursor:
        await cursor.execute(EXPORT)
        while rows := await cursor.fetchmany(1000):
            body = between + ",".join(row[0] for row in rows).encode()
            await send({"type": "http.response.body", "body": body, "more_body": True})
            between = b","
    await send({"type": "http.response.body", "body": b"]}"})


async def raw(scope: dict[str, Any], send: Send) -> None:  # noqa: ARG001
    """Nothing: what the server and the load generator cost by themselves."""
    await answer(send, b"{}")


async def nothing(request: Request) -> Response:  # noqa: ARG001
    """An empty route."""
    return Response()


starlette = Starlette(routes=[Route("/empty", nothing)])
ROUTES = {"items": items, "hits": hits, "item": item, "tiles": tile, "export": export, "raw": raw}


async def app(scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Send) -> None:
    """The application."""
    if scope["type"] == "lifespan":
        await live(receive, send)
    elif scope["path"] == "/empty":
        await starlette(scope, receive, send)
    else:
        await ROUTES[scope["path"].split("/", 2)[1]](scope, send)


async def live(receive: Callable[[], Awaitable[dict[str, Any]]], send: Send) -> None:
    """Open the pool, and close it when told."""
    await receive()
    await pool.open(wait=True)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await pool.close()
    await send({"type": "lifespan.shutdown.complete"})
