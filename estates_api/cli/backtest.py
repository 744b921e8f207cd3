"""`estates score-file` and `estates backtest`: returns scored by themselves, and what that was worth. No database."""

import csv
import io
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from estates_api.cli.files import check_file, write_whole
from estates_api.cli.session import console
from estates_api.domain.method import Method
from estates_api.domain.method_file import parse_method
from estates_api.domain.values import counted, shorten
from estates_api.errors import BadInput
from estates_api.settings import Settings, read_settings
from estates_api.workflows.backtest import backtest
from estates_api.workflows.returns import Returns, read_carried, read_returns, score_returns
from estates_api.workflows.setup import METHOD_FILE, read_shipped

COLUMNS = ("organisation_code", "site_code", "score", "coverage")
PLACES = 4

History = Annotated[list[Path] | None, typer.Option("--history", help="An older edition; may be given several times.")]


def score_file(
    file_format: Annotated[str, typer.Argument(metavar="FORMAT", help="eric")],
    file: Annotated[Path, typer.Argument(help="An edition of ERIC site data, CSV or workbook.")],
    out: Annotated[Path, typer.Option("--out", help="Where the ranking is written, as CSV.")],
    *,
    history: History = None,
    period: Annotated[str | None, typer.Option("--period", help="Its financial year, if nothing says it.")] = None,
) -> None:
    """Rank one edition of the returns by the release score that returns alone can compute."""
    if file_format != "eric":
        raise BadInput(f"score-file reads eric, not {shorten(file_format)!r}")
    if any(out.absolute() == given.absolute() for given in (file, *(history or []))):
        raise BadInput(f"--out {out} is a file that is read: give another name")
    settings = read_settings()
    method = _method(settings)
    returns = _read(settings, file, history=history or [], period=period, otherwise=_newest_peers(method))
    write_whole(out, _ranking(returns, method))
    console.print(_told(returns) + f", by method {method.id}: {escape(str(out))}", soft_wrap=True)


def _ranking(returns: Returns, method: Method) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in score_returns(returns, method):
        writer.writerow([*one.key, f"{one.score:.{PLACES}f}", f"{one.coverage:.{PLACES}f}"])
    return text.getvalue()


def _newest_peers(method: Method) -> str:
    """The newest edition that the method's peers are from: what a file is compared with that says no year."""
    return max(row.edition for row in method.peers.references).partition(" ")[2]


def _told(returns: Returns) -> str:
    parts = [f"ERIC {escape(returns.label)}: {counted(len(returns.sites), 'site')} scored"]
    if returns.aggregates:
        parts.append(f"{counted(returns.aggregates, 'row')} of small sites together (AGGRE) not scored: "
                     "they have no place")  # fmt: skip
    if returns.year_guessed:
        parts.append("no year said, so compared with the newest peers (--period says it)")
    if returns.refused:
        parts.append(f"{counted(returns.refused, 'row')} could not be read")
    return ", ".join(parts)


def run_backtest(
    earlier: Annotated[Path, typer.Argument(help="The edition that is scored.")],
    later: Annotated[Path, typer.Argument(help="The edition that shows what happened.")],
    *,
    history: History = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write the JSON to a file.")] = None,
) -> None:
    """What the score of an earlier edition was worth: dated cases, three outcomes apart, and what it cannot foresee."""
    settings = read_settings()
    method, carried = _method(settings), read_carried(settings.data_dir)
    first = _read(settings, earlier, history=history or [])
    second = _read(settings, later, history=[])
    found = backtest(first, second, method=method, carried=carried, data_dir=settings.data_dir)
    text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
    if out:
        write_whole(out, text)
    if as_json:
        typer.echo(text, nl=False)
    else:
        _print(found)


def _method(settings: Settings) -> Method:
    return parse_method(read_shipped(settings.data_dir, METHOD_FILE), METHOD_FILE)


def _read(
    settings: Settings, file: Path, *, history: list[Path], period: str | None = None, otherwise: str | None = None
) -> Returns:  # fmt: skip
    for path in (file, *history):
        try:
            check_file(path)
        except BadInput as error:
            raise BadInput(f"{path}: {error.detail}") from None
    carried = read_carried(settings.data_dir)
    return read_returns(file, carried=carried, history=history, period=period, otherwise=otherwise)


def _print(found: dict[str, Any]) -> None:
    earlier, later = found["earlier"], found["later"]
    console.print(f"ERIC {escape(earlier['label'])}, {counted(earlier['sites'], 'site')} scored by "
                  f"{found['method']['id']}; then ERIC {escape(later['label'])}")  # fmt: skip
    _print_cases(found["cases"])
    for outcome in found["outcomes"]:
        _print_outcome(outcome)
    _print_cut_off(found["cut_off"])
    _print_missed(found)


def _print_cases(cases: list[dict[str, Any]]) -> None:
    table = Table("site", "return", "score", "rank", "known", "what then happened", title="Dated cases",
                  title_justify="left")  # fmt: skip
    for case in cases:
        after = "\n".join(event_told(event) for event in case["after"]) or "nothing dated since"
        for place, one in enumerate(case["returns"]):
            table.add_row(
                escape(case["name"]) if place == 0 else "", escape(f"{one['organisation_code']} {one['site_code']}"),
                f"{one['score']:.0f}", f"{one['rank']} of {one['among']}", f"{one['coverage']:.0%}",
                escape(after) if place == 0 else "",
            )  # fmt: skip
    console.print(table)


def event_told(event: dict[str, Any]) -> str:
    """One event in a line, with the page that states it: `2018-03 part sold 7.1 ha, 800 homes (HSJ)`."""
    area = f" {event['area_ha']:g} ha" if event["area_ha"] else ""
    homes = f", {event['homes']} homes" if event["homes"] else ""
    what = event["note"] if event["kind"] == "other" and event["note"] else event["kind"]
    return f"{event['date']} {what}{area}{homes} ({event['source_title']})"


def _print_outcome(outcome: dict[str, Any]) -> None:
    if not outcome["sites"]:
        console.print(f"\n[bold]{outcome['outcome']}[/bold]: the later edition does not ask")
        return
    console.print(
        f"\n[bold]{outcome['outcome']}[/bold]: {escape(outcome['meaning'])}; {outcome['happened']} of "
        f"{outcome['sites']} sites ({outcome['base_rate']:.1%}), at {outcome['trusts_where_it_happened']} of "
        f"{outcome['trusts']} trusts", soft_wrap=True,
    )  # fmt: skip
    table = Table("ranked by", "AUC", "95% by trusts", "95% by sites", "gain of the score, by trusts", "by sites",
                  box=None, pad_edge=False)  # fmt: skip
    for row in outcome["rankings"]:
        spans = (row["by_trusts"], row["by_sites"], row["gain_by_trusts"], row["gain_by_sites"])
        table.add_row(escape(row["ranking"]), _number(row["auc"]), *map(_span, spans))
    console.print(table)
    if outcome["not_surely_better_than"]:
        console.print(f"not surely better than: {'; '.join(outcome['not_surely_better_than'])}", soft_wrap=True)
    shares = ", ".join(f"{row['share']:.0%} of the first {row['k']}" for row in outcome["precision"])
    console.print(f"it happened to {shares}")


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:.3f}"


def _span(span: list[float] | None) -> str:
    return "" if span is None else f"{span[0]:.3f} to {span[1]:.3f}"


def _print_cut_off(found: dict[str, Any]) -> None:
    if found["declared_of_all"] is None or found["declared_above"] is None:
        return
    console.print(
        f"\nAt or above the cut-off of {found['cut_off']:g}: {counted(found['sites_above'], 'site')} "
        f"({found['share_above']:.0%}), of which {found['declared_above']:.0%} were declared, against "
        f"{found['declared_of_all']:.0%} of all; {found['declared_caught']:.0%} of all that were declared",
        soft_wrap=True,
    )


def _print_missed(found: dict[str, Any]) -> None:
    for row in found["base_rates"]:
        if row["sites"]:
            console.print(f"{row['kind']}: {row['declared']} of {row['sites']} sites declared ({row['share']:.0%}), "
                          f"AUC of the score among them {_number(row['auc_of_score'])}")  # fmt: skip
    table = Table("declared, and not foreseen", "score", "rank", "open land ha", "built, % of usual", "empty %",
                  "declared %", box=None, pad_edge=False)  # fmt: skip
    for row in found["not_foreseen"]:
        said = row["said"]
        cells = (said["open_land"], said["intensity"], said["vacancy"], row["declared_pct"])
        table.add_row(escape(f"{row['site_code']} {row['name']}"), f"{row['score']:.0f}", str(row["rank"]),
                      *("" if cell is None else f"{cell:g}" for cell in cells))  # fmt: skip
    if found["not_foreseen"]:
        console.print(table)
