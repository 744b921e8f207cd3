"""The one shape behind which every published format stands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from estates_api.domain.records import Reading
from estates_api.sources.document import Document


@dataclass(frozen=True, slots=True)
class Hints:
    """What the person knows that the file may not say. Anything given wins over what the file name suggests.

    `aliases` are the area profile's: organisation code -> field -> names of columns, for councils whose own names
    are in no general list. `url` is the page that the file is from.
    """

    period: str | None = None
    organisation_code: str | None = None
    organisation_name: str | None = None
    source: str | None = None
    label: str | None = None
    url: str | None = None
    aliases: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reader:
    """One format: `recognises` answers from the header alone, `read` gives records and issues or raises BadInput."""

    format: str
    title: str
    recognises: Callable[[Document], bool]
    read: Callable[[Document, Hints], Reading]
