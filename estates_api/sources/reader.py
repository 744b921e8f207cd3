"""The one shape behind which every published format stands."""

from collections.abc import Callable
from dataclasses import dataclass

from estates_api.domain.records import Reading
from estates_api.sources.document import Document


@dataclass(frozen=True, slots=True)
class Hints:
    """What the person knows that the file may not say. Anything given wins over what the file name suggests."""

    period: str | None = None
    organisation_code: str | None = None
    organisation_name: str | None = None
    source: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """One format: `recognises` answers from the header alone, `read` gives records and issues or raises BadInput."""

    format: str
    title: str
    recognises: Callable[[Document], bool]
    read: Callable[[Document, Hints], Reading]
