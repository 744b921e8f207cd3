"""OWSLib, the Python client of OGC services: every method that reads works against the service."""

import pytest
from owslib.ogcapi.features import Features
from wire import COLLECTIONS, LISTED, Web


@pytest.fixture(scope="module")
def features(web: Web) -> Features:
    """OWSLib's client, opened at the landing page."""
    return Features(web.url)


def test_it_opens(features: Features, web: Web) -> None:
    """The landing page, the API definition and the conformance classes are found."""
    assert {link["rel"] for link in features.links} >= {"service-desc", "conformance", "data"}
    assert features.api()["openapi"].startswith("3.0")
    assert features.conformance() == web.json("/conformance")


def test_collections(features: Features) -> None:
    """All collections are found, as feature collections, with their own documents."""
    assert tuple(features.feature_collections()) == LISTED
    assert [features.collection(one)["id"] for one in LISTED] == list(LISTED)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_schemas(features: Features, web: Web, collection: str) -> None:
    """Queryables and schema are found."""
    assert features.collection_queryables(collection) == web.json(f"/collections/{collection}/queryables")
    assert features.collection_schema(collection) == web.json(f"/collections/{collection}/schema")


@pytest.mark.parametrize("asked", [
    {}, {"limit": 3}, {"bbox": [-0.2, 51.5, -0.1, 51.6]}, {"datetime_": "2014-01-01/2015-03-31"},
    {"properties": ["name", "borough"]}, {"sortby": ("gia_m2", "desc")}, {"borough": "Camden"},
    {"filter": "borough = 'Camden' AND gia_m2 > 1000"}, {"filter": "name LIKE 'St Ann''s%'", "limit": 1},
])  # fmt: skip
def test_items(features: Features, web: Web, asked: dict[str, object]) -> None:
    """Every way to ask that it has is answered as the same question put plainly."""
    plain = {name.rstrip("_"): ",".join(map(str, one)) if isinstance(one, list) else one for name, one in asked.items()}
    if "sortby" in plain:
        plain["sortby"] = "-gia_m2"
    found = features.collection_items("sites", **asked)
    assert found["features"] == web.items("sites", **plain)["features"] != []


def test_one_item(features: Features, web: Web) -> None:
    """One feature by its id."""
    one = web.items("outlines", limit=1)["features"][0]
    assert features.collection_item("outlines", one["id"])["geometry"] == one["geometry"]


def test_what_is_not_there(features: Features) -> None:
    """An unknown collection or feature is an error that says what is wrong."""
    with pytest.raises(RuntimeError, match="there is no collection 'none'"):
        features.collection("none")
    with pytest.raises(RuntimeError, match="sites has no NONE"):
        features.collection_item("sites", "NONE")


def test_a_filter_that_is_none(features: Features) -> None:
    """A filter that cannot be read is an error that says where."""
    with pytest.raises(RuntimeError, match="filter: "):
        features.collection_items("sites", filter="THIS IS NOT A FILTER")
