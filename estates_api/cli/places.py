"""`estates judge`, `questions`, `withdraw` and `restore`: what a person says of places."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from estates_api.cli.session import console, open_session
from estates_api.domain.values import counted
from estates_api.errors import BadInput
from estates_api.store.database import transaction
from estates_api.store.judgements import list_questions
from estates_api.workflows import judge as judging

Because = Annotated[str, typer.Option("--because", help="Why, in words that everybody may read.")]
Holding = Annotated[str, typer.Argument(help="A holding's code, or ORGANISATION:CODE.", metavar="CODE")]
Reference = Annotated[str, typer.Argument(help="A site's reference, such as NCL-RRP03.", metavar="SITE")]


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("judge")(judge)
    app.command("questions")(questions)
    app.command("withdraw")(withdraw)
    app.command("reinstate")(reinstate)


def judge(
    one: Holding, other: Holding, because: Because, *,
    same: Annotated[bool, typer.Option("--same", help="They are one place.")] = False,
    different: Annotated[bool, typer.Option("--different", help="They are two places.")] = False,
) -> None:  # fmt: skip
    """Say that two holdings are one place, or two. It is done at once, and survives every later import."""
    if same == different:
        raise BadInput("say either --same or --different")
    word = judging.Word("same" if same else "different", because)
    with open_session() as session, transaction(session.engine) as connection:
        done = judging.judge(connection, one, other, word, session.area)
    for key, ref in ((done.one, done.one_ref), (done.other, done.other_ref)):
        console.print(escape(f"{key[1]} of {key[0]}: {ref or 'recorded; it counts when the holding is handed in'}"))
    console.print(f"{counted(done.moved, 'holding')} moved")


def questions() -> None:
    """List the pairs of holdings that may be one place and that nobody has judged, the likeliest first."""
    with open_session() as session, transaction(session.engine) as connection:
        rows = list_questions(connection)
    table = Table("one", "other", "what speaks for it", box=None, pad_edge=False)
    for row in rows:
        one = f"{row['organisation_code']}:{row['holding_code']} {row['name']}"
        other = f"{row['other_organisation_code']}:{row['other_holding_code']} {row['other_name']}"
        table.add_row(escape(one), escape(other), escape(row["evidence"]))
    if rows:
        console.print(table)
    hint = "; answer one with: estates judge ONE OTHER --same" if rows else ""
    console.print(f"{counted(len(rows), 'open question')}{hint}")


def withdraw(site: Reference, because: Because) -> None:
    """Show a site no more: who asks for it is told that it is gone, and why."""
    with open_session() as session, transaction(session.engine) as connection:
        judging.withdraw(connection, site.strip(), because)
    console.print(escape(f"{site} is withdrawn; take that back with: estates reinstate {site} --because …"))


def reinstate(site: Reference, because: Because) -> None:
    """Show a site again that was withdrawn."""
    with open_session() as session, transaction(session.engine) as connection:
        judging.restore(connection, site.strip(), because)
    console.print(escape(f"{site} is shown again"))
