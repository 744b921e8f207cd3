"""A collection as a GeoJSON text sequence (RFC 8142): a record separator, a feature, a line feed, and so on."""

from collections.abc import Iterable, Iterator

from estates_api.domain.collections import Collection
from estates_api.exports.bulk.format import TextFormat, pieces


def write(_collection: Collection, _crs: int, features: Iterable[str]) -> Iterator[bytes]:
    """Each feature by itself; a cut one is seen by its missing line feed (RFC 7464, 2.4)."""
    return pieces(f"\x1e{feature}\n" for feature in features)


FORMAT = TextFormat("geojsons", "application/geo+json-seq", "GeoJSON text sequence", write)
