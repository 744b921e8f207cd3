"""Answers that are kept: what is the same bytes is made once, and sent whole, compressed, in part, or not at all."""

import asyncio
import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import zstandard
from starlette.types import Message, Receive, Scope, Send

from estates_api.api import kept
from estates_api.api.kept import _COMPRESS, Kept, parse_range

BODY = b'{"features":[' + b'{"a":1},' * 400 + b"{}]}"


class App:
    """An application that counts how often it is asked."""

    def __init__(self, *, tag: str | None = '"t"', status: int = 200, parts: int = 1, body: bytes = BODY) -> None:
        self.asked, self.tag, self.status, self.parts, self.body = 0, tag, status, parts, body

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        """Answer."""
        self.asked += 1
        headers = [(b"content-type", b"application/geo+json"), (b"content-length", str(len(self.body)).encode())]
        if self.tag:
            headers.append((b"etag", self.tag.encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        for number in range(self.parts):
            await send({"type": "http.response.body", "body": self.body, "more_body": number < self.parts - 1})


def ask(app: Any, path: str = "/x", method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one request."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": raw, "scheme": "http"}
    asyncio.run(app(scope, receive, send))
    start, *bodies = sent
    said = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], said, b"".join(one.get("body", b"") for one in bodies)


@pytest.fixture
def version() -> dict[str, int | None]:
    """The data version, to be changed."""
    return {"now": 1}


@pytest.fixture
def keeping(version: dict[str, int | None]) -> Callable[[App], Kept]:
    """What stands before an application."""
    return lambda app: Kept(app, lambda: version["now"])


def test_the_same_question_is_answered_once(keeping: Callable[[App], Kept], version: dict[str, int | None]) -> None:
    """Until the data version changes, the application is not asked again; and it is at once when it changes."""
    app = App()
    before = keeping(app)
    assert [ask(before)[2] for _ in range(3)] == [BODY] * 3
    assert app.asked == 1
    version["now"] = 2
    ask(before)
    assert app.asked == 2


def test_while_the_version_is_not_known_nothing_is_taken_from_what_is_kept(
    keeping: Callable[[App], Kept], version: dict[str, int | None]
) -> None:
    """Without word of changes, every question goes to the application."""
    app = App()
    before = keeping(app)
    ask(before)
    version["now"] = None
    ask(before)
    assert app.asked == 2


@pytest.mark.parametrize("headers", [{"x_api_key": "k"}, {"authorization": "Bearer k"}, {"accept": "text/html"},
                                     {"host": "other"}, {"x_forwarded_proto": "https"},
                                     {"origin": "https://a.example"}])  # fmt: skip
def test_who_asks_and_how_are_part_of_the_question(keeping: Callable[[App], Kept], headers: dict[str, str]) -> None:
    """An answer to one audience, format or host is never given to another."""
    app = App()
    before = keeping(app)
    ask(before)
    ask(before, **headers)
    assert app.asked == 2


def test_a_question_of_great_length_is_not_kept(keeping: Callable[[App], Kept]) -> None:
    """Memory is counted by answers; questions as long as many answers would take what nobody counts."""
    app = App()
    before = keeping(app)
    for headers in ({"accept": "x" * 30_000}, {"x_api_key": "k" * 30_000}):
        ask(before, **headers)
        ask(before, **headers)
    ask(before, path="/" + "x" * 30_000)
    ask(before, path="/" + "x" * 30_000)
    assert app.asked == 6


@pytest.mark.parametrize(
    "app", [App(tag=None), App(status=404), App(parts=2), App(body=b"x" * (kept.LARGEST_BYTES + 1))]
)
def test_what_is_not_kept(keeping: Callable[[App], Kept], app: App) -> None:
    """Answers without a tag, errors, streams and very large answers are passed on and not kept."""
    before = keeping(app)
    for count in (1, 2):
        status, _, body = ask(before)
        assert (status, body, app.asked) == (app.status, app.body * app.parts, count)


def test_no_more_is_kept_than_there_is_room_for(
    keeping: Callable[[App], Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest goes when the room is used up."""
    monkeypatch.setattr(kept, "KEPT_BYTES", 3 * len(BODY))
    app = App()
    before = keeping(app)
    for path in ("/1", "/2", "/3", "/4", "/4", "/1"):
        ask(before, path)
    assert app.asked == 5


def test_small_answers_take_room_too(keeping: Callable[[App], Kept], monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of a few bytes counts with its question and headers, which take more: thousands are not kept."""
    monkeypatch.setattr(kept, "KEPT_BYTES", 10 * kept.BESIDES_BYTES)
    app = App(body=b"{}")
    before = keeping(app)
    for number in [*range(30), *reversed(range(30))]:
        ask(before, f"/{number}")
    assert 30 + 20 <= app.asked < 30 + 25


@pytest.mark.parametrize(("accepted", "encoding"), [
    ("gzip", "gzip"), ("gzip, deflate, br, zstd", "zstd"), ("zstd;q=0, gzip", "gzip"), ("GZIP;q=0.5", "gzip"),
    ("gzip;q=0", None), ("identity", None), ("", None), ("br", None),
])  # fmt: skip
def test_compressed_as_it_is_accepted(keeping: Callable[[App], Kept], accepted: str, encoding: str | None) -> None:
    """The best encoding that the client takes, under a tag of its own; the bytes are the same when taken apart."""
    status, headers, body = ask(keeping(App()), accept_encoding=accepted)
    undo: dict[str | None, Callable[[bytes], bytes]] = {
        "gzip": gzip.decompress, "zstd": zstandard.ZstdDecompressor().decompress, None: bytes,
    }  # fmt: skip
    assert (status, headers.get("content-encoding"), undo[encoding](body)) == (200, encoding, BODY)
    assert headers["etag"] == (f'"t-{encoding}"' if encoding else '"t"')
    assert headers["content-length"] == str(len(body))
    assert "Accept-Encoding" in headers["vary"]


def test_what_is_small_is_not_compressed(keeping: Callable[[App], Kept]) -> None:
    """Compressing a few bytes makes them more."""
    assert "content-encoding" not in ask(keeping(App(body=b"{}")), accept_encoding="gzip")[1]


@pytest.mark.parametrize("named", ['"t"', '"t-gzip"', '"other", "t"', "*", 'W/"t"'])
def test_not_changed(keeping: Callable[[App], Kept], named: str) -> None:
    """Who names what they have gets 304 without a body or its type."""
    status, headers, body = ask(keeping(App()), if_none_match=named, accept_encoding="gzip")
    assert (status, body) == (304, b"")
    assert headers["etag"] == '"t-gzip"'
    assert "content-type" not in headers


def test_changed(keeping: Callable[[App], Kept]) -> None:
    """Who names something else gets all of it."""
    assert ask(keeping(App()), if_none_match='"other"')[0] == 200


@pytest.mark.parametrize(("asked", "part"), [
    ("bytes=0-9", (0, 9)), ("bytes=10-", (10, None)), ("bytes=-5", (-5, None)), ("bytes=5-99999999", (5, None)),
])  # fmt: skip
def test_a_part(keeping: Callable[[App], Kept], asked: str, part: tuple[int, int | None]) -> None:
    """A range is 206 with just these bytes, uncompressed, and says of how many."""
    status, headers, body = ask(keeping(App()), range=asked, accept_encoding="gzip")
    wanted = BODY[part[0] : None if part[1] is None else part[1] + 1]
    assert (status, body) == (206, wanted)
    first = part[0] % len(BODY)
    assert headers["content-range"] == f"bytes {first}-{first + len(wanted) - 1}/{len(BODY)}"


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=-0"])
def test_a_part_that_is_not_there(keeping: Callable[[App], Kept], asked: str) -> None:
    """A range beyond the end is 416 and says how long it is."""
    status, headers, _ = ask(keeping(App()), range=asked)
    assert (status, headers["content-range"]) == (416, f"bytes */{len(BODY)}")


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-1,5-6",
        "lines=0-1",
        "bytes=a-b",
        "bytes=5-2",
        "bytes",
        "bytes=-",
        "bytes=²-",
        "bytes=0-" + "9" * 5000,
        "bytes=" + "9" * 5000 + "-",
        "bytes=-" + "9" * 5000,
    ],
)
def test_what_is_no_single_range_is_answered_whole(keeping: Callable[[App], Kept], asked: str) -> None:
    """A range that cannot be read, or several, is not asked for at all (RFC 9110, 14.2)."""
    assert parse_range(asked, 100) is None
    assert ask(keeping(App()), range=asked.encode("ascii", "ignore").decode())[0] == 200


def test_a_part_of_what_has_changed_is_the_whole(keeping: Callable[[App], Kept]) -> None:
    """If-Range with another tag asks for all of it."""
    assert ask(keeping(App()), range="bytes=0-9", if_range='"old"')[0] == 200
    assert ask(keeping(App()), range="bytes=0-9", if_range='"t"')[0] == 206


@pytest.mark.parametrize("parts", [1, 3])
def test_head_is_get_without_a_body(keeping: Callable[[App], Kept], parts: int) -> None:
    """HEAD has the headers of GET and no body, also of what is sent in parts."""
    before = keeping(App(parts=parts))
    whole, head = ask(before), ask(before, method="HEAD")
    assert head == (200, whole[1], b"")


def test_other_methods_are_passed_on(keeping: Callable[[App], Kept]) -> None:
    """What is posted is never answered from what is kept."""
    app = App()
    before = keeping(app)
    for _ in range(2):
        ask(before, method="POST")
    assert app.asked == 2


@pytest.mark.parametrize("encoding", ["zstd", "gzip"])
def test_answers_are_compressed_beside_each_other(encoding: str) -> None:
    """Large answers are compressed in threads, several at a time, and each comes out as what it was."""
    decompress = {"zstd": zstandard.decompress, "gzip": gzip.decompress}[encoding]
    bodies = [bytes(f"{number} " * 60_000, "ascii") for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        for _ in range(10):
            assert [decompress(one) for one in threads.map(_COMPRESS[encoding], bodies)] == bodies
