"""`estates shortlist` and `estates quarter`: a quarter's work from the command line, once and again."""

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine, text

from estates_api.domain.area import Area
from estates_api.domain.method_file import parse_method
from estates_api.domain.quarters import Quarter, quarter_of
from estates_api.settings import ROOT
from estates_api.store.database import transaction
from estates_api.workflows.adoption import InForce
from estates_api.workflows.quarter import Wishes, run_quarter

Run = Callable[..., Any]
METHOD = (ROOT / "data/methods/ncl-1.toml").read_bytes()
PUBLISH = ("--publish", "--by", "A Board")


class Taker:
    """A server of this computer that takes posts and keeps them; it answers with `status`."""

    def __init__(self) -> None:
        self.status, self.taken = 204, []
        taker = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                taker.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(taker.status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?token=secret-token"


@pytest.fixture
def taker() -> Iterator[Taker]:
    """A webhook's other end."""
    made = Taker()
    Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def audits(engine: Engine) -> list[tuple[str, str]]:
    """Every act on record: who did what."""
    with transaction(engine) as connection:
        return [tuple(row) for row in connection.execute(text("SELECT actor, action FROM audit ORDER BY id"))]


def test_publish_verify_reproduce_and_correct(estates: Run, loaded: Engine) -> None:
    """A draft is published, verified and reproduced; what cannot be is one line and exit code 2."""
    done = estates("shortlist", "publish", "2015-Q1", "--by", "A Board", on=loaded)
    assert (done.code, "shortlist 2015-Q1 revision 2, published by A Board\n" in done.out) == (0, True), done.err
    again = estates("shortlist", "publish", "2015-Q1", "--by", "A Board", on=loaded)
    assert (again.code, again.err.count("\n"), "nothing was drafted since" in again.err) == (2, 1, True)
    verified = estates("shortlist", "verify", "2015-Q1", on=loaded)
    assert (verified.code, "none failed" in verified.out, "FAIL" in verified.out) == (0, True, False)
    reproduced = estates("shortlist", "reproduce", "2015-Q1", "--revision", "2", on=loaded)
    assert (reproduced.code, "reproduced: the same bytes" in reproduced.out) == (0, True)
    shown = estates("shortlist", "show", "2015-Q1", on=loaded).out
    assert "revision 2, published by A Board" in shown
    assert "4 sites of London Borough of Barnet" in shown


def test_verify_and_reproduce_fail_with_exit_code_1(estates: Run, loaded: Engine) -> None:
    """Figures changed behind the guards: the check that fails is named, and so is what comes out otherwise."""
    with transaction(loaded) as connection:
        for table in ("claim", "assessment_site"):
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE assessment_site SET release_score = 1"))
        connection.execute(text("UPDATE claim SET number = number / 2 WHERE number > 1"))
    verified = estates("shortlist", "verify", "2015-Q1", on=loaded)
    assert (verified.code, "FAIL the assessment still has the hash" in verified.out) == (1, True)
    reproduced = estates("shortlist", "reproduce", "2015-Q1", on=loaded)
    assert (reproduced.code, "reproduced: no" in reproduced.out) == (1, True)
    assert "entries NCL-RRP03: " in reproduced.out
    assert "what the records cannot be rewound in:" in reproduced.out


def test_changes(estates: Run, loaded: Engine) -> None:
    """What changed since another quarter, in words, each with its causes."""
    assert estates("shortlist", "draft", "2014-Q1", on=loaded).code == 0
    told = estates("shortlist", "changes", "2015-Q1", "2014-Q1", on=loaded).out
    assert "2014-Q1 (as of 2014-03-31) to 2015-Q1 (as of 2015-03-31): 0 entered, 2 left, 8 moved, 3 stayed" in told
    assert "moved Chase Farm Hospital (NCL-RALC7): reuse rank 9 -> part release rank 3" in told
    assert "  gate: a gate opened: it is the only general acute hospital site of its borough" in told
    missing = estates("shortlist", "changes", "2015-Q1", "2031-Q1", on=loaded)
    assert (missing.code, missing.err.count("\n")) == (2, 1)


def test_pin_strike_and_unpin(estates: Run, loaded: Engine) -> None:
    """Choices are recorded with who and why, printed by the next draft, and taken back."""
    why = ("--by", "A Board", "--because", "the board asked")
    pinned = estates("shortlist", "pin", "2015-Q1", "NCL-RRVNQ", "--list", "reuse", *why, on=loaded)
    assert (pinned.code, pinned.out.startswith("pinned: NCL-RRVNQ; the next draft follows it")) == (0, True), pinned.err
    assert estates("shortlist", "strike", "2015-Q1", "NCL-RAL01", *why, on=loaded).code == 0
    drafted = estates("shortlist", "draft", "2015-Q1", on=loaded).out
    assert "strike: Royal Free Hospital (NCL-RAL01), by A Board: the board asked" in drafted
    assert estates("shortlist", "unpin", "2015-Q1", "NCL-RAL01", *why, on=loaded).code == 0
    gate = estates("shortlist", "pin", "2015-Q1", "NCL-RRV03", "--list", "release", *why, on=loaded)
    assert (gate.code, "the gate is closed" in gate.err, gate.err.count("\n")) == (2, True, 1)


def test_stale_evidence_is_refused_with_the_reason(estates: Run, loaded: Engine, tmp_path: Path) -> None:
    """What is shipped is of 2013 to 2017: the job drafts, says that it is too old and what to do, writes nothing."""
    done = estates("quarter", *PUBLISH, "--out", tmp_path / "out", on=loaded)
    assert done.code == 1
    assert done.err.startswith("refused: the evidence is too old: ")
    assert "--allow-stale REASON" in done.err
    assert not (tmp_path / "out").exists()
    assert "publish shortlist" not in {action for _, action in audits(loaded)}


def test_published_by_hand_the_evidence_is_looked_at_too(estates: Run, loaded: Engine) -> None:
    """A list on old evidence is refused with what to do, by hand too; let through with a reason, that is on record and
    stands on what is shown. A choice for what is published says that a correction is needed, and how."""
    quarter = str(quarter_of(datetime.now(UTC).date()))
    by = ("--by", "A Board")
    refused = estates("shortlist", "publish", quarter, *by, on=loaded)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "the evidence is too old: " in refused.err
    assert "--allow-stale REASON" in refused.err
    blank = estates("shortlist", "publish", quarter, *by, "--allow-stale", " ", on=loaded)
    assert (blank.code, "allow_stale: say it" in blank.err) == (2, True)
    done = estates("shortlist", "publish", quarter, *by, "--allow-stale", "nothing newer is there", on=loaded)
    assert done.code == 0, done.err
    assert "on old evidence, because: nothing newer is there" in estates("shortlist", "show", quarter, on=loaded).out
    with transaction(loaded) as connection:
        detail = connection.execute(text("SELECT detail FROM audit WHERE action = 'publish shortlist'")).scalar_one()
    assert set(detail["allow_stale"]["found"]) == {"public", "partner", "complete"}
    struck = estates("shortlist", "strike", quarter, "NCL-RAL01", *by, "--because", "a school", on=loaded)
    assert "revision 2 of" in struck.out
    assert f"estates shortlist publish {quarter} --by WHO --because WHY" in struck.out


def test_the_whole_quarter_once_and_again(estates: Run, loaded: Engine, tmp_path: Path, taker: Taker) -> None:
    """Let through with a reason, the quarter is published, its files and the Commission's are there with their hashes,
    the webhook is told; again, nothing changes and it says so."""
    words = ("quarter", "2026-Q1", *PUBLISH, "--allow-stale", "a trial", "--out", tmp_path, "--webhook", taker.url)
    done = estates(*words, on=loaded)
    assert done.code == 0, done.err
    for line in ("recorded: allow stale evidence", "published revision 2", "told the webhook", "wrote "):
        assert line in done.out, line
    folder = tmp_path / "2026-Q1-revision-2"
    sums = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert set(sums) == {path.name for path in folder.iterdir()} - {"SHA256SUMS"}
    assert {"shortlist-2026-Q1.json", "shortlist-2026-Q1.csv", "llc.csv", "datapackage.json"} <= set(sums)
    (resource,) = json.loads((folder / "datapackage.json").read_bytes())["resources"]
    assert (resource["path"], resource["hash"]) == ("llc.csv", f"sha256:{sums['llc.csv']}")
    assert estates("llc", "validate", folder / "llc.csv", on=loaded).code == 0
    assert all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256 for name, sha256 in sums.items())
    document = json.loads((folder / "shortlist-2026-Q1.json").read_bytes())
    assert document["audience"] == "public"
    (told,) = taker.taken
    assert (told["quarter"], told["revision"], told["status"]) == ("2026-Q1", 2, "published")
    assert told["sha256"] == sums["shortlist-2026-Q1.json"]
    assert sum(told["counts"][name] for name in ("reuse", "annex")) == len(document["entries"])
    before = audits(loaded)
    again = estates(*words, on=loaded)
    assert (again.code, again.out.splitlines()[-1]) == (0, "nothing changed")
    assert (audits(loaded), len(taker.taken)) == (before, 1)


def test_a_failing_webhook_is_a_warning(estates: Run, loaded: Engine, tmp_path: Path, taker: Taker) -> None:
    """Everything else is done first; the warning names the host and not the rest of the address; a redirect is not
    followed; another run tries again."""
    words = ("quarter", "2015-Q1", *PUBLISH, "--out", tmp_path, "--webhook", taker.url)
    for taker.status in (500, 302):
        done = estates(*words, on=loaded)
        assert (done.code, done.err.startswith("warning: the webhook at 127.0.0.1 answered")) == (3, True), done.err
        assert "secret-token" not in done.out + done.err
    assert (tmp_path / "2015-Q1-revision-2").is_dir()
    assert len(taker.taken) == 2
    taker.status = 200
    assert estates(*words, on=loaded).out.splitlines()[-1] == "told the webhook"
    with transaction(loaded) as connection:
        kept = connection.execute(text("SELECT detail::text FROM audit WHERE action = 'webhook'")).scalar_one()
    assert "secret-token" not in kept


def test_a_replacement_needs_a_reason(
    estates: Run, loaded: Engine, hand_in: Callable[..., object], template: Callable[..., bytes]
) -> None:
    """A published quarter for which a late return came is drafted again and refused until somebody says why."""
    assert estates("quarter", "2015-Q1", *PUBLISH, on=loaded).code == 0
    hand_in(loaded, "a.csv", template({"holding_code": "RZ101", "gia_m2": 10, "period_end": "2015-01-01"}))
    done = estates("quarter", "2015-Q1", *PUBLISH, on=loaded)
    assert (done.code, "say why it is replaced with --because" in done.err) == (1, True)
    done = estates("quarter", "2015-Q1", *PUBLISH, "--because", "a late return", on=loaded)
    assert "published revision 4" in done.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["2026-Q9"], "is not a quarter"),
        (["--publish"], "say who publishes, with --by"),
        (["--webhook", "ftp://example.org/x"], "--webhook: must be an address like https://"),
        (["--webhook", "http://"], "--webhook: must be an address like https://"),
        (["--webhook", "http://[x"], "--webhook: must be an address like https://"),
        (["--audience", "friends"], "--audience: must be one of public, partner, complete"),
        (["--allow-stale", " "], "--allow-stale: say why"),
    ],
)
def test_what_cannot_be_asked(estates: Run, loaded: Engine, words: list[str], told: str) -> None:
    """An option that cannot be is one line and exit code 2, before anything is done."""
    before = audits(loaded)
    done = estates("quarter", *words, on=loaded)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert told in done.err
    assert audits(loaded) == before


def test_two_machines_at_once(loaded: Engine, area: Area) -> None:
    """Two machines that start together: one does the quarter, the other waits and finds it done."""

    def run(_: int) -> list[str]:
        by = InForce(parse_method(METHOD, "ncl-1.toml"), METHOD)
        with transaction(loaded) as connection:
            wishes = Wishes(publish=True, by="A Board")
            return run_quarter(connection, Quarter(2014, 1), wishes, area=area, by=by, today=Quarter(2015, 1).end).did

    with ThreadPoolExecutor(2) as pool:
        done = sorted(pool.map(run, range(2)))
    assert done == [[], ["drafted revision 1", "published revision 2"]]
