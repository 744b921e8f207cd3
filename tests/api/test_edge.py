"""What every answer has, what is told of it, and what is too much."""

import json
import logging
from collections.abc import Callable
from typing import Any

import limits
import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from estates_api.api import edge, metrics, rates, told
from estates_api.api.policy import page_policy
from estates_api.errors import BadInput, Unavailable
from estates_api.settings import Log, read_settings

Make = Callable[..., TestClient]

PATHS = ("/", "/collections/sites/items?limit=2", "/collections/sites/items?limit=2", "/nothing", "/docs", "/map",
         "/collections/sites/items?limit=x", "/health/live", "/sites.geojson", "/openapi.json")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_every_answer_is_safe_in_a_browser(api: TestClient, path: str, accept: str) -> None:
    """Whatever is asked, kept or not, found or not: no sniffing, no referrer, no frame, no inline code but our own."""
    headers = api.get(path, headers={"Accept": accept}).headers
    for name, value in edge.SAFE:
        assert headers.get_list(name.decode()) == [value.decode()]
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]
    if path != "/map":
        assert "unsafe" not in policy


def test_an_answer_that_has_not_changed_has_what_guides_a_cache_and_no_more(api: TestClient) -> None:
    """A client keeps the headers of the answer it has (RFC 9110, 15.4.5): a 304 says which answer that is, under which
    id it was asked, and repeats nothing."""
    path = "/collections/sites/items?limit=2"
    whole = api.get(path)
    again = api.get(path, headers={"If-None-Match": whole.headers["etag"]})
    assert again.status_code == 304
    assert {name: again.headers[name] for name in ("etag", "vary", "cache-control")} == {
        name: whole.headers[name] for name in ("etag", "vary", "cache-control")
    }
    assert "x-request-id" in again.headers
    assert not {name.decode() for name, _ in (*edge.SAFE, edge.POLICY)} & set(again.headers)


def test_a_policy_names_what_stands_in_the_page() -> None:
    """Another style has another hash, and a page without one may have none."""
    one, other = (page_policy(f"<style>p {{ color: {colour} }}</style>") for colour in ("red", "blue"))
    assert "sha256-" in one
    assert one != other
    assert "style-src 'none'" in page_policy("<p>plain</p>")


@pytest.mark.parametrize(("sent", "kept"), [("abc-123", True), ("a b", False), ("x" * 101, False), ("", False)])
def test_a_request_has_a_name(api: TestClient, sent: str, kept: bool) -> None:
    """The id it came with is answered back where it is well-formed; else it gets one, each its own."""
    found = [api.get("/health/live", headers={"X-Request-ID": sent}).headers["x-request-id"] for _ in range(2)]
    assert (found == [sent, sent]) == kept
    assert kept or found[0] != found[1]


def test_what_is_told_of_a_failure(
    make_api: Make, reading: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:  # fmt: skip
    """What a server said stands in the log beside the route, and never the path."""

    def away(*_: Any) -> None:
        raise Unavailable("the database does not answer", "10.0.0.7 refused")

    monkeypatch.setattr("estates_api.workflows.organisations.open_register", away)
    with caplog.at_level(logging.WARNING, "estates_api"):
        assert make_api(reading).get("/organisations/SECRET").status_code == 503
    (said,) = [record.getMessage() for record in caplog.records if record.name == "estates_api"]
    assert said == "GET /organisations/{code}: the database does not answer: 10.0.0.7 refused"


def test_what_is_told_of_a_request(make_api: Make, reading: Engine, caplog: pytest.LogCaptureFixture) -> None:
    """One line: route, status, time, size, audience; never the path, the key, or a value that was asked for."""
    client = make_api(reading, key="the-key-of-the-tests")
    with caplog.at_level(logging.INFO, "estates_api.requests"):
        client.get("/collections/sites/items/NCL-SECRET-REF?crs=nonsense")
        client.get("/collections/sites/items?filter=name='SECRET'&limit=3")
        client.get("/sites/NCL-SECRET-REF", headers={"X-API-Key": "SECRET"})
    lines = [vars(record)["facts"] for record in caplog.records if record.name == "estates_api.requests"]
    assert [one["route"] for one in lines] == ["/collections/{collection}/items/{id:path}",
                                               "/collections/{collection}/items", "/sites/{ref}"]  # fmt: skip
    assert [one["status"] for one in lines] == [400, 200, 401]
    assert lines[1]["audience"] == "complete"
    assert lines[1]["bytes"] > 0
    said = json.dumps(lines, default=str)
    assert "SECRET" not in said
    assert "the-key-of-the-tests" not in said


def test_a_slow_query_is_told_with_its_filter(
    make_api: Make, reading: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """What takes longer than ESTATES_SLOW_MS is told with the statement and the filter, without the values in them."""
    client = make_api(reading, slow_ms=0)
    with caplog.at_level(logging.WARNING, "estates_api"):
        client.get("/collections/sites/items", params={"filter": "name = 'SECRET' AND land_ha > 1.5", "limit": "7"})
        client.get("/sites/NCL-RRP03")
    slow = [vars(record)["facts"] for record in caplog.records if record.name == "estates_api.slow"]
    assert any("name = ? AND land_ha > ?" in one["asked"] and "limit=7" in one["asked"] for one in slow)
    assert any("FROM" in one["statement"] for one in slow)
    assert "SECRET" not in json.dumps(slow, default=str)


@pytest.mark.parametrize(("query", "said"), [
    (b"filter=name%3D%27a%27%27b%27&name=x", "filter=name=?&name=?"),
    (b"limit=5&bbox=1,2,3,4", "limit=5&bbox=?"),
    (b'filter={"op":"=","args":[{"property":"name"},"St Ann\'s"]}&filter-lang=cql2-json',
     'filter={"op":"=","args":[{"property":"name"},?]}&filter-lang=cql2-json'),
    (b'filter={"op":"in","args":[{"property":"name"},["A \\"B","C:D"]]}',
     'filter={"op":"in","args":[{"property":"name"},[?,?]]}'),
    (b"filter=name%3D'SECRET", "filter=name=?"),
    (b"filter=S_INTERSECTS(geometry,POINT(-0.1 51.5))", "filter=S_INTERSECTS(geometry,POINT(? ?))"),
])  # fmt: skip
def test_a_question_without_its_values(query: bytes, said: str) -> None:
    """Literals and the values of properties are left out."""
    assert told.masked(query) == said


def test_metrics_tell_routes_and_nothing_else(make_api: Make, reading: Engine) -> None:
    """Requests, times and kept answers are counted by route; no path, site or key stands in a label."""
    client = make_api(reading, key="the-key-of-the-tests")
    client.get("/sites/NCL-SECRET-REF")
    client.get("/never-was-SECRET")
    found = client.app.state.metrics.registry  # type: ignore[attr-defined]
    labels = {"route": "/sites/{ref}", "method": "GET", "status": "404"}
    assert found.get_sample_value("estates_requests_total", labels) == 1
    assert found.get_sample_value("estates_requests_in_flight") == 0
    assert found.get_sample_value("estates_editions") > 5
    assert found.get_sample_value("estates_data_age_seconds") > 0
    assert "SECRET" not in str([metric.samples for metric in found.collect()])
    assert "the-key" not in str([metric.samples for metric in found.collect()])


@pytest.fixture
def limited(make_api: Make, reading: Engine) -> Callable[..., TestClient]:
    """A client where five requests a minute are taken."""
    return lambda **named: make_api(reading, rate=limits.parse("5/minute"), **named)


def test_too_often(limited: Callable[..., TestClient]) -> None:
    """The sixth is 429 with when to come back and what the limit is; health checks are answered all the same."""
    client = limited()
    assert [client.get("/conformance").status_code for _ in range(6)] == [200] * 5 + [429]
    refused = client.get("/conformance")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit-policy"] == '"default";q=5;w=60'
    assert refused.headers["ratelimit"].startswith('"default";r=0;t=')
    assert "5 per 1 minute" in refused.json()["detail"]
    assert client.get("/health/live").status_code == 200


def test_refusals_are_told_once_a_second(
    limited: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each is counted, none has a line of its own, and the log says how many there were since it last said so."""
    client, now = limited(), 100.0
    monkeypatch.setattr(metrics.time, "monotonic", lambda: now)
    with caplog.at_level(logging.INFO, "estates_api.requests"):
        for _ in range(25):
            client.get("/conformance")
        client.get("/?" + "x" * edge.URL_BYTES)
        now += 1.5
        client.get("/health/live")
    lines = [(record.msg, vars(record)["facts"]) for record in caplog.records if record.name == "estates_api.requests"]
    assert [facts for said, facts in lines if said == "refused"] == [{"too_often": 1}, {"too_often": 19, "too_long": 1}]
    assert len([said for said, _ in lines if said.endswith("request")]) == 6  # one may be slow
    found = client.app.state.metrics.registry  # type: ignore[attr-defined]
    assert found.get_sample_value("estates_requests_refused_total", {"why": "too_often"}) == 20
    labels = {"route": "refused", "method": "GET", "status": "429"}
    assert found.get_sample_value("estates_requests_total", labels) == 20


def test_this_computer_may_ask_as_often_as_it_likes(limited: Callable[..., TestClient]) -> None:
    """But not what comes through a proxy here that is not named as one."""
    client = limited(host="127.0.0.1")
    assert {client.get("/conformance").status_code for _ in range(8)} == {200}
    passed = [client.get("/conformance", headers={"X-Forwarded-For": "192.0.2.1"}).status_code for _ in range(6)]
    assert passed == [200] * 5 + [429]


def test_a_key_counts_for_itself(limited: Callable[..., TestClient]) -> None:
    """A good key is not stopped by what others at its address ask; a wrong one costs its address ten times."""
    client = limited()
    good = {"X-API-Key": "the-key-of-the-tests"}
    client.get("/collections/sites/items?limit=1", headers=good)  # from here on it is known
    for _ in range(5):
        client.get("/conformance")
    assert client.get("/conformance").status_code == 429
    assert client.get("/conformance", headers=good).status_code == 200
    other = limited()
    assert other.get("/collections/sites/items", headers={"X-API-Key": "wrong"}).status_code == 401
    assert other.get("/conformance").status_code == 429


@pytest.mark.parametrize(
    ("hosts", "same"),
    [
        (("2001:db8:1:2::1", "2001:db8:1:2:3::9", "2001:DB8:1:2:3:4:5:6"), True),
        (("2001:db8:1:2::1", "2001:db8:1:3::1"), False),
        (("192.0.2.1", "192.0.2.2"), False),
        (("::ffff:192.0.2.1", "::ffff:192.0.2.2"), False),
        (("::ffff:192.0.2.1", "192.0.2.1", "::ffff:c000:201"), True),
        (("here", "there"), False),
    ],
)
def test_a_subscriber_counts_once(hosts: tuple[str, ...], same: bool) -> None:
    """However its addresses are written, an IPv4 address or an IPv6 network of /64 may ask as often as one address."""
    counting = rates.Rates(limits.parse("1/minute"))
    refused = [counting.check({"client": (host, 1), "path": "/", "headers": []}) for host in hosts]
    assert refused[0] is None
    assert all(bool(one) == same for one in refused[1:])


def test_windows_end_and_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its window an address begins anew; no more windows are kept than there is room for."""
    now = 100.0
    monkeypatch.setattr(rates.time, "monotonic", lambda: now)
    windows = rates.Windows(60)
    assert [windows.count("a") for _ in range(3)] == [1, 2, 3]
    assert windows.left_s("a") == 60
    now += 61
    assert (windows.left_s("a"), windows.count("a")) == (0, 1)
    monkeypatch.setattr(rates, "MOST_WINDOWS", 10)
    for number in range(100):
        windows.count(str(number))
    assert len(windows) == 10


@pytest.mark.parametrize(
    ("path", "headers", "body", "status", "said"),
    [
        ("/collections/sites/items?name=" + "x" * edge.URL_BYTES, {}, None, 414, "an address may have"),
        ("/", {"X-Long": "x" * edge.HEADER_BYTES}, None, 431, "headers of"),
        ("/", {f"X-{number}": "1" for number in range(edge.HEADERS)}, None, 431, "may have 100 headers"),
        ("/assessments/what-if", {}, b" " * (1 << 20) + b"{}", 413, "1 MB"),
        ("/needs", {}, b" " * (1 << 20) + b"{}", 413, "1 MB"),
        ("/collections/sites/items?limit=0", {}, None, 400, "limit"),
        ("/collections/sites/items?bbox=1,2,3", {}, None, 400, "bbox"),
        ("/collections/sites/items?bbox=1,2,3,1e13", {}, None, 400, "bbox"),
        ("/collections/sites/items?ids=" + "a," * 10_001, {}, None, 400, "ids: at most"),
        ("/collections/sites/items?offset=5", {}, None, 400, "offset"),
        ("/collections/sites/tiles/WebMercatorQuad/99/0/0", {}, None, 404, "zoom ends at"),
        ("/collections/sites/items?filter=" + "NOT(" * 60 + "a=1" + ")" * 60, {}, None, 400, "within each other"),
        ("/collections/sites/items?filter=" + " AND ".join(["land_ha>1"] * 2100), {}, None, 400, "2,000 operators"),
    ],
)  # fmt: skip
def test_bounds(
    api: TestClient, path: str, headers: dict[str, str], body: bytes | None, status: int, said: str
) -> None:
    """Whatever is too long, too many or too deep is refused with one sentence that says the bound."""
    answer = api.get(path, headers=headers) if body is None else api.post(path, content=body, headers=headers)
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, said in problem["detail"]) == (status, True), problem
    assert "\n" not in problem["detail"]


def test_a_page_holds_no_more_than_its_most(api: TestClient) -> None:
    """A larger limit means the largest, as OGC API wants it."""
    assert api.get("/collections/sites/items?limit=999999999").json()["numberReturned"] <= 10_000


@pytest.mark.parametrize(("name", "value"), [
    ("ESTATES_RATE_LIMIT", "often"), ("ESTATES_TRUSTED_PROXIES", "proxy.example"), ("ESTATES_LOG", "loud"),
    ("ESTATES_METRICS_PORT", "99999"), ("ESTATES_METRICS_PORT", "x:y"), ("ESTATES_SLOW_MS", "soon"),
])  # fmt: skip
def test_a_setting_that_cannot_be_used(name: str, value: str) -> None:
    """It is named."""
    with pytest.raises(BadInput, match=name):
        read_settings({name: value})


def test_settings() -> None:
    """What is left out has a default; what is given counts."""
    plain = read_settings({})
    assert (str(plain.rate), plain.trusted_proxies, plain.log) == ("1200 per 1 minute", ("127.0.0.1", "::1"), Log())
    assert (plain.metrics, plain.slow_ms) == (None, 500)
    given = read_settings({"ESTATES_RATE_LIMIT": "no", "ESTATES_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1",
                           "ESTATES_LOG": "debug console", "ESTATES_METRICS_PORT": "0.0.0.0:9100"})  # fmt: skip
    assert (given.rate, given.trusted_proxies) == (None, ("10.0.0.0/8", "192.0.2.1"))
    assert (given.log, given.metrics) == (Log("debug", "console"), ("0.0.0.0", 9100))
