"""Handing files in over HTTP: who may, what comes of it, and that nothing stays behind when it goes wrong."""

import io
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from estates_api.api import multipart, upload
from estates_api.errors import BadInput
from estates_api.settings import read_settings
from estates_api.store.database import transaction
from estates_api.store.editions import lock_catalogue

Make = Callable[..., TestClient]
Template = Callable[..., bytes]
Count = Callable[[Engine], dict[str, int]]
KEY = "the-key-of-the-tests"

ROWS = (
    {"holding_code": "UP001", "postcode": "N15 3TH", "gia_m2": 1200, "period_end": "2024-03-31"},
    {"holding_code": "UP002", "postcode": "N15 3TH", "gia_m2": "many", "period_end": "2024-03-31"},
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where uploads are kept while they are read; empty again after every test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def client(make_api: Make, reference: Engine, folder: Path) -> TestClient:
    """The administrator, on a catalogue without holdings."""
    return make_api(reference, key=KEY)


def send(client: TestClient, content: bytes, name: str = "list.csv", path: str = "/editions", **fields: str) -> Any:
    """The answer to a file with fields."""
    return client.post(path, files={"file": (name, content)}, data=fields)


def refused(answer: Any) -> tuple[int, str]:
    """Status and reason of a refusal, which is a problem document."""
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["detail"]


def test_a_file_becomes_an_edition(client: TestClient, template: Template) -> None:
    """The answer is the edition, its counts and first issues, and where both can be read again."""
    answer = send(client, template(*ROWS), publisher="Made Up NHS Trust", licence="OGL", url="https://example.org/")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["new"], told["dry_run"], told["file_name"], told["publisher"]) == (True, False, "list.csv",
                                                                                  "Made Up NHS Trust")  # fmt: skip
    assert (told["counts"]["holdings"], told["counts"]["error"]) == (2, 1)
    assert told["first_issues"][0]["raw"] == "many"
    assert [(one["aggregate"], one["holdings"]) for one in told["totals"]] == [(False, told["counts"]["holdings"])]
    assert "sensitivity" not in told
    assert answer.headers["location"] == f"http://testserver/editions/{told['id']}"
    shown = client.get(answer.headers["location"]).json()
    assert shown == {name: told[name] for name in shown}
    assert client.get(shown["links"][1]["href"]).json()["counts"]["error"] == 1
    assert client.get("/sites/UP001").status_code in {200, 301, 307}


def test_the_same_bytes_again_change_nothing(client: TestClient, template: Template, reference: Engine,
                                             count_rows: Count) -> None:  # fmt: skip
    """What is here already is answered in the same shape, with 200; as something else it is a conflict."""
    first = send(client, template(*ROWS)).json()
    before = count_rows(reference)
    again = send(client, template(*ROWS), "other name.csv")
    assert (again.status_code, again.json()) == (200, first | {"new": False})
    assert again.headers["location"].endswith(f"/editions/{first['id']}")
    status, why = refused(send(client, template(*ROWS), sensitivity="owner"))
    assert status == 409
    assert "is here with sensitivity public" in why
    assert count_rows(reference) == before


@pytest.mark.parametrize("host", ["192.0.2.7", "127.0.0.1"])
def test_it_needs_the_key(make_api: Make, reading: Engine, host: str, folder: Path) -> None:
    """Without the key or with a wrong one nothing is even read, on this computer too."""
    client = make_api(reading, host=host)
    for headers in ({}, {"X-API-Key": "wrong"}, {"Authorization": "Bearer wrong"}):
        answer = client.post("/editions", content=endless(), headers=headers | {"Content-Type": "multipart/form-data"})
        status, why = refused(answer)
        assert (status, "key" in why) == (401, True)
        asked = "Bearer" if "Authorization" in headers else "Basic"
        assert answer.headers["www-authenticate"].startswith(asked)


def endless() -> Iterator[bytes]:
    """A body that must not be asked for: reading it fails the test."""
    yield b""


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://testserver", "Sec-Fetch-Site": "cross-site"},
    ],
)  # fmt: skip
def test_a_page_of_another_site_cannot_hand_in(client: TestClient, template: Template, headers: dict[str, str]) -> None:
    """A browser that keeps the key as Basic credentials does not lend them to other sites."""
    answer = client.post("/editions", files={"file": ("a.csv", template(*ROWS))}, headers=headers)
    assert refused(answer)[0] == 403


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://testserver"}, {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"},
                {"Sec-Fetch-Site": "none"}, {"Origin": "https://estates.example"}]
)  # fmt: skip
def test_our_own_pages_can(make_api: Make, reading: Engine, headers: dict[str, str], folder: Path) -> None:
    """What comes from the service's own address, also the public one, goes on to be read."""
    client = make_api(reading, key=KEY, public_url="https://estates.example")
    answer = client.post("/editions", files={"file": ("a.csv", b"")}, headers=headers)
    assert "the file is empty" in refused(answer)[1]


def test_a_preflight_from_elsewhere_is_refused(client: TestClient) -> None:
    """Other sites are told that only reading is open to them."""
    asks = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert client.options("/editions", headers=asks).status_code == 400
    assert client.options("/editions").headers["allow"] == "GET, HEAD, POST, OPTIONS"
    assert client.head("/editions").status_code == 200


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "empty.csv", "empty.csv: the file is empty"),
        (b"%PDF-1.7", "a.pdf", "a.pdf: this is a PDF"),
        (b"a,b\n1,2\n", "a.csv", "a.csv: no format fits"),
        (b"PK\x03\x04rubbish", "a.xlsx", "a.xlsx: "),
        (b"\0" * 5000, "zero.csv", "zero.csv: the file begins with NUL bytes"),
    ],
)
def test_what_cannot_be_read_is_refused_whole(
    client: TestClient, reference: Engine, count_rows: Count, content: bytes, name: str, reason: str
) -> None:
    """A bad file is a problem document that names the file and the reason; nothing is written."""
    before = count_rows(reference)
    status, why = refused(send(client, content, name))
    assert (status, why.startswith(reason), "\n" in why) == (400, True, False), why
    assert count_rows(reference) == before


PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (PART.replace(b"--x--", b"--x"), "cut off"),
        (b"", "cut off"),
        (b"rubbish", "not the multipart form"),
        (PART.replace(b'name="file"', b'name="files"'), "no field 'files'"),
        (PART.replace(b'; filename="a.csv"', b""), "file must be a file"),
        (PART.replace(b'name="file"', b'name="period"'), "period is a text"),
        (PART.replace(b"--x--\r\n", PART), "file is given twice"),
        (b'--x\r\nContent-Disposition: form-data; name="period"\r\n\r\n2016\r\n--x--\r\n', "no field `file`"),
        (b'--x\r\nContent-Disposition: form-data; name="period"\r\n\r\n' + b"2" * 3000 + b"\r\n--x--", "longer than"),
        (b'--x\r\nContent-Disposition: form-data; name="period"\r\n\r\n\xff\r\n--x--', "not UTF-8"),
        (b'--x\r\nContent-Disposition: form-data; name="label"\r\n\r\na\0b\r\n--x--', "control characters"),
        (b"--x\r\nA: " + b"b" * 9000 + b"\r\n\r\n--x--", "not the multipart form"),
        (b"--x\r\n\r\na\r\n--x--", "no field ''"),
    ],
)
def test_a_form_that_is_wrong(client: TestClient, body: bytes, reason: str) -> None:
    """What is missing, unknown, given twice or cut off is a 400 that says so."""
    answer = client.post("/editions", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    status, why = refused(answer)
    assert (status, reason in why) == (400, True), why


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"format": "nonsense"}, "there is no format 'nonsense'"),
        ({"sensitivity": "secret"}, "public, partner or owner"),
        ({"url": "javascript:alert(1)"}, "https://"),
        ({"period": "someday"}, "someday"),
    ],
)
def test_a_field_that_is_wrong(client: TestClient, template: Template, fields: dict[str, str], reason: str) -> None:
    """A field that cannot be used is a 400 that names it."""
    status, why = refused(send(client, template({"holding_code": "UP001", "gia_m2": 1}), **fields))
    assert (status, reason in why) == (400, True), why


@pytest.mark.parametrize(
    "kind", ["text/csv", "application/json", "", "multipart/form-data", "multipart/mixed; boundary=x"]
)
def test_only_forms(client: TestClient, kind: str) -> None:
    """A body that is no multipart form is 415 and says what is wanted; one with endless a boundary is refused."""
    status, why = refused(client.post("/editions", content=b"a,b\n1,2\n", headers={"Content-Type": kind}))
    assert (status, "multipart/form-data" in why) == (415, True)
    long = {"Content-Type": f"multipart/form-data; boundary={'x' * 5000}"}
    assert refused(client.post("/editions", content=b"a", headers=long))[0] == 400


def test_unknown_parameters(client: TestClient) -> None:
    """The path takes dry-run and nothing else, and that is yes or no."""
    assert refused(send(client, b"a", path="/editions?dryrun=true"))[0] == 400
    assert refused(send(client, b"a", path="/editions?dry-run=perhaps"))[0] == 400


def test_the_limit(make_api: Make, reference: Engine, folder: Path, count_rows: Count) -> None:
    """A file beyond the limit is 413: by its announced length before anything is read, else while it comes."""
    client = make_api(reference, key=KEY, max_upload_mb=1)
    before = count_rows(reference)
    content = b"a,b\n" + b"1,2\n" * 300_000
    status, why = refused(send(client, content))
    assert (status, "1 MB" in why, "ESTATES_MAX_UPLOAD_MB" in why) == (413, True, True)
    pieces = [PART[:-11], *[content[at : at + 50_000] for at in range(0, len(content), 50_000)], PART[-11:]]
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert refused(client.post("/editions", content=iter(pieces), headers=headers))[0] == 413
    assert count_rows(reference) == before
    fits = b"a,b\n" + b"1,2\n" * 262_143
    assert refused(send(client, fits))[0] == 400  # read, and no format fits


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\Users\\me\\list.csv", "list.csv"), ("/abs/list.csv", "list.csv"),
        ("a\nb\x00.csv", "ab.csv"), ("..", "upload"), ("", "upload"), ("x/", "upload"), ("Größe.csv", "Größe.csv"),
        ("\u202egpj.csv", "gpj.csv"),
    ],
)  # fmt: skip
def test_a_name_is_a_label(given: str, shown: str) -> None:
    """Of a file name only the last part counts, and of that only what prints."""
    assert multipart.clean_name(given) == shown
    assert len(multipart.clean_name("x" * 9000)) <= 201


def test_a_dry_run_writes_nothing(client: TestClient, template: Template, reference: Engine, count_rows: Count) -> None:
    """The answer says what would change, and every table has the rows it had."""
    before = count_rows(reference)
    answer = send(client, template(*ROWS), path="/editions?dry-run=true")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["dry_run"], told["new"], told["counts"]["holdings"]) == (True, True, 2)
    assert told["changes"]["counts"]["holdings_new"] == 2
    assert told["first_issues"][0]["raw"] == "many"
    assert not {"id", "links", "known_at"} & told.keys()
    assert count_rows(reference) == before
    done = send(client, template(*ROWS))
    assert done.status_code == 201
    again = send(client, template(*ROWS), path="/editions?dry-run=true").json()
    assert (again["new"], again["id"], set(again["changes"]["counts"].values())) == (False, done.json()["id"], {0})


def test_one_at_a_time(client: TestClient, template: Template, reference: Engine, monkeypatch: pytest.MonkeyPatch,
                       count_rows: Count) -> None:  # fmt: skip
    """While another takes a file in, the answer after a while is 503 with a time to come back."""
    monkeypatch.setattr(upload, "LOCK_WAIT_S", 0.2)
    before = count_rows(reference)
    with transaction(reference) as connection:
        lock_catalogue(connection)
        answer = send(client, template(*ROWS))
    assert (refused(answer)[0], answer.headers["retry-after"]) == (503, "5")
    assert count_rows(reference) == before
    assert send(client, template(*ROWS)).status_code == 201


def test_no_more_at_once_than_fit(client: TestClient, template: Template) -> None:
    """Beyond a few files at once, the answer is 503 before anything is read."""
    for _ in range(upload.AT_ONCE):
        upload._slots.acquire()
    try:
        answer = send(client, template(*ROWS))
    finally:
        for _ in range(upload.AT_ONCE):
            upload._slots.release()
    assert (refused(answer)[0], answer.headers["retry-after"]) == (503, "5")


def test_a_full_disk(client: TestClient, template: Template, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room for the file the answer is 503."""

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(multipart.Form, "feed", full)
    assert refused(send(client, template(*ROWS)))[0] == 503


def test_a_client_that_stops(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that sends nothing more is not waited for."""
    monkeypatch.setattr(upload, "IDLE_S", 0.0)

    async def silent(_: Any) -> Any:
        await upload.anyio.sleep(30)
        yield b""

    monkeypatch.setattr(upload.Request, "stream", silent)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert refused(client.post("/editions", content=b"", headers=headers))[0] == 408


def test_others_are_answered_meanwhile(client: TestClient, template: Template, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ingest runs beside the requests of others."""
    begun, go_on = threading.Event(), threading.Event()
    real = upload.handing.hand_in

    def slow(*arguments: Any, **named: Any) -> Any:
        begun.set()
        assert go_on.wait(30)
        return real(*arguments, **named)

    monkeypatch.setattr(upload.handing, "hand_in", slow)
    answers: list[Any] = []
    with client:
        worker = threading.Thread(target=lambda: answers.append(send(client, template(*ROWS))))
        worker.start()
        assert begun.wait(30)
        assert client.get("/health/ready").status_code == 200
        assert client.get("/editions").status_code == 200
        go_on.set()
        worker.join()
    assert answers[0].status_code == 201


def test_an_edition_that_is_not_for_all(client: TestClient, make_api: Make, reference: Engine,
                                        template: Template) -> None:  # fmt: skip
    """A private edition is not there for the public; neither is one that nobody handed in."""
    number = send(client, template(*ROWS), sensitivity="partner").json()["id"]
    assert client.get(f"/editions/{number}").status_code == 200
    for path in (
        f"/editions/{number}",
        f"/editions/{'0' * 12}",
        "/editions/1",
        "/editions/x",
        f"/editions/{number[:11]}",
    ):
        assert refused(make_api(reference).get(path))[0] == 404
    assert client.get(f"/editions/{number[:11]}").status_code == 404


def test_the_document_of_the_api(api: TestClient) -> None:
    """The OpenAPI document shows the form with its file, and every answer."""
    post = api.get("/openapi.json").json()["paths"]["/editions"]["post"]
    schema = post["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert (schema["required"], schema["properties"]["file"]["format"]) == (["file"], "binary")
    assert set(schema["properties"]) == {"file", *upload.FIELDS}
    assert {"200", "201", "400", "401", "403", "409", "413", "415", "503"} <= set(post["responses"])
    assert [parameter["name"] for parameter in post["parameters"]] == ["dry-run"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("xl/workbook.xml", b"0" * 30_000_000, "zip bomb"),
        ("../../etc/passwd", b"x", "path that leads elsewhere"),
        ("xl/workbook.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16"), "document type or entities"),
    ],
)
def test_a_hostile_workbook(client: TestClient, name: str, content: bytes, reason: str) -> None:
    """What is made to harm is refused here as on the command line."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    status, why = refused(send(client, stream.getvalue(), "a.xlsx"))
    assert (status, reason in why) == (400, True), why


@pytest.mark.parametrize("given", ["0", "-1", "2049", "many", "1.5", "9" * 30])
def test_the_limit_is_a_number_of_megabytes(given: str) -> None:
    """The setting is a whole number of megabytes, 200 when it is left out."""
    assert read_settings({}).max_upload_mb == 200
    assert read_settings({"ESTATES_MAX_UPLOAD_MB": "1"}).max_upload_mb == 1
    with pytest.raises(BadInput, match="ESTATES_MAX_UPLOAD_MB"):
        read_settings({"ESTATES_MAX_UPLOAD_MB": given})
