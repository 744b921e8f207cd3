"""Files that this process built, and how they are sent: kept as long as there is room, removed when it ends."""

import asyncio
import shutil
import weakref
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

from starlette.responses import FileResponse

KEPT_FILES = 24


class Sent(FileResponse):
    """A file as it is sent: a megabyte at a time, since each piece takes a thread to read (0.2 ms)."""

    chunk_size = 1024 * 1024


@dataclass(slots=True, weakref_slot=True)
class Files:
    """The files that this process built and keeps, in a folder of its own."""

    folder: Path | None = None
    kept: OrderedDict[tuple[Any, ...], Path] = field(default_factory=OrderedDict)
    locks: dict[tuple[Any, ...], asyncio.Lock] = field(default_factory=dict)

    def new(self, suffix: str) -> Path:
        """A path that nothing has."""
        if self.folder is None:
            self.folder = Path(mkdtemp(prefix="estates-files-"))
            weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        return self.folder / f"{uuid4().hex}.{suffix}"

    def get(self, key: tuple[Any, ...]) -> Path | None:
        """The file of that key where it is kept."""
        path = self.kept.get(key)
        return path if path is not None and path.exists() else None

    def keep(self, key: tuple[Any, ...], path: Path) -> None:
        """Keep a file; one that is being sent stays readable until it is sent."""
        self.kept[key] = path
        while len(self.kept) > KEPT_FILES:
            with suppress(FileNotFoundError):
                self.kept.popitem(last=False)[1].unlink()

    def close(self) -> None:
        """Remove them all."""
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder = None
