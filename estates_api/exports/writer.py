"""The one shape behind which every export format stands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Writer:
    """A format: `write` turns a shortlist's content into bytes, the same content always into the same bytes."""

    suffix: str
    media_type: str
    write: Callable[[Mapping[str, Any]], bytes]
