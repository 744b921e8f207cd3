"""Land and empty space of a site: land added up over holdings, none of it twice, later sales taken off.

Facts behind the rules (all seen in the returns): Edgware's 6.2 ha stand under two trusts; `Site land area` became
`Land area owned` in 2016-17, so leased land dropped to 0; an ERIC return is an occupier's.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from estates_api.domain.claims import Claim, choose_claim
from estates_api.domain.sites import Event, Holding, Site

SAME_LAND = 0.01
"""Two holdings whose land differs by less than this share report the same land."""


@dataclass(frozen=True, slots=True)
class Land:
    """The land of a site that is known: hectares, the part not under buildings, and what it rests on.

    `open_ha` is None where buildings stand on the land and nothing says how large they are.
    """

    area_ha: float
    open_ha: float | None
    claims: tuple[Claim, ...]
    note: str


Piece = list[tuple[Holding, Claim]]
"""One piece of land: the holdings that state it, each with the claim that does. The first one counts."""


def winning_of(holding: Holding, *attributes: str) -> Claim | None:
    """The winning number among alternative attributes that say the same thing in different editions."""
    claims = (holding.claims.get(name) for name in attributes)
    return choose_claim(claim for claim in claims if claim and claim.number is not None)


def land_claim(holding: Holding) -> Claim | None:
    """The claim that says how much land this holding has; None when it is unknown or owns none."""
    claim = winning_of(holding, "land_owned_ha", "land_ha")
    return claim if claim and claim.number else None


def site_land(site: Site) -> Land | None:
    """The land of the site, each piece once, less what was sold since; None when that is not known."""
    pieces = land_pieces(site)
    if not pieces:
        return None
    area = sum(piece[0][1].number or 0.0 for piece in pieces)
    built = _built_ha(pieces)
    notes = [_counted_once(piece) for piece in pieces if len(piece) > 1]
    sold = sold_since(site.events, max(piece[0][1].as_of for piece in pieces))
    kept = 1.0 - sum(event.area_ha or 0.0 for event in sold) / area
    if kept <= 0:  # more was sold than anybody stated: what is left is not known
        return None
    if sold:
        notes.append(f"{sum(e.area_ha or 0 for e in sold):g} ha taken off: {'; '.join(e.told() for e in sold)}")
    used = [piece[0][1] for piece in pieces] + [ground for piece in pieces for ground in _ground_claims(piece)]
    open_ha = None if built is None else round(max(0.0, area - built) * kept, 6)
    return Land(round(area * kept, 6), open_ha, tuple(used), "; ".join(notes))


def land_pieces(site: Site) -> list[Piece]:
    """The pieces of land of a site as they are stated, before what was sold since."""
    return _pieces([(h, c) for h in site.holdings if (c := land_claim(h))])


def _pieces(stated: Iterable[tuple[Holding, Claim]]) -> list[Piece]:
    """The pieces of land of a place: land that several holdings state (equal within SAME_LAND) is one piece."""
    pieces: list[Piece] = []
    for pair in sorted(stated, key=lambda pair: (-pair[1].as_of.toordinal(), pair[0].organisation_code, pair[0].code)):
        same = next((piece for piece in pieces if _same_land(piece[0], pair)), None)
        if same:
            same.append(pair)
        else:
            pieces.append([pair])
    return pieces


def _same_land(one: tuple[Holding, Claim], other: tuple[Holding, Claim]) -> bool:
    """Equal within SAME_LAND, and not two lines of one list: one owner's two equal plots are two plots."""
    if one[0].organisation_code == other[0].organisation_code and one[1].edition == other[1].edition:
        return False
    first, second = one[1].number or 0.0, other[1].number or 0.0
    return abs(first - second) <= SAME_LAND * max(first, second)


def _counted_once(piece: Piece) -> str:
    first, *others = piece
    return "; ".join(
        f"{claim.number:g} ha under {holding.code} is the land already counted under {first[0].code}"
        for holding, claim in others
    )


def _built_ha(pieces: Iterable[Piece]) -> float | None:
    """Hectares under buildings; None where a building is stated without a size.

    A piece that several holdings state is as built as the one that says most.
    """
    built = 0.0
    for piece in pieces:
        parts = [part for holding, claim in piece if (part := _covered_ha(holding, claim)) is not None]
        if not parts:
            return None
        built += max(parts)
    return built


def _covered_ha(holding: Holding, land: Claim) -> float | None:
    """The footprint of the same return, else the floor area; no more than the land.

    A floor area spread over several storeys covers less ground than this, so open land is never overstated.
    Land of which no building is stated is open, unless its entry is of a building: an asset list that says so, or a
    return that names a type of site.
    """
    ground = _ground_claim(holding, land)
    if ground:
        return min((ground.number or 0.0) / 10_000, land.number or 0.0)
    built = (holding.text("land_or_building") or "").lower().startswith("land with") or holding.text("site_type")
    return None if built else 0.0


def _ground_claim(holding: Holding, land: Claim) -> Claim | None:
    footprint, gia = holding.claims.get("footprint_m2"), holding.claims.get("gia_m2")
    if footprint and footprint.number and footprint.as_of == land.as_of:
        return footprint
    return gia if gia and gia.number is not None else None


def _ground_claims(piece: Piece) -> list[Claim]:
    """What says how much of a piece is built on, largest first, from one holding."""
    found = [ground for holding, claim in piece if (ground := _ground_claim(holding, claim))]
    return sorted(found, key=lambda claim: (-(claim.number or 0.0), claim.id))[:1]


def sold_since(events: Iterable[Event], day: date) -> list[Event]:
    """Dated part sales with an area, surely after the day that the land claim speaks of."""
    return [e for e in events if e.kind == "part sold" and e.area_ha and e.earliest and e.earliest > day]


Occupancy = Literal["vacant", "occupied", "let"]

_OCCUPANCY: dict[Occupancy, tuple[str, ...]] = {
    "vacant": ("vacant", "void", "empty", "unoccupied"),
    "occupied": ("occupied by",),
    "let": ("let", "leased", "lease", "leasehold", "ground lease", "ground leasehold", "sub-leasehold", "sub-let",
            "subleasehold", "licence", "license", "licensed", "tenanted"),
}  # fmt: skip


def find_occupancy(text: str | None) -> Occupancy | None:
    """What the Transparency Code's characteristics of an asset say of its use; None when nothing or two things.

    Several may be stated of one asset, apart by `;`, `,` or `/`: with `vacant` among others, part of it is vacant, and
    nobody says how much.
    """
    parts = [part.strip() for part in re.split(r"[;,/|:]|\s[-–]\s", (text or "").casefold())]
    found = {kind for part in parts for kind, words in _OCCUPANCY.items() if _begins(part, words)}
    if "vacant" in found:
        return "vacant" if len(found) == 1 else None
    return "let" if "let" in found else "occupied" if found else None


def _begins(part: str, words: Iterable[str]) -> bool:
    return any(part == word or part.startswith(f"{word} ") for word in words)


def vacant_share(holding: Holding) -> tuple[float, tuple[Claim, ...]] | None:
    """The empty and under-used share of a holding's floor area in per cent, and the claims it rests on.

    ERIC to 2014-15 gives one figure; 2016-17 gives two, which are added unless they are the same number typed
    twice (29 rows in England); from 2024-25 square metres. A council asset recorded vacant is 100%; one recorded
    occupied by the council, let or licensed is not vacant, 0%, unless a figure says otherwise.
    """
    occupancy = find_occupancy(holding.text("tenure_category"))
    if occupancy == "vacant":
        return 100.0, (holding.claims["tenure_category"],)
    claim = winning_of(holding, "unutilised_pct", "empty_pct", "empty_m2", "unoccupied_m2")
    if claim is None:
        return (0.0, (holding.claims["tenure_category"],)) if occupancy else None
    empty = claim.number or 0.0
    claims: tuple[Claim, ...] = (claim,)
    if claim.attribute.endswith("_m2"):
        if (found := _share_of_floor(claim, holding.claims.get("gia_m2"))) is None:
            return None
        empty, claims = found
    underused = holding.claims.get("underused_pct")
    alone = claim.attribute in {"unutilised_pct", "unoccupied_m2"} or underused is None
    if alone or underused is None or underused.number is None or underused.as_of != claim.as_of:
        return empty, claims
    added = 0.0 if empty == underused.number else underused.number
    return min(100.0, empty + added), (*claims, underused)


def _share_of_floor(claim: Claim, gia: Claim | None) -> tuple[float, tuple[Claim, ...]] | None:
    """Square metres as a share of the floor area, which an older return may give too small."""
    return (min(100.0, 100 * (claim.number or 0) / gia.number), (claim, gia)) if gia and gia.number else None


def idle_share(site: Site) -> tuple[float, tuple[Claim, ...]] | None:
    """Land not delivering services in per cent of the land owned, each piece once, and the claims it rests on."""
    found = idle_land(site)
    if found is None:
        return None
    idle, owned, claims = found
    return 100.0 if idle == owned else 100 * idle / owned, claims


def idle_land(site: Site) -> tuple[float, float, tuple[Claim, ...]] | None:
    """Hectares not delivering services and hectares owned, each piece once, and the claims they rest on.

    Vacant land without a building is idle as a whole (both 0 where nobody says how large it is). Beside it, land of
    which nobody says whether it is used leaves both unknown.
    """
    bare = [holding for holding in site.holdings if _is_bare(holding)]
    others = [holding for holding in site.holdings if holding not in bare]
    stated = {h.key: pair for h in others if (pair := h.together("idle_land_ha", "land_owned_ha")) and pair[1].number}
    pieces = _pieces((h, stated[h.key][1]) for h in others if h.key in stated)
    plots = [claim for holding in bare if (claim := land_claim(holding))]
    if not pieces and (not bare or any(land_claim(holding) for holding in others)):
        return None
    words = [h.claims[name] for h in bare for name in ("land_or_building", "tenure_category")]
    idle = sum(_idle_ha(piece, stated) for piece in pieces) + sum(claim.number or 0.0 for claim in plots)
    owned = sum(claim.number or 0.0 for claim in (*(piece[0][1] for piece in pieces), *plots))
    pairs = [claim for piece in pieces for h, _ in piece for claim in stated[h.key]]
    return idle, owned, (*pairs, *(words if plots or not pieces else ()), *plots)


def _is_bare(holding: Holding) -> bool:
    """Recorded as land without a building, and vacant."""
    bare = (holding.text("land_or_building") or "").lower().startswith("land only")
    return bare and find_occupancy(holding.text("tenure_category")) == "vacant"


def _idle_ha(piece: Piece, stated: Mapping[tuple[str, str], tuple[Claim, ...]]) -> float:
    """The largest idle area that a holding states of this piece, no more than the piece."""
    return min(max(stated[h.key][0].number or 0.0 for h, _ in piece), piece[0][1].number or 0.0)
