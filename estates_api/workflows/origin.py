"""What is said of a file that is handed in, held against what is known of its bytes when they are here already."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from sqlalchemy import RowMapping

from estates_api.domain.area import Area
from estates_api.domain.records import Sensitivity
from estates_api.errors import Conflict
from estates_api.sources import find_reader
from estates_api.sources.document import open_document
from estates_api.sources.outlines import FORMAT as OUTLINE
from estates_api.sources.outlines import read_parcels
from estates_api.sources.reader import Hints

_BY_STRICTNESS = ("public", "partner", "owner")


@dataclass(frozen=True, slots=True)
class Origin:
    """What the person handing a file in knows about it beyond its content. Without a sensitivity it is public."""

    insisted: str | None = None
    hints: Hints = field(default_factory=Hints)
    sensitivity: Sensitivity | None = None
    publisher: str | None = None
    licence: str | None = None
    attribution: str | None = None
    url: str | None = None

    def hints_in(self, area: Area) -> Hints:
        """What the reader is told: beside the person's own hints, the page and the area's names of columns."""
        return replace(self.hints, url=self.hints.url or self.url, aliases=area.headers)


def check_same(known: RowMapping, path: Path, name: str, said: Origin) -> None:
    """Conflict when the known edition of these bytes is not what is said of them; what is not said cannot differ."""
    other = list(_format(known, said))
    # Bytes of one format cannot be read as another for the period that is given.
    edition = [] if other else _edition(known, path, name, said.hints)
    differences = [*_sensitivity(known, said), *other, *edition]
    if differences:
        title = f"{known['source']} {known['label']}"
        raise Conflict(f"{name}: already here as {title}, and that is never changed; it {'; it '.join(differences)}")


def _sensitivity(known: RowMapping, said: Origin) -> Iterator[str]:
    here, given = known["sensitivity"], said.sensitivity
    if given is None or given == here:
        return
    stricter = _BY_STRICTNESS.index(given) > _BY_STRICTNESS.index(here)
    advice = (
        f"a corrected copy of the file, handed in with sensitivity {given}, withholds what it touches"
        if stricter
        else "what was private stays so"
    )
    yield f"is here with sensitivity {here}, not {given} ({advice})"


def _format(known: RowMapping, said: Origin) -> Iterator[str]:
    here, given = known["format"], said.insisted
    if given not in {None, here}:
        yield f"is here in the format {here}, not {given}"
    elif given is None and here == OUTLINE:
        yield f"is here in the format {here}, which has to be insisted on"


def _edition(known: RowMapping, path: Path, name: str, hints: Hints) -> Iterator[str]:
    """By the label, where one is given: set-up gives one with every table, at every start, and reads none again."""
    if hints.label:
        if hints.label != known["label"]:
            yield f"is here under the label {known['label']}, not {hints.label}"
    elif hints.period:
        # What a period means, and whether the file's own word for it counts more, only its reader knows.
        document = open_document(path, name)
        reader = read_parcels if known["format"] == OUTLINE else find_reader(document, known["format"]).read
        reading = reader(document, hints)
        here = _days(known["period_start"], known["period_end"])
        given = _days(reading.period_start, reading.period_end)
        if here != given:
            yield f"is here {here}, not {given.removeprefix('for ')}"


def _days(first: date | None, last: date | None) -> str:
    return f"for {first} to {last}" if first or last else "without a period"
