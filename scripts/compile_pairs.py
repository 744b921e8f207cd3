"""Write tests/samples/labelled_pairs.csv: pairs of records that are one place, or are not, each with what says so.

Run: python scripts/compile_pairs.py PUBLISHED_FOLDER tests/samples/labelled_pairs.csv

PUBLISHED_FOLDER holds eric/, ods/ and the compiled tables (publishers and licences in its MANIFEST). No label comes
from the matcher: one place is the same ODS code (which is then hidden), the same numbered street and postcode, or a
merger by which a site's return moved to another trust; two places are two codes in one return, two house numbers, or
places named below with what is known of them. The same input gives the same bytes.
"""

import argparse
import csv
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields, replace
from itertools import combinations
from pathlib import Path

from convertbng.cutil import convert_bng

EDITIONS = ("2013-14", "2014-15", "2016-17")
COMMON_WORDS = "hospital hospitals health centre community clinic house unit general the and for road site"
COMMON = frozenset(COMMON_WORDS.split())

# Trusts that were carried on by another, and returned nothing more in 2016-17; NHS Digital's ODS has the dates.
MERGERS = {"RVL": "RAL", "R1G": "RA9", "RJX": "RW4", "RFW": "RQM", "RJD": "RL4"}

# One name, places far apart: the towns are those of the trusts.
ELSEWHERE = [
    ("R1F01", "RHU02", "Newport, Isle of Wight; Portsmouth"), ("R1F01", "RYJ01", "Newport, Isle of Wight; London"),
    ("RHU02", "RYJ01", "Portsmouth; London"), ("RRP47", "RYG79", "Enfield; Warwickshire"),
    ("RA707", "REF02", "Bristol; Hayle, Cornwall"), ("RL4CD", "RX3MM", "Wolverhampton; Darlington"),
    ("RL4CD", "RXX92", "Wolverhampton; Epsom"), ("RX3MM", "RXX92", "Darlington; Epsom"),
    ("NAX01", "RX467", "Great Yarmouth; Morpeth"), ("RMY03", "RX467", "Great Yarmouth; Morpeth"),
    ("R1K60", "RWV30", "Ealing; Devon"),
]  # fmt: skip

# Two or three trusts at one place (domain.md 1.5, data/catalogue/places.csv).
TOGETHER = [
    ("TAF01", "RV3DY", "NW1 0PE"), ("RRP01", "RYX24", "HA8 0AD"), ("RRP01", "RALRA", "HA8 0AD"),
    ("RYX24", "RALRA", "HA8 0AD"), ("RALC7", "RRP02", "EN2 8JL"), ("RVLC7", "RRP02", "EN2 8JL"),
    ("RAL26", "RRP09", "EN5 3DJ"), ("RVL01", "RRP09", "EN5 3DJ"),
]  # fmt: skip


@dataclass(frozen=True)
class Side:
    """One record as the matcher gets it."""

    organisation_code: str
    code: str
    name: str
    postcode: str = ""
    address: str = ""
    easting: str = ""
    northing: str = ""
    precision: str = ""
    gia_m2: str = ""
    kin: str = ""


@dataclass(frozen=True)
class Pair:
    """Two records, what they are, and why that is known."""

    label: str
    why: str
    source: str
    one: Side
    other: Side


class Published:
    """The published tables, by code."""

    def __init__(self, folder: Path) -> None:
        self.eric = {year: _read(folder / f"eric/eric_{year}_site_england_part.csv") for year in EDITIONS}
        self.places = {row["site_code"]: row for row in _read(folder / "ncl_nhs_sites.csv") if row["site_code"]}
        self.hospitals = _read(folder / "ods/nhs_choices_hospital_ncl_raw_cp1252.csv", "cp1252", "¬")
        with (folder / "ods/epraccur_ncl_raw.csv").open(encoding="utf-8", newline="") as file:
            self.practices = list(csv.reader(file))
        self.council = _read(folder / "ncl_council_assets.csv")
        points = _read(folder / "geo/ncl_postcodes_codepoint_open.csv")
        self.points = {_postcode(row): row for row in points}
        self.returns = [
            row | {"year": year} for year in EDITIONS for row in self.eric[year] if row["Site Code"] != "AGGRE"
        ]

    def side(self, row: dict[str, str], **changes: str) -> Side:
        """A row of ERIC; with the place that the compiled table gives for its code, since ERIC gave none then."""
        place = self.places.get(row["Site Code"], {})
        gia = next((row[name] for name in row if name.startswith("Gross internal")), "")
        side = Side(row["Organisation Code"], row["Site Code"], row["Site Name"], gia_m2=gia if _number(gia) else "")
        return replace(self.at(side, place.get("postcode", "")), **changes)

    def at(self, side: Side, postcode: str) -> Side:
        """A record with a postcode, and the position of that."""
        row = self.points.get(postcode)
        point = {"easting": row["easting"], "northing": row["northing"], "precision": "postcode"} if row else {}
        return replace(side, postcode=postcode, **point)


def _read(path: Path, encoding: str = "utf-8-sig", delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def _postcode(row: dict[str, str]) -> str:
    name = next(name for name in ("pcds", "postcode", "Postcode") if name in row)
    return row[name]


def _number(text: str) -> bool:
    return re.fullmatch(r"[0-9.]+", text) is not None and float(text) > 0


def _words(name: str) -> set[str]:
    return set(re.findall(r"[a-z]{4,}", name.lower().replace("'", ""))) - COMMON


def list_pairs(known: Published) -> Iterator[Pair]:
    """Every pair, in an order of its own."""
    yield from hospital_pairs(known)
    yield from merged_pairs(known)
    yield from drifted_pairs(known)
    yield from told_apart_pairs(known)
    yield from practice_pairs(known)
    yield from named_pairs(known)
    yield from council_pairs(known)


def hospital_pairs(known: Published) -> Iterator[Pair]:
    """ERIC's names against the NHS hospital list: the same ODS code, hidden, is one place; the nearest others not."""
    rows = {row["OrganisationCode"]: row for row in known.hospitals}
    names = defaultdict(dict)
    for row in known.returns:
        names[row["Site Code"]].setdefault(" ".join(row["Site Name"].split()).upper(), row)
    for code, place in known.places.items():
        names[code].setdefault(place["name"].upper(), {"Organisation Code": place["trust_code"], "Site Code": code,
                                                       "Site Name": place["name"]})  # fmt: skip
    for code, row in rows.items():
        for eric in names.get(code, {}).values() if code in known.places else ():
            why = f"both are ODS {code}; the list's own code and trust are hidden"
            yield Pair("same", why, "ERIC or compiled table / NHS hospital list 2018", known.side(eric), _listed(row))
    for one, other in combinations(sorted(known.places), 2):
        if other in rows and _near(known.places[one], known.places[other]) and (one, other) not in _together():
            side = known.side(next(iter(names[one].values())))
            yield Pair("different", f"ODS {one} and {other}, two places", "compiled table / NHS hospital list 2018",
                       side, _listed(rows[other]))  # fmt: skip


def _together() -> set[tuple[str, str]]:
    """Codes that the compiled tables put at one place, in both orders."""
    shared = [pair[:2] for pair in TOGETHER]
    shared += [("RRP03", "RKEAN"), ("RKE54", "TAF02"), ("RRV03", "RRVCC"), ("RVLC7", "RALC7"), ("RVL01", "RAL26")]
    return {pair for one, other in shared for pair in ((one, other), (other, one))}


def _near(one: dict[str, str], other: dict[str, str]) -> bool:
    if not one["easting"] or not other["easting"]:
        return False
    return (
        abs(int(one["easting"]) - int(other["easting"])) < 900
        and abs(int(one["northing"]) - int(other["northing"])) < 900
    )


def _listed(row: dict[str, str]) -> Side:
    address = ", ".join(row[name].strip() for name in ("Address1", "Address2", "Address3", "City") if row[name].strip())
    side = Side("NHSWEB", f"H{row['OrganisationID']}", row["OrganisationName"], row["Postcode"], address)
    if not row["Longitude"].strip():
        return side
    eastings, northings = convert_bng([float(row["Longitude"])], [float(row["Latitude"])])
    return replace(side, easting=f"{eastings[0]:.0f}", northing=f"{northings[0]:.0f}", precision="uprn")


def merged_pairs(known: Published) -> Iterator[Pair]:
    """A site under its old trust's code, and the same name under the code of the trust that carried it on."""
    old = [row for row in known.returns if row["Organisation Code"] in MERGERS and row["year"] != "2016-17"]
    new = [row for row in known.returns if row["Organisation Code"] in MERGERS.values() and row["year"] == "2016-17"]
    seen = set()
    for before in old:
        for after in new:
            code, heir = before["Organisation Code"], after["Organisation Code"]
            pair = (before["Site Code"], after["Site Code"])
            if MERGERS[code] != heir or pair in seen:
                continue
            seen.add(pair)
            sides = known.side(before, kin=heir), known.side(after, kin=code)
            if _words(before["Site Name"]) and _words(before["Site Name"]) == _words(after["Site Name"]):
                yield Pair(
                    "same", f"{code} became part of {heir}, which returns the same name", "ERIC editions", *sides
                )
            elif before["Site Code"][3:] == after["Site Code"][3:]:
                yield Pair("different", f"{code} became part of {heir}: one ending, two names", "ERIC editions", *sides)


def drifted_pairs(known: Published) -> Iterator[Pair]:
    """One code whose name changed between editions, as if a trust with another code had carried the site on."""
    first: dict[str, dict[str, str]] = {}
    for row in known.returns:
        code, before = row["Site Code"], first.setdefault(row["Site Code"], row)
        name, earlier = (" ".join(each["Site Name"].upper().split()) for each in (row, before))
        # Kentmere is at Westmorland in one edition and at Furness in another: nobody can tell.
        if name == earlier or not _words(name) & _words(earlier) or code == "RNNWG" or code in known.places:
            continue
        old = replace(known.side(before), organisation_code=f"{code[:3]}0", code=f"{code[:3]}0-OLD", kin=code[:3])
        yield Pair("same", f"both are ODS {code}, {before['year']} and {row['year']}; shown as a carried-on code",
                   "ERIC editions", old, known.side(row))  # fmt: skip
        first[code] = row


def told_apart_pairs(known: Published) -> Iterator[Pair]:
    """Two codes of one return whose names share a word, as if two trusts that carry each other on had returned them."""
    taken: dict[str, int] = defaultdict(int)
    by_trust = defaultdict(list)
    for row in known.returns:
        if row["year"] == "2016-17":
            by_trust[row["Organisation Code"]].append(row)
    for trust, rows in sorted(by_trust.items()):
        for one, other in combinations(rows, 2):
            if _words(one["Site Name"]) & _words(other["Site Name"]) and taken[trust] < 2:
                taken[trust] += 1
                moved = replace(known.side(other), organisation_code=f"{trust}0", code=f"{trust}0-B", kin=trust)
                yield Pair("different", f"{one['Site Code']} and {other['Site Code']} in one return; shown as kin",
                           "ERIC 2016-17", known.side(one), moved)  # fmt: skip


def practice_pairs(known: Published) -> Iterator[Pair]:
    """Practices and services at one postcode: one place by number and street, two by two numbers in it."""
    groups = defaultdict(list)
    for row in known.practices:
        address = ", ".join(part for part in row[4:9] if part)
        if found := re.findall(r"(?<![-/0-9])([0-9]+[A-Z]?(?:[-/][0-9]+)?),? (?:ST )?([A-Z]{4,})", address):
            side = Side(row[0], row[0], row[1], address=address)
            groups[row[9]].append((found[-1][0].replace("/", "-"), found[-1][1][:5], known.at(side, row[9])))
    for _, rows in sorted(groups.items()):
        kept = {"same": 0, "different": 0}
        for (number, street, one), (other_number, other_street, other) in combinations(rows, 2):
            label = "same" if (number, street) == (other_number, other_street) else "different"
            overlap = label == "different" and set(number.split("-")) & set(other_number.split("-"))
            if kept[label] < 2 and not overlap:
                kept[label] += 1
                why = (
                    "one postcode, one numbered street" if label == "same" else "one postcode, other numbers or streets"
                )
                yield Pair(label, why, "ODS epraccur October 2019", one, other)


def named_pairs(known: Published) -> Iterator[Pair]:
    """The traps by name: trusts that share a site, and one name in several towns."""
    newest = {row["Site Code"]: row for row in known.returns}
    for one, other, postcode in TOGETHER:
        if one in newest and other in newest:
            sides = (known.at(known.side(newest[code]), postcode) for code in (one, other))
            yield Pair("same", f"{one} and {other} return one site", "ERIC; places.csv for the postcode", *sides)
    ann = Side("RRP", "RRP03", newest["RRP03"]["Site Name"])
    whittington = next(row for row in known.hospitals if row["OrganisationCode"] == "RKEAN")
    services = replace(_listed(whittington), organisation_code="RKE", code="RKEAN")
    yield Pair("same", "RRP03 and RKEAN are St Ann's Hospital", "ERIC / NHS hospital list 2018",
               known.at(ann, "N15 3TH"), services)  # fmt: skip
    for one, other, towns in ELSEWHERE:
        bare = [
            replace(known.side(newest[code]), postcode="", easting="", northing="", precision="")
            for code in (one, other)
        ]
        yield Pair("different", f"one name, two towns: {towns}", "ERIC editions", *bare)


def council_pairs(known: Published) -> Iterator[Pair]:
    """Council assets beside the NHS hospital list and practices: the nearest of each is another place."""
    others = [(_listed(row)) for row in known.hospitals]
    others += [known.at(Side(row[0], row[0], row[1], address=", ".join(part for part in row[4:9] if part)), row[9])
               for row in known.practices if row[12] == "A" and row[25] == "4"]  # fmt: skip
    for row in known.council:
        address = ", ".join(
            part for part in (f"{row['street_number']} {row['street']}".strip(), row["post_town"]) if part
        )
        side = known.at(Side(row["lad_code_by_postcode"] or row["organisation_name"], row["local_id"], row["name"],
                             address=address), row["postcode"])  # fmt: skip
        near = sorted((_metres(side, other), other.code, other) for other in others if other.easting and side.easting)
        for distance, _, other in near[:1]:
            if row["local_id"] in SHARED:
                yield Pair("same", SHARED[row["local_id"]], "compiled council assets / ODS", side, other)
            elif distance < 400:
                yield Pair("different", f"a council's asset and the nearest practice or hospital, {distance:.0f} m off",
                           "compiled council assets / ODS, NHS hospital list", side, other)  # fmt: skip


SHARED = {
    "ENFIELD-014": "library and practice are both at the Ordnance Unity Centre, 645 Hertford Road: numbered street"
}
"""Council assets that the nearest practice is in."""


def _metres(one: Side, other: Side) -> float:
    return float(((int(float(one.easting)) - int(float(other.easting))) ** 2
                  + (int(float(one.northing)) - int(float(other.northing))) ** 2) ** 0.5)  # fmt: skip


def enough(pair: Pair) -> bool:
    """Whether the records state enough to tell one place: two independent things that agree.

    A part of a name is not enough between a trust and the one that carries it on: trusts return a hospital and a unit
    in it as two sites.
    """
    one, other = pair.one, pair.other
    if one.kin and _words(one.name) and _words(one.name) == _words(other.name):
        return True
    there = bool(one.postcode) and one.postcode == other.postcode
    return there and ("numbered street" in pair.why or bool(_words(one.name) & _words(other.name)))


def part_of(pair: Pair) -> str:
    """Weights are tuned on one half of the trusts and reported on the other."""
    return "tune" if zlib.crc32(pair.one.organisation_code.encode()) % 2 else "report"


def main() -> None:
    """Write the file, and say how many of each there are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("published", type=Path)
    parser.add_argument("target", type=Path)
    wanted = parser.parse_args()
    pairs = list(dict.fromkeys(list_pairs(Published(wanted.published))))
    names = [field.name for field in fields(Side)]
    header = [
        "label",
        "enough",
        "part",
        "why",
        "source",
        *(f"one_{name}" for name in names),
        *(f"other_{name}" for name in names),
    ]
    with wanted.target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for pair in pairs:
            told = "yes" if enough(pair) else "no"
            writer.writerow(
                [pair.label, told, part_of(pair), pair.why, pair.source, *astuple(pair.one), *astuple(pair.other)]
            )
    for label in ("same", "different"):
        print(label, sum(pair.label == label for pair in pairs))


if __name__ == "__main__":
    main()
