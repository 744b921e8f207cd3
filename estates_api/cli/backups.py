"""`estates backup` and `estates restore`: the whole record in one file, and back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from estates_api.cli.session import console, open_engine, open_session
from estates_api.domain.values import counted
from estates_api.settings import read_settings
from estates_api.workflows import backup as backups


def backup(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it; an older one is replaced.")],
) -> None:
    """Save everything to one file while the service runs: data, methods, assessments, frozen lists, decisions, audit.

    It holds what is not public: keep it as safe as the database.
    """
    with open_session() as session:
        told = backups.backup(session.engine, path, now=datetime.now(UTC))
    size = told["dump"]["bytes"] / 1e6
    console.print(f"{escape(str(path))}: {counted(len(told['editions']), 'edition')}, "
                  f"{counted(len(told['shortlists']), 'frozen list')}, {size:.1f} MB", soft_wrap=True)  # fmt: skip


def restore(path: Annotated[Path, typer.Argument(metavar="FILE", help="A backup made by `estates backup`.")]) -> None:
    """Fill an empty database from a backup, and prove by hashes that every edition and frozen list came back.

    Then every published list is verified with all that it rests on; exit code 1 when one does not.
    """
    with open_engine(read_settings()) as engine:
        done = backups.restore(engine, path)
    console.print(
        f"restored as of {done.made_at}: {counted(done.editions, 'edition')}, "
        f"{counted(done.shortlists, 'frozen list')}, all with their hashes"
        f"{'; schema brought up to date' if done.upgraded else ''}"
    )
    console.print(f"{counted(done.verified, 'published list')} verified", soft_wrap=True)
    for line in done.failed:
        console.print(f"  [red]FAIL[/red] {escape(line)}", soft_wrap=True)
    raise typer.Exit(bool(done.failed))
