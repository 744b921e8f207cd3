"""`estates run` and `estates serve`: everything set up and served, or just served."""

import gc
import resource
import secrets
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from prometheus_client import start_http_server
from rich.markup import escape

from estates_api.api.app import create_app
from estates_api.api.connections import MOST, Patient
from estates_api.api.context import Context
from estates_api.api.metrics import Metrics
from estates_api.cli.logs import set_up_logs
from estates_api.cli.session import Session, console, open_session, today, with_method_in_force
from estates_api.cli.shortlists import draft_quarter, entries_table
from estates_api.domain.quarters import Quarter, quarter_of
from estates_api.domain.values import counted
from estates_api.errors import Unavailable
from estates_api.store.database import migrate
from estates_api.workflows.backtest import find_result
from estates_api.workflows.setup import load_data

LOOK_BACK = Quarter(2015, 1)
"""The quarter shown beside today's: its end is the end of ERIC 2014-15, and what followed is known."""

PortOption = Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)]


def run(
    *,
    port: PortOption = 8000,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve when everything is set up.")] = True,
) -> None:
    """Set everything up, show this quarter's shortlist beside March 2015, and serve on 127.0.0.1."""
    if serve:
        check_port("127.0.0.1", port)
    with ExitStack() as stack:
        with console.status("starting the database"):
            session = stack.enter_context(open_session(check=False))
        session = prepare(session, look_back=True)
        if not serve:
            console.print("set up; start the service with ./scripts/run")
            return
        key = admin_key(session)
        welcome(session, f"http://127.0.0.1:{port}", key)
        listen(session, host="127.0.0.1", port=port, key=key, open_drafts=opened(session))
    console.print("stopped")


def welcome(session: Session, address: str, key: str) -> None:
    """What to open and how to stop."""
    console.print(f"\n[bold]Open {address}[/bold]", soft_wrap=True)
    console.print(f"API: {address}/docs   QGIS: OGC API - Features connection to {address}", soft_wrap=True)
    if session.settings.admin_key is None:
        console.print(f"ESTATES_ADMIN_KEY was not set; this installation's key: {escape(key)}", soft_wrap=True)
    drafts = "Drafts are open to this computer only. " if opened(session) else ""
    console.print(f"{drafts}Stop with Ctrl-C.\n")


def opened(session: Session) -> bool:
    """Whether drafts need no key from this computer: as configured, else with the embedded database only."""
    settings = session.settings
    return settings.database_url is None if settings.open_drafts is None else settings.open_drafts


def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: PortOption = 8000,
) -> None:
    """Serve what is set up already."""
    check_port(host, port)
    with open_session() as session:
        listen(
            session,
            host=host,
            port=port,
            key=session.settings.admin_key,
            open_drafts=bool(session.settings.open_drafts),
        )


def prepare(session: Session, *, look_back: bool = False) -> Session:
    """Migrate, load, assess and draft, saying each step; what is done already is passed over. The session with the
    method in force."""
    with console.status("bringing the database schema up to date"):
        step("database schema", "brought up to date" if migrate(session.engine) else "up to date")
    session = with_method_in_force(session)
    with console.status("loading the tables in data/"):
        loaded = load_data(session.engine, session.settings.data_dir, lambda line: step("loaded", line))
        step("reference data", f"{counted(len(loaded), 'edition')}, {sum(done.new for done in loaded)} new")
    quarters = [quarter_of(today()), *([LOOK_BACK] if look_back else [])]
    for quarter in quarters:
        with console.status(f"assessing and drafting {quarter}"):
            frozen, new = draft_quarter(session, quarter)
        document = frozen.document
        step(
            f"shortlist {quarter}",
            f"{'drafted' if new else 'unchanged'}: {len(frozen.entries)} entries as of {document['as_of']}, "
            f"revision {frozen.revision}, SHA-256 {frozen.sha256[:12]}…",
        )
        if look_back:
            console.print(entries_table(frozen, f"\nShortlist {quarter} as of {document['as_of']}"))
    return session


def step(what: str, outcome: str) -> None:
    """One line of progress."""
    console.print(f"[green]✓[/green] {escape(what)}: {escape(outcome)}", soft_wrap=True)


def check_port(host: str, port: int) -> None:
    """Unavailable, before anything is started, when the port is taken."""
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        raise Unavailable(f"port {port} on {host} cannot be used ({error.strerror}); choose one with --port") from None


def admin_key(session: Session) -> str:
    """The configured key, or one made for this installation and kept beside its database."""
    if session.settings.admin_key:
        return session.settings.admin_key
    path = Path(session.settings.state_dir) / "admin_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".new")  # renamed when whole: a key cut short would be a weak one
        half.touch(mode=0o600)
        half.write_text(secrets.token_urlsafe(24), encoding="ascii")
        half.replace(path)
    return path.read_text(encoding="ascii").strip()


def listen(session: Session, *, host: str, port: int, key: str | None, open_drafts: bool) -> None:
    """Serve until a signal comes; returns when requests under way have been answered."""
    context = Context(
        engine=session.engine, area=session.area, method=session.method, admin_key=key, open_drafts=open_drafts,
        public_url=session.settings.public_url, max_upload_mb=session.settings.max_upload_mb, watch=True,
        backtest=find_result(session.settings.data_dir), method_content=session.method_content,
        basemap=session.settings.basemap, issuer=session.settings.issuer, rate=session.settings.rate,
        slow_ms=session.settings.slow_ms,
    )  # fmt: skip
    set_up_logs(session.settings.log)
    allow_connections()
    app = create_app(context)
    config = uvicorn.Config(
        app, host=host, port=port, http=Patient, log_config=None, log_level="warning", access_log=False,
        server_header=False, forwarded_allow_ips=",".join(session.settings.trusted_proxies),
        timeout_graceful_shutdown=5,
    )  # fmt: skip
    if session.settings.metrics:
        publish_metrics(app.state.metrics, *session.settings.metrics)
    gc.collect()
    gc.freeze()  # what is here by now stays: looking through it again and again would stop requests for 0.1 s each time
    # Once it has shut down, uvicorn raises the signal that ended it again: Ctrl-C is the usual way to stop.
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()


def allow_connections() -> None:
    """Have the system allow as many connections as the service does."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MOST
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))


def publish_metrics(metrics: Metrics, host: str, port: int) -> None:
    """Numbers for Prometheus, on a port of their own."""
    try:
        start_http_server(port, host, metrics.registry)
    except OSError as error:
        raise Unavailable(f"ESTATES_METRICS_PORT: {port} on {host} cannot be used ({error.strerror})") from None
