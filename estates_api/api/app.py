"""The application: its parts in order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from estates_api import __version__
from estates_api.api import (
    catalogue,
    claims,
    downloads,
    home,
    issues,
    items,
    letters,
    ogc,
    openapi,
    organisations,
    qgis,
    shortlists,
    tiles,
    upload,
    what_if,
)
from estates_api.api.answers import HeadAndOptions, Varying
from estates_api.api.context import Context
from estates_api.api.downloads import Files
from estates_api.api.items import Counts
from estates_api.api.kept import Kept
from estates_api.api.problems import add_handlers
from estates_api.api.what_if import WhatIfs
from estates_api.store.reading import Reading

WHOLE_FILES = ("/sites.geojson", "/candidates.geojson", "/collections/{collection}.{suffix}")


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
    app.state.counts, app.state.what_ifs = Counts(), WhatIfs()
    # Plain routes come first: what is asked most is found without looking at all others.
    app.router.routes[:0] = [
        Route("/collections/{collection}/items", items.items, include_in_schema=False),
        Route("/collections/{collection}/items/{id:path}", items.item, include_in_schema=False),
        Route("/collections/{collection}/tiles/{square}/{zoom}/{row}/{column}", tiles.tile, include_in_schema=False),
        *(Route(path, downloads.whole, include_in_schema=False) for path in WHOLE_FILES),
    ]
    for part in (
        home,
        ogc,
        tiles,
        qgis,
        openapi,
        catalogue,
        claims,
        organisations,
        issues,
        letters,
        shortlists,
        upload,
        what_if,
    ):
        app.include_router(part.router)
    # One description, wherever it is asked for.
    app.openapi = lambda: openapi.describe_api(app, context.public_url or "/")  # type: ignore[method-assign]
    add_handlers(app)
    app.add_middleware(HeadAndOptions)
    app.add_middleware(Varying)
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "HEAD"], allow_headers=["*"])
    # Before everything else of the framework, which costs more than an answer that is kept.
    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: Kept(build(), lambda: reading.version)  # type: ignore[method-assign]
    return app
