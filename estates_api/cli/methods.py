"""`estates method`: the scoring method in words, and whether a method file is right."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding

from estates_api.cli.files import check_file
from estates_api.cli.session import console, errors, open_session
from estates_api.domain.density import BANDS
from estates_api.domain.method import Method
from estates_api.domain.method_file import parse_method
from estates_api.domain.method_words import describe_method
from estates_api.domain.values import counted, shorten
from estates_api.errors import BadInput, Unavailable
from estates_api.settings import read_settings
from estates_api.store.cluster import is_running
from estates_api.workflows import setup

app = typer.Typer(help="The scoring method: show it in words, check a method file.", no_args_is_help=True)


@app.command("show")
def show(
    method: Annotated[
        Path | None, typer.Option(help="A method file; if left out the adopted one, while a database is up.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print a method for people: what is judged, what earns points, what each weighs, and what stands apart."""
    told = describe_method(_adopted() if method is None else _read(method))
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for line in _told(told):
        console.print(line)


@app.command("check")
def check(file: Annotated[Path, typer.Argument(help="A method file (TOML).")]) -> None:
    """Say whether a method file can be used; the first mistake is told with its line (exit code 2)."""
    method = _read(file)
    parts = [counted(len(method.criteria), "criterion", "criteria"), counted(len(method.gates), "gate"),
             counted(len(method.limits), "limit"), counted(len(method.checks), "check"),
             counted(len(method.priorities), "priority column")]  # fmt: skip
    console.print(escape(f"{_shown(file)}: {method.id}, {', '.join(parts)}; SHA-256 {method.sha256}"), soft_wrap=True)


def _adopted() -> Method:
    """The method in force where a database is up; else the one that comes with the service, and it is said so."""
    settings = read_settings()
    try:
        if not settings.database_url and not is_running(settings.state_dir):
            raise Unavailable("the database of this installation is not up")
        with open_session() as session:
            return session.method
    except Unavailable as error:
        reason = "this is the method that comes with the service, and another may be adopted"
        errors.print(escape(f"{error.detail}; {reason}"), soft_wrap=True)
    content = setup.read_shipped(settings.data_dir, setup.METHOD_FILE)
    return parse_method(content, setup.METHOD_FILE)


def _read(path: Path) -> Method:
    try:
        check_file(path)
        content = path.read_bytes()
    except (BadInput, OSError) as error:
        reason = error.detail if isinstance(error, BadInput) else error.strerror
        raise BadInput(f"{_shown(path)}: {reason}; give the path of a method file") from None
    return parse_method(content, _shown(path))


def _shown(path: Path) -> str:
    return shorten(str(path), 200)


def _told(told: Mapping[str, Any]) -> Iterator[RenderableType]:
    """A method in paragraphs."""
    yield f"[bold]{escape(told['title'])}[/bold] ({told['id']})\nSHA-256 {told['sha256']}"
    for score in told["scores"]:
        yield f"\n[bold]{score['name'].capitalize()} score, 0 to 100.[/bold] {score['question']}"
        for group in score["groups"]:
            yield f"\n[bold]{escape(group['id'])}[/bold]: {group['share']:.1%} of the score{escape(_because(group))}"
            yield from map(_criterion, group["criteria"])
    yield "\n[bold]What follows from the scores[/bold]"
    yield from (_entry(one["in_words"], one["why"] or "") for one in told["cut_offs"])
    yield "\n[bold]Gates[/bold]: with one of them closed the route is not release, whatever the score"
    yield from (_entry(one["reason"], one["rule"], _source(one)) for one in told["gates"])
    yield "\n[bold]Limits[/bold]: less land to build on; no score changes"
    yield from (_entry(f"{one['title']}: {one['effect_in_words']}", _source(one)) for one in told["limits"])
    yield "\n[bold]Checks[/bold]: steps before a disposal; no score changes"
    yield from (_entry(one["title"], one["step"], one["rule"], _source(one)) for one in told["checks"])
    yield "\n[bold]Priority columns[/bold]: shown beside the score, in this order, never in it"
    yield from (_entry(one["title"], one["why"], _source(one)) for one in told["priority"])
    yield from _capacity(told["capacity"] or {})
    yield "\n[bold]Receipts[/bold]: who keeps one; of anybody else, and before these days, it is not known"
    yield from (_entry(f"{one['kind']}, since {one['since']}: {one['who']}", _source(one)) for one in told["receipts"])
    if told["shortlist"]:
        yield "\n[bold]How long a quarter's lists are[/bold]: by rule; persons give reasons"
        yield from (_entry(one["in_words"], one["why"] or "") for one in told["shortlist"])
    yield "\n[bold]How firmly a rank holds[/bold]"
    yield from (_entry(one["in_words"], one["why"] or "") for one in told["robustness"])
    yield f"\n[bold]Similar sites[/bold]: {escape(told['peers'])}"


def _capacity(capacity: Mapping[str, Any]) -> Iterator[RenderableType]:
    """How many homes the land may take; nothing where the method does not say."""
    if not capacity:
        return
    yield "\n[bold]How many homes[/bold]: beside the scores and never in them; the density matrix, in homes per hectare"
    yield _entry("Cautions", capacity["caution"], capacity["superseded"], _source(capacity))
    low, mid, high = (f"{share:.0%}" for share in capacity["share_of_open_land"])
    yield _entry(f"Where no land is declared idle, {low}, {mid} or {high} of the open land", capacity["share_why"])
    rows = capacity["homes_per_ha"]
    for setting, meant in capacity["settings"].items():
        yield _entry(f"{setting}: {meant}", *(_densities(row) for row in rows if row["setting"] == setting))


def _densities(row: Mapping[str, Any]) -> str:
    ranges = ((band, *row[f"ptal_{band}"]) for band in BANDS)
    said = ", ".join(f"{low:g}–{high:g} at {band}" for band, low, high in ranges)
    return f"{row['setting']}, {row['rooms']} habitable rooms: {said.replace(' at ', ' at PTAL ', 1)}"


def _criterion(criterion: Mapping[str, Any]) -> RenderableType:
    return _entry(
        f"{criterion['title']}, {criterion['share']:.1%} of the score{_because(criterion)}",
        criterion["measured"],
        f"Points: {criterion['points_in_words']}.",
        f"Not known: {criterion['unknown']}.",
        *_norms(criterion["norms"] or {}),
        f"Why: {criterion['why']}",
        _source(criterion),
    )


def _norms(norms: Mapping[str, float]) -> Iterator[str]:
    if norms:
        said = ", ".join(f"{kind} trusts {number:g}" for kind, number in norms.items())
        yield f"Usual, m² of floor for each m² of land: {said}"


def _entry(title: str, *said: str) -> RenderableType:
    """A title, and below it, further in, what is said of it."""
    below = Padding(escape("\n".join(said)), (0, 0, 0, 4), expand=False)
    return Group(Padding(f"[bold]{escape(title)}[/bold]", (0, 0, 0, 2), expand=False), below)


def _because(weighed: Mapping[str, Any]) -> str:
    return f" ({weighed['weight_why']})" if weighed["weight_why"] else ""


def _source(rule: Mapping[str, Any]) -> str:
    return f"Source: {rule['citation']}"
