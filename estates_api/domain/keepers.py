"""Who keeps the receipt of a sale: rules of the method, each for a kind of organisation from a day on."""

from dataclasses import dataclass
from datetime import date, datetime

from estates_api.domain.toml_table import Table


@dataclass(frozen=True, slots=True)
class Keeper:
    """A rule on who keeps a receipt: of which kind of organisation, from which day on."""

    kind: str
    since: date
    who: str
    citation: str


def parse_keeper(table: Table) -> Keeper:
    """One `[[receipts]]` of a method file."""
    since = table.get("since")
    if not isinstance(since, date) or isinstance(since, datetime):
        raise table.fault("must be a day without quotation marks, 2017-11-16", "since")
    return Keeper(table.text("kind"), since, table.text("who"), table.text("citation"))
