"""A running service as its clients see it: addresses, answers, pages and links."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/{}"
GEOJSON = "application/geo+json"
SCHEMA_JSON = "application/schema+json"
QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
SCHEMA = "http://www.opengis.net/def/rel/ogc/1.0/schema"

COLLECTIONS = ("sites", "candidates", "outlines", "holdings", "shortlist-entries", "boroughs", "lsoas")
"""What clients are tried with: of each kind that there is, with features in it."""

LISTED = ("sites", "candidates", "outlines", "holdings", "shortlist-entries", "assemblies", "boroughs", "lsoas",
          "designations", "town-centres", "stations")  # fmt: skip
"""What is served, as a client would have it in its connection: a collection that goes missing fails its tests."""

Json = dict[str, Any]

_HYPHENED = {"bbox_crs", "filter_lang", "filter_crs", "as_of", "known_at"}


@dataclass(frozen=True)
class Web:
    """One service at one address."""

    url: str
    client: httpx2.Client

    def ask(self, path: str, headers: Mapping[str, str] | None = None, verb: str = "GET",
            **params: Any) -> httpx2.Response:  # fmt: skip
        """An answer, whatever it is; `bbox_crs` and the like stand for `bbox-crs`."""
        named = {name.replace("_", "-") if name in _HYPHENED else name: value for name, value in params.items()}
        address = path if path.startswith("http") else self.url + path
        return self.client.request(verb, address, params=named or None, headers=headers)

    def json(self, path: str, headers: Mapping[str, str] | None = None, **params: Any) -> Json:
        """A document that must be there."""
        answer = self.ask(path, headers, **params)
        assert answer.status_code == 200, f"{answer.request.url}: {answer.status_code} {answer.text[:500]}"
        document: Json = answer.json()
        return document

    def items(self, collection: str, **params: Any) -> Json:
        """One page of features."""
        return self.json(f"/collections/{collection}/items", **params)

    def ids(self, collection: str, **params: Any) -> set[str]:
        """The ids of all features that a question finds, none of them twice."""
        found = [feature["id"] for feature in self.features(collection, **params)]
        assert len(found) == len(set(found))
        return set(found)

    def features(self, collection: str, **params: Any) -> list[Json]:
        """All features that a question finds, by following `next`."""
        return [one for page in self.pages(collection, **params) for one in page["features"]]

    def pages(self, collection: str, **params: Any) -> Iterator[Json]:
        """All pages, by following `next`."""
        page = self.items(collection, **params)
        yield page
        while following := find_link(page, "next"):
            page = self.json(following["href"])
            yield page


def find_link(document: Json, rel: str, kind: str = "") -> dict[str, str] | None:
    """The first link of a relation, and of a media type when one is given."""
    for link in document["links"]:
        if link["rel"] == rel and link.get("type", "").startswith(kind):
            found: dict[str, str] = link
            return found
    return None


def media_type(answer: httpx2.Response) -> str:
    """The media type without its parameters."""
    return str(answer.headers["content-type"]).partition(";")[0]


def first(web: Web, collection: str) -> Json:
    """The first feature; the test is skipped where there is none."""
    features = web.items(collection, limit=1)["features"]
    if not features:
        pytest.skip(f"{collection} is empty for the public")
    found: Json = features[0]
    return found
