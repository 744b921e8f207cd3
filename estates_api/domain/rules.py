"""The rules by which a file is judged: what each finding is called, how grave it is, and who can mend it.

A rule's sentence is its public documentation. Rules that begin with `row-` say that a whole row was not taken.
"""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
Mender = Literal["organisation", "steward", "publisher"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `error`: the row or value was not taken. `warning`: taken, but doubtful. `note`: worth knowing.

    `mender`: the organisation that returned the row, the steward of this catalogue, or the publisher of the series.
    """

    id: str
    severity: Severity
    mender: Mender
    sentence: str


_ALL = (
    Rule("row-without-code", "error", "organisation", "A row without a code is a subtotal or a note, never a site."),
    Rule("row-unreadable", "error", "organisation", "A row lacks something it must have, or it cannot be read."),
    Rule("row-repeated", "error", "organisation", "The same organisation and code stands twice; the first counts."),
    Rule("value-unreadable", "error", "organisation", "A cell that should be a number is none."),
    Rule("value-not-taken", "warning", "organisation", "A cell is not what its column holds, and says nothing."),
    Rule("value-out-of-bounds", "warning", "organisation", "A number is beyond what is physically possible."),
    Rule("land-implausible", "warning", "organisation", "Much land, almost no floor area: mistyped or swapped."),
    Rule("idle-land-over-land", "warning", "organisation", "More land delivers no services than is owned."),
    Rule("vacancy-over-whole", "warning", "organisation", "Empty and under-used together are more than the whole."),
    Rule("vacancy-typed-twice", "warning", "organisation", "Empty and under-used are the same number; not added."),
    Rule("occupied-parts", "warning", "organisation", "Clinical and non-clinical space do not add up to occupied."),
    Rule("occupied-over-floor-area", "warning", "organisation", "More floor area is occupied than there is."),
    Rule("vacancy-over-floor-area", "warning", "organisation", "More floor area is empty than there is."),
    Rule("floor-area-missing", "warning", "organisation", "Running costs stand beside a floor area of 0 or 1 m²."),
    Rule("tenancy-share", "note", "organisation", "Little is occupied, nothing empty: a share of a building."),
    Rule("backlog-not-applicable", "note", "organisation", "Land is owned, backlog does not apply: PFI or leased?"),
    Rule("aggregate-row", "note", "organisation", "Small sites in one row have no place, so they cannot be scored."),
    Rule("aggregate-rows", "note", "publisher", "How many rows of an edition stand for sites without a place."),
    Rule("changed-by-more-than-two-fifths", "warning", "organisation", "A size is over 1.4 times another year's."),
    Rule("backlog-in-thousands", "warning", "organisation", "Backlog is a small part of before: thousands of pounds?"),
    Rule("unit-changed", "note", "publisher", "Empty space is in square metres, where it used to be a percentage."),
    Rule("column-repeated", "note", "publisher", "A column name stands twice in the header; the first counts."),
    Rule("land-repeated", "warning", "organisation", "Two organisations return the same land; it counts once."),
    Rule("not-returned", "note", "organisation", "Returned before by this organisation, and not in this edition."),
    Rule("code-changed", "note", "steward", "A new code at a place whose former code is returned no more."),
    Rule("name-changed", "note", "organisation", "The same code has another name than in another year."),
    Rule("name-misspelt", "note", "organisation", "A name is a letter or two away from another one's, or a word."),
    Rule("text-cleaned", "note", "organisation", "Spaces before, after or doubled within a name or postcode."),
    Rule("position-swapped", "warning", "organisation", "The two coordinates stood the other way round; put right."),
    Rule("position-not-taken", "warning", "organisation", "Coordinates lie outside Great Britain, or one is missing."),
    Rule("postcode-unknown", "note", "steward", "A postcode is in no table here, so the site has no position by it."),
    Rule("rows-undated", "warning", "organisation", "Rows speak of no day: they count from today and are stale."),
    Rule("list-undated", "note", "steward", "Neither the file nor its name says of which day it speaks."),
    Rule("date-unreadable", "note", "organisation", "A date cannot be read, so the row is undated."),
    Rule("date-to-come", "warning", "organisation", "A row or file speaks of a day after today."),
    Rule("event-undated", "note", "organisation", "The source of an event gives no date."),
    Rule("interest-unknown", "warning", "organisation", "An interest is in a word that is not known here."),
    Rule("edition-doubtful", "warning", "steward", "The header is that of another edition than the file is taken for."),
    Rule("column-missing", "warning", "publisher", "The edition has no column for something a method asks for."),
    Rule("columns-unused", "note", "steward", "Columns that no attribute is read from."),
    Rule("measure-unknown", "note", "steward", "A column with a unit that no attribute is read from: new here."),
    Rule("total-summed", "note", "steward", "An edition gives a total in parts only; it was added up from them."),
    Rule("holding-ended", "note", "steward", "The source ended an entry: kept with its day, it founds no site."),
    Rule("rows-left-out", "note", "steward", "Rows that are not public estate were counted and left out."),
    Rule("row-role-unknown", "note", "steward", "An organisation of a kind that nothing is read from."),
    Rule("sector-doubtful", "note", "publisher", "A list's own sector contradicts its codes; the codes count."),
    Rule("uprn-damaged", "warning", "organisation", "A spreadsheet rounded a UPRN (1.00E+11): it names no property."),
    Rule("crs-contradicted", "warning", "publisher", "Coordinates are not in the reference system that is stated."),
    Rule("homes-range", "warning", "organisation", "The lower number of homes is above the upper."),
    Rule("sensitivity-assumed", "warning", "organisation", "A sensitivity flag is blank or unknown: kept private."),
    Rule("event-uncited", "note", "steward", "A dated event was not taken: nothing says which page states it."),
    Rule("unit-assumed", "warning", "organisation", "A column says no unit; the usual one was taken."),
    Rule("crs-assumed", "warning", "organisation", "A vector file does not say rightly what its coordinates are."),
    Rule("layers-unused", "note", "steward", "A vector file has more layers than the one that was read."),
    Rule("geometry-not-taken", "warning", "organisation", "A feature is no point or area, or not in Great Britain."),
    Rule("geometry-mended", "note", "organisation", "An outline crossed or touched itself, and was mended."),
    Rule("layer-rows-left-out", "note", "steward", "Entries of a layer that nothing is read from were counted."),
    Rule("layer-rows-ended", "note", "publisher", "Entries of a layer that ended: they count for earlier days alone."),
    Rule("outline-unknown", "warning", "steward", "A parcel names a site, holding, title or UPRN that is not here."),
    Rule("outline-disputed", "warning", "steward", "A parcel could belong to several sites, so it was given to none."),
    Rule("outline-unsure", "note", "steward", "A parcel lies where a site does, but not surely enough to be its own."),
)

RULES: dict[str, Rule] = {rule.id: rule for rule in _ALL}

_ADVICE: dict[tuple[Severity, Mender], str] = {
    ("error", "organisation"): "Have the organisation put it right in its file, and hand that in; until then this is "
                               "left out, and the rest counts.",
    ("warning", "organisation"): "Ask the organisation whether it is so. If not, hand in the corrected file.",
    ("note", "organisation"): "Nothing, unless it is not so: then ask the organisation.",
    ("error", "publisher"): "Tell the publisher; until then this is left out, and the rest counts.",
    ("warning", "publisher"): "Compare it with what the publisher says of the file, and tell the publisher.",
    ("note", "publisher"): "Nothing: the publisher made the file so.",
    ("error", "steward"): "Look whether the file is the right one, and what was said of it; this is left out.",
    ("warning", "steward"): "Look whether what was said of the file is right.",
    ("note", "steward"): "Nothing, if it is as you expect.",
}  # fmt: skip


def advise(severity: Severity, mender: Mender) -> str:
    """What to do about a finding: by how grave it is, and who can mend it."""
    return _ADVICE[severity, mender]
