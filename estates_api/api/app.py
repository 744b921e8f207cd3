"""The application: its parts in order."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware

from estates_api import __version__
from estates_api.api import (
    adoption,
    catalogue,
    claims,
    decisions,
    downloads,
    endorsements,
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
)
from estates_api.api.answers import HeadAndOptions, Varying
from estates_api.api.context import Context
from estates_api.api.direct import Direct, Endpoint, route
from estates_api.api.files import Files
from estates_api.api.items import Counts
from estates_api.api.kept import Kept
from estates_api.api.problems import add_handlers
from estates_api.api.what_if import WhatIfs
from estates_api.store.reading import Reading
from estates_api.workflows.fits import Markets

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
    what_if,
    adoption,
    decisions,
    windows,
    endorsements,
)
"""What answers, each with a router of its own; of two that have the same path the first one does."""


def create_app(context: Context) -> FastAPI:
    """The service for one installation."""

    reading, files = Reading(context.engine.url), Files()

    @asynccontextmanager
    async def connected(_: FastAPI) -> AsyncIterator[None]:
        await reading.open(watch=context.watch)
        yield
        await reading.close()
        files.close()

    app = FastAPIOffline(  # /docs without calls to other hosts
        title="estates_api",
        version=__version__,
        description="One public estate: NHS and council sites, scored for release or reuse, listed each quarter.",
        redirect_slashes=False,
        redoc_url=None,
        lifespan=connected,
    )
    app.state.context = context
    app.state.reading, app.state.files = reading, files
    app.state.counts, app.state.what_ifs, app.state.markets = Counts(), WhatIfs(), Markets()
    # Before all others: what is asked most is found first.
    app.router.routes[:0] = [route(path, endpoint) for path, endpoint in DIRECT.items()]
    for part in PARTS:
        app.include_router(part.router)
    # One description, wherever it is asked for.
    app.openapi = lambda: openapi.describe_api(app, context.public_url or "/")  # type: ignore[method-assign]
    add_handlers(app)
    app.add_middleware(HeadAndOptions)
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "HEAD"], allow_headers=["*"])
    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: Kept(  # type: ignore[method-assign]
        Varying(Direct(build(), app, DIRECT)), lambda: reading.version
    )
    return app
