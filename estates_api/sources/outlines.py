"""Parcels of land: HM Land Registry's INSPIRE index polygons, or any vector file whose areas name a title, a site, a
holding or a UPRN. Without any of these a parcel is its outline alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from estates_api.domain.codes import parse_local_code, parse_ods_code, parse_uprn
from estates_api.domain.outlines import Parcel
from estates_api.domain.records import Issue
from estates_api.domain.values import clean_text, shorten
from estates_api.errors import BadInput
from estates_api.sources.document import Document
from estates_api.sources.features import layer_doubts
from estates_api.sources.naming import dated_edition, stem
from estates_api.sources.reader import Hints
from estates_api.sources.table import Aliases, normalise_header
from estates_api.sources.vector import Feature, Layer, open_layer

FORMAT = "outline"

_Part = tuple[str, Callable[[str], str]]
"""A part of a parcel, and how its text is read."""

# Fields of the INSPIRE index polygons: gml_id, INSPIREID, LABEL, NATIONALCADASTRALREFERENCE, VALIDFROM,
# BEGINLIFESPANVERSION; of the National Polygon Dataset: POLY_ID, TITLE_NO (HM Land Registry, technical specification).
_ALIASES = Aliases(
    {
        "parcel": ("inspireid", "inspire id", "inspire_id", "poly_id", "nationalcadastralreference", "parcel",
                   "parcel id", "parcel ref", "label", "gml_id"),
        "title number": ("title number", "title_no", "title no", "title", "titlenumber", "title_numb"),
        "reference": ("site_ref", "site reference", "site ref", "site_refer", "site id", "ref", "estates ref"),
        "code": ("holding_code", "holding code", "holding_co", "site code", "site_code", "ods code", "ods_code",
                 "asset id", "unique asset id", "asset reference", "asset ref"),
        "organisation": ("organisation_code", "organisation code", "trust code", "organisati"),
        "uprn": ("uprn", "unique property reference number"),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parcels:
    """What a file of parcels is, and what it holds, in the order of the file; read once."""

    source: str
    label: str
    period_start: date | None
    period_end: date | None
    found: Iterator[Parcel | Issue]
    format: str = FORMAT


def read_parcels(document: Document, hints: Hints) -> Parcels:
    """Read a vector file as parcels. BadInput when it is none."""
    if document.kind != "vector":
        raise BadInput(f"{document.name}: an outline comes from a vector file (GeoPackage, GeoJSON, GML, …)")
    try:
        layer = open_layer(document.path, lambda name: normalise_header(name) in _ALIASES.known)
    except BadInput as error:
        raise BadInput(f"{document.name}: {error.detail}") from None
    label, (start, end), doubts = dated_edition(document, hints)
    inspire = any(name.casefold() == "inspireid" for name in layer.fields)
    source = hints.source or ("HM Land Registry INSPIRE index polygons" if inspire else "parcels")
    label = label if start or hints.label else stem(document)
    return Parcels(source, label, start, end, _read(layer, doubts))


def _read(layer: Layer, doubts: list[Issue]) -> Iterator[Parcel | Issue]:
    yield from doubts
    yield from layer_doubts(layer)
    places = [(_PARTS[name], place) for name, place in _ALIASES.places(layer.fields).items()]
    for feature in layer.features():
        for rule, reason in feature.doubts:
            yield Issue(rule, feature.number, None, reason)
        if feature.outline is not None:
            yield from _parcel(feature, places)
        elif feature.point is not None:
            reason = "its geometry was not taken: a point has no outline"
            yield Issue("geometry-not-taken", feature.number, None, reason)


def _parcel(feature: Feature, places: Sequence[tuple[_Part, int]]) -> Iterator[Parcel | Issue]:
    said, issues = {}, []
    for (name, parse), place in places:
        if not (cell := clean_text(feature.cells[place])):
            continue
        try:
            said[name] = parse(cell)
        except BadInput as error:
            reason = f"{error.detail}; not taken"
            issues.append(Issue("value-not-taken", feature.number, name, reason, shorten(cell)))
    yield Parcel(feature.number, feature.outline or b"", **said)
    yield from issues


def _parse_title(text: str) -> str:
    """A title number as the register writes it: capitals and digits, `NGL123456`."""
    return text.replace(" ", "").upper()


_PARTS: dict[str, _Part] = {
    "parcel": ("parcel", str),
    "title number": ("title_number", _parse_title),
    "reference": ("reference", str.upper),
    "code": ("code", parse_local_code),
    "organisation": ("organisation", parse_ods_code),
    "uprn": ("uprn", parse_uprn),
}
