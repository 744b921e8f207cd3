"""Databases that differ in nothing but what is withheld: the same public data, made up at random, beside no secrets,
beside those of partners, and beside those of owners too.

A secret is a site, value, owner, event, judgement, outline, plot, decision, need or file that fewer may see. Each
carries words and numbers that stand nowhere else (canaries). Where a secret withholds a site that is there in every
database, the databases differ in what it says; where it is a whole site or step, in whether it is there.
"""

import csv
import io
import random
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, Literal

import geopandas
import pyogrio
import shapely

Level = Literal["partner", "owner"]
Row = dict[str, Any]

TRUSTS = {"RAL": "Royal Free London", "RRP": "Barnet, Enfield and Haringey", "RAP": "North Middlesex"}
COUNCILS = {"E09000003": "London Borough of Barnet", "E09000010": "London Borough of Enfield",
            "E09000014": "London Borough of Haringey"}  # fmt: skip
NAMES = TRUSTS | COUNCILS
CENTRES = ((523_500, 190_500), (529_000, 184_500), (534_000, 194_500), (532_500, 189_500), (531_000, 185_500))
"""Places in the five boroughs."""

_LETTERS = "BCDFGHJKLMNPRSTVWX"


@dataclass(frozen=True, slots=True)
class File:
    """A file to hand in, under a sensitivity. `parcels`: outlines, as (holding code, organisation, square)."""

    name: str
    content: bytes = b""
    sensitivity: str = "public"
    parcels: tuple[tuple[str, str, shapely.Polygon], ...] = ()
    url: str | None = None


@dataclass(slots=True)
class Data:
    """What one database is given, in this order: files, then decisions by (site, body), then needs."""

    files: list[File] = field(default_factory=list)
    decisions: list[tuple[str, Row]] = field(default_factory=list)
    needs: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Secret:
    """A withheld thing: who may see it, whose it is, the words and numbers that only it has, and by what it is asked
    for."""

    level: Level
    owner: str
    words: tuple[str, ...]
    numbers: tuple[int, ...] = ()
    ref: str = ""


class Making:
    """Random data, the same for the same seed. `half_told`: sites that everybody sees, on which steps are withheld."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.secrets: list[Secret] = []
        self.half_told: list[str] = []
        self._taken: set[Any] = set()

    def word(self) -> str:
        """A word that is nowhere else."""
        while (made := "Q" + "".join(self.random.choices(_LETTERS, k=6))) in self._taken:
            pass
        self._taken.add(made)
        return made

    def number(self) -> int:
        """A number that is nowhere else: as the whole part of a figure."""
        while (made := self.random.randrange(1_000_000, 9_999_999)) in self._taken or made % 1000 == 0:
            pass
        self._taken.add(made)
        return made

    def place(self) -> tuple[float, float]:
        """A place in the area."""
        east, north = self.random.choice(CENTRES)
        return east + self.random.uniform(-1400, 1400), north + self.random.uniform(-1400, 1400)

    def row(self, code: str, organisation: str, at: tuple[float, float] | None = None, **more: Any) -> Row:
        """A holding with figures enough to be scored, where nothing else is said."""
        pick, east_north = self.random, at or self.place()
        gia = pick.randrange(400, 22_000)
        figures: Row = {
            "gia_m2": gia, "occupied_m2": round(gia * pick.uniform(0.3, 1)), "empty_pct": round(pick.uniform(0, 60), 1),
            "underused_pct": round(pick.uniform(0, 30), 1), "land_owned_ha": round(pick.uniform(0.1, 6), 2),
            "backlog_high_gbp": pick.randrange(0, 900_000), "backlog_significant_gbp": pick.randrange(0, 900_000),
            "cleaning_cost_gbp": pick.randrange(1_000, 90_000), "void_cost_gbp": pick.choice(["", 12_500, 80_000]),
            "tenure": pick.choice(["freehold", "leasehold", ""]), "interest": pick.choice(["freeholder"] * 3 + [""]),
            "current_use": pick.choice(["clinic", "offices", "vacant", ""]),
        }  # fmt: skip
        return {
            "organisation_code": organisation, "organisation_name": NAMES.get(organisation, organisation),
            "sector": "council" if organisation in COUNCILS else "NHS", "holding_code": code, "name": f"Site {code}",
            "address": "1 Made Street", "uprn": pick.randrange(10**10, 10**11), "easting": round(east_north[0], 1),
            "northing": round(east_north[1], 1),
        } | figures | more  # fmt: skip


def rows_file(name: str, rows: list[Row], sensitivity: str = "public", *, period: tuple[str, str]) -> File:
    """A file in our own template, from rows, for a period."""
    dated = [row | {"period_start": period[0], "period_end": period[1]} for row in rows]
    return File(name, _csv(dated), sensitivity)


def _csv(rows: list[Row]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


OLD, NEW, LAST = ("2016-04-01", "2017-03-31"), ("2025-04-01", "2026-03-31"), ("2026-04-01", "2026-09-30")
GROUP = 5
"""Sites of the public data that each group of secrets says something of, in every database."""
GROUPS: tuple[tuple[Level, str], ...] = (("partner", "RAP"), ("owner", "RAL"), ("owner", "RRP"))
"""The groups of secrets, in the order in which they are handed in: for whom, and whose."""
BYSTANDER = "E09000010"
"""An organisation of which nothing is withheld where there are no secrets."""
OPEN = GROUP * len(GROUPS)
"""The first row of the public data that nothing private is said of."""
PROPOSED = slice(OPEN + 8, None, 3)
"""The rows of the public data on whose sites a public step is taken, where their owner can: no other of its kind."""


def public_data(made: Making, sites: int) -> tuple[Data, list[Row]]:
    """What everybody may see: two returns, events, outlines, decisions and needs; and its rows."""
    owners = [owner for _, owner in GROUPS for _ in range(GROUP)]
    owners += [made.random.choice([*NAMES]) for _ in range(sites - OPEN)]
    rows = [made.row(f"P{number:03}", owner) for number, owner in enumerate(owners)]
    older = [row | {"gia_m2": row["gia_m2"] + 10, "backlog_high_gbp": row["backlog_high_gbp"] // 2} for row in rows]
    events = [_event(row["holding_code"], row, made.random.choice(KINDS)) for row in rows[OPEN : OPEN + 8]]
    drawn = tuple((row["holding_code"], row["organisation_code"], square(row)) for row in rows[::2])
    files = [
        rows_file("older.csv", older[: sites * 2 // 3], period=OLD), rows_file("returns.csv", rows, period=NEW),
        File("events.csv", _csv(events)), File("parcels.gpkg", parcels=drawn),
    ]  # fmt: skip
    steps = [(f"NCL-{row['holding_code']}", decision(row["organisation_code"], "board", "it is empty"))
             for row in rows[PROPOSED] if row["interest"] == "freeholder"]  # fmt: skip
    needs = [need(f"OPEN-{number}", borough, 150 * number)
             for number, borough in enumerate(("Barnet", "Enfield; Haringey", "Camden"), start=1)]  # fmt: skip
    return Data(files, steps, needs), rows


def later_data(rows: list[Row]) -> Data:
    """What is handed in for everybody after all that is withheld: a return in which not everything can be read."""
    stated = [row | {"gia_m2": row["gia_m2"] + 7} for row in rows[OPEN : OPEN + 6]]
    return Data([rows_file("later.csv", [*stated, stated[0] | {"gia_m2": "large"}], period=LAST)])


KINDS = ("marketed", "planning permission", "part sold", "declared surplus")


def _event(word: str, row: Row, kind: str, **more: Any) -> Row:
    return {"site_name": row["name"], "organisation_code": row["organisation_code"], "event": kind,
            "holding_code": row["holding_code"], "event_date": "2025-01", "note": word, "source_title": word,
            "source_url": f"https://example.org/{word}", **more}  # fmt: skip


def square(row: Row, side: float = 60) -> shapely.Polygon:
    """A parcel around a holding's position."""
    east, north = row["easting"], row["northing"]
    return shapely.box(east - side / 2, north - side / 2, east + side / 2, north + side / 2)


def decision(organisation: str, body: str, reason: str, **more: Any) -> Row:
    """A site proposed as surplus."""
    return {"step": "propose", "organisation": organisation, "body": body, "decided_on": "2024-02-01",
            "minute_reference": "12/3", "reason": reason, "by": "A Clerk", **more}  # fmt: skip


def need(id_: str, boroughs: str, least: float, **more: Any) -> Row:
    """Space that is looked for."""
    return {"need": id_, "organisation_code": "RAL", "organisation_name": "Royal Free London", "service": "Hub",
            "floor_area_low_m2": least, "boroughs": boroughs, "by": "A Board", **more}  # fmt: skip


def said_of(made: Making, rows: list[Row], level: Level, owner: str) -> list[File]:
    """A value, an owner, an event, a judgement and an outline, each of a site of its own, for few."""
    word, number = made.word(), made.number()
    value, interest, event, judged, drawn = rows
    names = ("organisation_code", "organisation_name", "sector", "holding_code", "name")
    stated = {name: value[name] for name in names} | {"backlog_high_gbp": number, "current_use": word, "label": word}
    owned = {name: interest[name] for name in names} | {"interest": "head lessee", "label": f"o{word}"}
    place = {"place": judged["holding_code"], "place_name": f"Judged {word}", "postcode": "", "address": word,
             "organisation_code": judged["organisation_code"], "holding_code": judged["holding_code"],
             "evidence": f"a letter {word}"}  # fmt: skip
    made.secrets += [Secret(level, owner, (word,), (number,), f"NCL-{row['holding_code']}") for row in rows]
    parcel = drawn["holding_code"], drawn["organisation_code"], square(drawn, 84)
    return [
        File(f"plots-{level}-{owner}-2025-26.csv", _plots(word, number, f"{level}-{owner}", value)),
        rows_file(f"{word}-value.csv", [stated], level, period=NEW),
        rows_file(f"{word}-owner.csv", [owned], level, period=NEW),
        File(f"{word}-event.csv", _csv([_event(word, event, "sold", receipt_gbp=number)]), level),
        File(f"{word}-place.csv", _csv([place]), level),
        File(f"{word}-parcel.gpkg", b"", level, (parcel,)),
    ]


def _plots(word: str, number: int, group: str, near: Row) -> bytes:
    """A public file of plots: one for everybody, and two that are sensitive, one of an organisation that has no public
    plot in it and one of an organisation that nobody else has named. Its hash begins as that of its like in every
    database: what is told in the order of hashes stays in this order."""
    kept = {"Status": "Surplus", "Easting": near["easting"], "Northing": near["northing"]}
    plain = {"Trust code": "RAL", "Trust name": NAMES["RAL"], "Plot": f"OPEN-{group}", "Area (ha)": 0.4,
             "Market value": 1000, "Sensitive": "No"}  # fmt: skip
    quiet = {"Area (ha)": 1.5, "Market value": number, "Sensitive": "Yes"}
    known = {"Trust code": "RRP" if word < "QN" else "RAP", "Trust name": f"Known {word}", "Plot": f"{word}P"}
    new = {"Trust code": word[:5], "Trust name": f"Plot {word}", "Plot": f"{word}R"}
    tried = (_csv([plain | kept, quiet | known | kept, quiet | new | kept | {"Notes": one}]) for one in count())
    return next(made for made in tried if sha256(made).hexdigest().startswith(HASHED[group]))


HASHED = {f"{level}-{owner}": f"{place:03x}" for place, (level, owner) in enumerate(GROUPS)}
"""How the hash of the plots of each group of secrets begins."""


def new_secrets(made: Making, rows: list[Row], level: Level, owner: str) -> Data:
    """Whole sites that only few know of: beside public ones, better than all, one of an organisation that nobody else
    has named; a row that cannot be read; an event; steps on public sites; a need."""
    word, number = made.word(), made.number()
    beside = made.random.sample(rows[OPEN:], 3)
    fresh = [
        made.row(f"{word}{index}", owner if index < 2 else BYSTANDER,
                 (row["easting"] + 61, row["northing"]), name=f"{made.word()} {word}",
                 address=f"2 {word} Road", backlog_high_gbp=number, void_cost_gbp=number + 1, interest="freeholder",
                 gia_m2=21_000, occupied_m2=500, empty_pct=97, land_owned_ha=7.5, tenure="freehold",
                 current_use=f"{word} vacant")
        for index, row in enumerate(beside)
    ]  # fmt: skip
    quiet = made.row(f"{word}Z", word[:5], name=f"Quiet {word}", organisation_name=f"Quiet Trust {word}")
    bad = fresh[1] | {"holding_code": f"{word}B", "name": f"Bad {word}", "gia_m2": f"{word} m2"}
    made.secrets += [Secret(level, row["organisation_code"], (word, row["name"]), (number, number + 1),
                            f"NCL-{row['holding_code']}") for row in (*fresh, quiet)]  # fmt: skip
    drawn = tuple((row["holding_code"], row["organisation_code"], square(row)) for row in fresh)
    files = [
        rows_file(f"{word}.csv", [*fresh, quiet, bad], level, period=NEW),
        File(f"{word}-events.csv", _csv([_event(word, fresh[0], "marketed")]), level),
        File(f"{word}-parcels.gpkg", b"", level, drawn),
    ]
    said = {"body": f"Board {word}", "reason": f"because {word}", "sensitivity": level}
    theirs = [row for row in rows[OPEN:] if row["organisation_code"] == owner and row["interest"] == "freeholder"]
    free = [row for row in theirs if row not in rows[PROPOSED]]
    steps = [(f"NCL-{row['holding_code']}", decision(owner, **said)) for row in free[:3]]
    made.half_told += [site for site, _ in steps]
    wants = [need(f"{word}-1", "Barnet; Enfield; Haringey; Camden", 160, sensitivity=level, service=f"Quiet {word}",
                  organisation_code=owner, floor_area_high_m2=number / 10)]  # fmt: skip
    return Data(files, steps, wants)


def parcels_file(file: File, folder: Path) -> Path:
    """The outlines of a file, written: the same bytes for the same outlines."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2026-01-01T00:00:00Z"})  # which GDAL writes into the file
    path = folder / file.name
    path.unlink(missing_ok=True)
    rows = [{"holding_code": code, "organisation_code": organisation, "geometry": shape}
            for code, organisation, shape in file.parcels]  # fmt: skip
    geopandas.GeoDataFrame(rows, crs=27700).to_file(path)
    return path
