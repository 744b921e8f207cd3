"""The application: its parts in order."""

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from estates_api import __version__
from estates_api.api import catalogue, claims, home, issues, letters, ogc, organisations, shortlists, upload
from estates_api.api.answers import HeadAndOptions, Varying
from estates_api.api.context import Context
from estates_api.api.problems import add_handlers


def create_app(context: Context) -> FastAPI:
    """The service for one installation."""
    app = FastAPIOffline(  # /docs without calls to other hosts
        title="estates_api",
        version=__version__,
        description="One public estate: NHS and council sites, scored for release or reuse, listed each quarter.",
        redirect_slashes=False,
        redoc_url=None,
    )
    app.state.context = context
    for part in (home, ogc, catalogue, claims, organisations, issues, letters, shortlists, upload):
        app.include_router(part.router)
    add_handlers(app)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(HeadAndOptions)
    app.add_middleware(Varying)
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "HEAD"], allow_headers=["*"])
    return app
