"""The application: its parts in order."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache, partial

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from estates_api import __version__
from estates_api.api import (
    adoption,
    assessing,
    catalogue,
    claims,
    compare,
    decisions,
    downloads,
    endorsements,
    hand_in,
    home,
    incentives,
    issues,
    items,
    letters,
    levels,
    llc,
    methods,
    needs,
    ogc,
    openapi,
    organisations,
    qgis,
    shortlists,
    tiles,
    time_machine,
    upload,
    what_if,
    windows,
    workbench,
)
from estates_api.api.answers import HeadAndOptions, Varying
from estates_api.api.connections import METRICS
from estates_api.api.context import Context
from estates_api.api.direct import Direct, Endpoint, route
from estates_api.api.edge import Edge
from estates_api.api.files import Files
from estates_api.api.gate import Admission, Gate
from estates_api.api.identity import Identify
from estates_api.api.items import Counts
from estates_api.api.kept import Kept
from estates_api.api.metrics import Metrics
from estates_api.api.problems import add_handlers
from estates_api.api.rates import Rates
from estates_api.api.what_if import WhatIfs
from estates_api.store.reading import Reading
from estates_api.workflows.fits import read_market
from estates_api.workflows.listing import find_listing
from estates_api.workflows.until_changed import UntilChanged

DIRECT: Mapping[str, Endpoint] = {
    "/collections/{collection}/items": items.items,
    "/collections/{collection}/items/{id:path}": items.item,
    "/collections/{collection}/tiles/{square}/{zoom}/{row}/{column}": tiles.tile,
    "/sites.geojson": downloads.whole,
    "/candidates.geojson": downloads.whole,
    "/collections/{collection}.{suffix}": downloads.whole,
}
"""What is answered before the framework."""


PARTS = (
    home,
    ogc,
    tiles,
    qgis,
    openapi,
    catalogue,
    claims,
    organisations,
    incentives,
    issues,
    letters,
    methods,
    needs,
    shortlists,
    llc,
    levels,
    time_machine,
    upload,
    hand_in,
    what_if,
    adoption,
    assessing,
    decisions,
    windows,
    endorsements,
    compare,
    workbench,
)
"""What answers, each with a router of its own; of two that have the same path the first one does."""


def create_app(context: Context) -> FastAPI:
    """The service for one installation."""

    reading, files, metrics = Reading(context.engine.url), Files(), Metrics()

    @asynccontextmanager
    async def connected(_: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        await reading.open(watch=context.watch)
        yield {METRICS: metrics}
        metrics.tell_refused()
        await reading.close()
        files.close()

    app = FastAPIOffline(  # /docs without calls to other hosts
        title="estates_api",
        version=__version__,
        description="One public estate: NHS and council sites, scored for release or reuse, listed each quarter.",
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # ours tell of no site and no value (metrics.py)
        docs_url=None,  # openapi.py has them, with a policy
        redoc_url=None,
        lifespan=connected,
    )
    app.state.context = context
    app.state.reading, app.state.files, app.state.metrics = reading, files, metrics
    app.state.counts, app.state.what_ifs = Counts(), WhatIfs()
    app.state.markets, app.state.listings = UntilChanged(read_market), UntilChanged(find_listing)
    # Before all others: what is asked most is found first.
    app.router.routes[:0] = [route(path, endpoint) for path, endpoint in DIRECT.items()]
    for part in PARTS:
        app.include_router(part.router)
    # One description, wherever it is asked for.
    app.openapi = cache(lambda: openapi.describe_api(app, context.public_url or "/"))  # type: ignore[method-assign]
    add_handlers(app)
    app.add_middleware(HeadAndOptions)
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "HEAD"], allow_headers=["*"])
    build = app.build_middleware_stack

    def stacked() -> ASGIApp:
        """The layers, the innermost first."""
        admission = Admission(Varying(Direct(build(), app, DIRECT)))
        _watch(metrics, admission, context, reading)
        known = Identify(Kept(admission, lambda: reading.version), context, reading)
        return Edge(known, rates=Rates(context.rate), metrics=metrics, slow_ms=context.slow_ms)

    app.build_middleware_stack = stacked  # type: ignore[method-assign]
    return app


def _watch(metrics: Metrics, admission: Admission, context: Context, reading: Reading) -> None:
    """The numbers that are read when they are asked for."""
    for name, gate in (("quick", admission.quick), ("slow", admission.slow)):
        metrics.watch(f"estates_{name}_waiting", f"Requests that wait for a {name} place", partial(_waiting, gate))
        metrics.watch(f"estates_{name}_free", f"Free {name} places", partial(_free, gate))
    metrics.watch("estates_reading_in_use", "Connections that read features", lambda: reading.load()[0])
    metrics.watch("estates_reading_waiting", "Requests that wait for one", lambda: reading.load()[1])
    pool = context.engine.pool
    metrics.watch("estates_pool_in_use", "Other connections in use", getattr(pool, "checkedout", int))
    metrics.watch_database(context.engine)


def _waiting(gate: Gate) -> float:
    return len(gate.waiting)


def _free(gate: Gate) -> float:
    return gate.free
