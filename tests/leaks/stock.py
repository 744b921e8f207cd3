"""Databases with and without what is withheld (worlds.py), given their data through the doors that people use."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from sqlalchemy import URL, Engine, make_url, text
from worlds import (
    GROUP,
    GROUPS,
    Data,
    File,
    Making,
    Secret,
    later_data,
    new_secrets,
    parcels_file,
    public_data,
    said_of,
)

from estates_api.domain.area import Area
from estates_api.domain.decision_form import parse_stated
from estates_api.domain.decision_rules import ADMINISTRATOR, Actor
from estates_api.domain.keys import Holder, key_hash, write_key
from estates_api.domain.method_file import parse_method
from estates_api.domain.quarters import Quarter, quarter_of
from estates_api.errors import Conflict
from estates_api.settings import ROOT
from estates_api.store.database import make_engine, transaction
from estates_api.store.keys import add_key
from estates_api.workflows.decide import Terms, record_decision
from estates_api.workflows.needs import Given, add_needs
from estates_api.workflows.origin import Origin
from estates_api.workflows.outline import outline
from estates_api.workflows.shortlist import Publication, publish

METHOD_BYTES = (ROOT / "data/methods/ncl-1.toml").read_bytes()
METHOD = parse_method(METHOD_BYTES, "ncl-1.toml")
BOARD = Publication("A Board", allow_stale="the data are made up")
CLERK = Actor("A Clerk", roles=frozenset({ADMINISTRATOR}))
TODAY = datetime.now(UTC).date()
EARLIER, LATER = Quarter(2026, 2), Quarter(2026, 3)
SITES = 44


@dataclass
class Worlds:
    """One set of public data in databases that differ in what is withheld, made when they are asked for. The one that
    knows of no group of secrets has other words in the same private files, and no private sites; each next one has the
    secrets of one group more (worlds.GROUPS). `secrets` are those of the last; `codes`: holdings that are in each;
    `half_told`: sites that are in each, and on which the secrets are steps."""

    make: Callable[[int], str]
    secrets: tuple[Secret, ...]
    codes: tuple[str, ...]
    half_told: tuple[str, ...]
    stock: "Stock"
    made: dict[int, Engine] = field(default_factory=dict)

    def engine(self, known: int) -> Engine:
        """The database that knows of so many groups."""
        if known not in self.made:
            self.made[known] = self.stock.open(self.make(known))
        return self.made[known]

    def editions(self) -> tuple[str, ...]:
        """The ids of the public files that are in each, and of all that are not public."""
        listed = []
        for known in (0, len(GROUPS)):
            with self.engine(known).connect() as connection:
                query = text("SELECT left(sha256, 12), sensitivity = 'public' FROM edition ORDER BY id")
                listed.append({row[0]: row[1] for row in connection.execute(query)})
        without, withheld = listed
        return tuple(one for one, public in (without | withheld).items()
                     if not public or (one in without and one in withheld))  # fmt: skip

    def copy(self, known: int) -> Engine:
        """One that a test may spoil."""
        made = self.engine(known)
        made.dispose()
        return self.stock.copy(made.url)


def give_key(engines: Sequence[Engine], holder: Holder) -> str:
    """A key that is the same in several databases."""
    key = write_key(token_hex(4), token_hex(32))
    for engine in engines:
        with transaction(engine) as connection:
            add_key(connection, key.split("_")[1], key_hash(key), holder)
    return key


@dataclass
class Stock:
    """Gives databases their data, through the doors that people use."""

    area: Area
    hand_in: Callable[..., Any]
    draft: Callable[..., Any]
    folder: Path
    copied: Callable[[str], AbstractContextManager[str]]
    held: ExitStack = field(default_factory=ExitStack)

    def open(self, url: str) -> Engine:
        """A database, for as long as the session lives."""
        engine = make_engine(url)
        self.held.callback(engine.dispose)
        return engine

    def copy(self, url: URL) -> Engine:
        """A copy of a database that nobody has open."""
        return self.open(self.held.enter_context(self.copied(str(url.database))))

    @property
    def terms(self) -> Terms:
        """What decisions are held against."""
        return Terms(self.area, METHOD, TODAY)

    def give(self, engine: Engine, data: Data) -> None:
        """Hand all of it in."""
        for file in data.files:
            self._file(engine, file)
        for site, body in data.decisions:
            with transaction(engine) as connection:
                try:
                    record_decision(connection, site, parse_stated(body), actor=CLERK, terms=self.terms)
                except Conflict as refused:
                    assert refused.rule  # noqa: PT017 -- a step that cannot be taken is no secret
        with transaction(engine) as connection:
            for need in data.needs:
                said = {name: str(value) for name, value in need.items() if name != "by"}
                add_needs(connection, [Given(1, said)], str(need["by"]))

    def _file(self, engine: Engine, file: File) -> None:
        origin: dict[str, Any] = {} if file.sensitivity == "public" else {"sensitivity": file.sensitivity}
        if not file.parcels:
            self.hand_in(engine, file.name, file.content, **origin)
            return
        with transaction(engine) as connection:
            outline(connection, parcels_file(file, self.folder), area=self.area, origin=Origin(**origin))

    def list_quarters(self, engine: Engine, *quarters: Quarter) -> None:
        """Draw lists up; the past ones are published."""
        for quarter in quarters:
            with transaction(engine) as connection:
                self.draft(connection, quarter)
            if quarter.end < TODAY:
                with transaction(engine) as connection:
                    publish(connection, quarter, BOARD, area=self.area, method=METHOD)


def make_world(stock: Stock, template: str, seed: int) -> Worlds:
    """One set of public data: its databases are made when they are asked for."""
    data, rows = public_data(Making(seed), SITES)
    base = stock.held.enter_context(stock.copied(template))
    engine = make_engine(base)
    stock.give(engine, data)
    stock.list_quarters(engine, EARLIER)
    engine.dispose()
    true, other = (_secrets(rows, seed + shift) for shift in (1000, 2000))
    codes = tuple(str(row["holding_code"]) for row in rows)
    return Worlds(
        lambda known: _world(stock, base, rows, (true, other), known=known), tuple(true[0].secrets), codes,
        tuple(true[0].half_told), stock,
    )  # fmt: skip


Groups = tuple[Making, Sequence[tuple[list[File], Data]]]


def _secrets(rows: list[dict[str, Any]], seed: int) -> Groups:
    made = Making(seed)
    found = []
    for number, (level, owner) in enumerate(GROUPS):
        said = said_of(made, rows[number * GROUP : (number + 1) * GROUP], level, owner)
        found.append((said, new_secrets(made, rows, level, owner)))
    return made, found


def _world(stock: Stock, base: str, rows: list[dict[str, Any]], secrets: tuple[Groups, Groups], *, known: int) -> str:
    """The URL of a database in which the first so many groups of secrets are the true ones, and of the others is only
    there what withholds the same sites."""
    url = stock.held.enter_context(stock.copied(str(make_url(base).database)))
    true, other = secrets
    engine = make_engine(url)
    for number in range(len(GROUPS)):
        stock.give(engine, Data((true if number < known else other)[1][number][0]))
    for _, fresh in true[1][:known]:
        stock.give(engine, fresh)
    stock.give(engine, later_data(rows))
    stock.list_quarters(engine, LATER, quarter_of(TODAY))
    engine.dispose()
    return url
