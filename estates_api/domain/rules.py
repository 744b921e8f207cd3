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
    Rule("unit-assumed", "warning", "organisation", "A column says no unit; the usual one was taken."),
)

RULES: dict[str, Rule] = {rule.id: rule for rule in _ALL}
