"""The command line: what it says, where it says it, and the exit code, on a real database."""

import csv
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import Engine, text

from estates_api import __version__
from estates_api.cli.files import write_whole
from estates_api.cli.main import app
from estates_api.domain.attributes import ATTRIBUTES
from estates_api.domain.quarters import quarter_of
from estates_api.domain.values import shorten
from estates_api.errors import BadInput
from estates_api.settings import ROOT
from estates_api.store.database import transaction

NOW = str(quarter_of(datetime.now(UTC).date()))
Count = Callable[[Engine], dict[str, int]]


Run = Callable[..., Any]


def commands() -> Iterator[list[str]]:
    """Every command and group there is."""
    yield []
    for name, command in typer.main.get_command(app).commands.items():
        yield [name]
        for below in getattr(command, "commands", {}):
            yield [name, below]


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_help_everywhere(estates: Run, words: list[str]) -> None:
    """Every command explains itself, and needs no database for it."""
    done = estates(*words, "--help")
    assert done.code == 0
    assert "Usage: estates" in done.out
    assert done.err == ""


def test_without_a_command_there_is_help(estates: Run) -> None:
    """`estates` alone shows what there is."""
    done = estates()
    assert "ingest" in done.out + done.err
    assert estates("version").out.strip() == __version__


@pytest.mark.parametrize("words", [["fly"], ["ingest"], ["assess", "--colour"], ["run", "--port", "0"]])
def test_misuse_is_exit_code_2(estates: Run, words: list[str]) -> None:
    """An unknown command or option is exit code 2 with usage on standard error."""
    done = estates(*words)
    assert done.code == 2
    assert "Usage" in done.err
    assert done.out == ""


def test_a_first_set_up(estates: Run, migrated: Engine) -> None:
    """`setup` on an empty database loads, assesses and drafts, saying each step; again, all is unchanged."""
    first = estates("setup", on=migrated)
    assert first.code == 0, first.err
    for word in ("loaded: ERIC 2014-15", "reference data: 14 editions, 14 new", f"shortlist {NOW}: drafted"):
        assert word in first.out
    again = estates("setup", on=migrated)
    assert "loaded" not in again.out
    for word in ("database schema: up to date", "14 editions, 0 new", f"shortlist {NOW}: unchanged"):
        assert word in again.out


def test_set_up_over_a_file_that_is_here_under_another_label(estates: Run, reference: Engine) -> None:
    """A shipped table that somebody handed in before keeps what they called it; set-up says so and goes on."""
    table = ROOT / "data/catalogue/site_events.csv"
    assert estates("ingest", table, on=reference).code == 0
    done = estates("setup", on=reference)
    assert done.code == 0, done.err
    assert "site_events.csv: already here as" in done.out
    assert "not NCL" in done.out


def test_migrate(estates: Run, empty_engine: Engine) -> None:
    """`migrate` says whether it did something."""
    assert estates("migrate", on=empty_engine).out == "schema brought up to date\n"
    assert estates("migrate", on=empty_engine).out == "schema is up to date\n"


def test_commands_on_an_empty_database_say_what_to_run(estates: Run, empty_engine: Engine) -> None:
    """Without the schema a command ends in one line that names the command that makes it."""
    for words in (["assess"], ["shortlist", "list"], ["ingest", "a.csv"], ["serve", "--port", "1024"]):
        done = estates(*words, on=empty_engine)
        assert done.code == 2
        assert done.err.count("\n") == 1
        assert "estates setup" in done.err


@pytest.mark.parametrize("change", ["TABLE need RENAME TO wants", "TABLE need RENAME COLUMN service TO purpose"])
def test_a_schema_that_changed_while_a_command_ran(
    estates: Run, migrated: Engine, make_api: Callable[..., Any], change: str
) -> None:
    """A table or a column that is gone is one line with what to run and exit code 2; over HTTP it is 503."""
    with transaction(migrated) as connection:
        connection.execute(text("DROP VIEW IF EXISTS need_public, need_partner, need_complete CASCADE"))
        connection.execute(text(f"ALTER {change}"))
    done = estates("needs", "list", on=migrated)
    told = "the database schema is not the one of this version; run `estates setup`"
    assert (done.code, done.err.startswith(f"error: {told}"), done.err.count("\n")) == (2, True, 1)
    answer = make_api(migrated).get("/needs")
    assert (answer.status_code, answer.json()["detail"], answer.headers["retry-after"]) == (503, told, "5")


def test_assess(estates: Run, loaded: Engine) -> None:
    """`assess` scores as of today or another day, and says what became of it and what share could not be scored;
    repeated, it is unchanged."""
    today = estates("assess", on=loaded)
    sites, unscored = (int(re.search(pattern, today.out)[1]) for pattern in (r"(\d+) sites", r"(\d+) not enough data"))
    assert f"{unscored / sites:.0%} of the sites cannot be scored: not enough data" in today.out
    assert "(unchanged)" in today.out
    then = estates("assess", "--as-of", "2014-03-31", on=loaded)
    assert "as of 2014-03-31, method ncl-1" in then.out
    assert "not enough data" in then.out
    done = estates("assess", "--as-of", "soon", on=loaded)
    assert (done.code, done.err) == (2, "error: 'soon' is not a day; write it like 2015-03-31\n")


def test_shortlist_commands(estates: Run, loaded: Engine) -> None:
    """`shortlist` drafts, shows and lists with the SHA-256 of the stored bytes."""
    with transaction(loaded) as connection:
        stored = dict(connection.execute(text("SELECT quarter, sha256 FROM shortlist")).all())
    assert set(stored) == {NOW, "2015-Q1"}
    for words in (["draft", NOW], ["show", NOW], ["show", "2015-Q1"], ["draft", "2015-q1"], ["list"]):
        done = estates("shortlist", *words, on=loaded)
        assert done.code == 0, done.err
        wanted = stored.values() if words == ["list"] else [stored[words[1].upper()]]
        assert all(sha256 in done.out for sha256 in wanted)
    shown = estates("shortlist", "show", "2015-Q1", on=loaded).out
    assert "St Ann's Hospital" in shown
    assert "after 2015-03-31: " in shown
    assert "revision 1, draft (unchanged)" in estates("shortlist", "draft", NOW, on=loaded).out
    new = estates("shortlist", "draft", "2014-Q1", on=loaded)
    assert "shortlist 2014-Q1 revision 1, draft\n" in new.out


@pytest.mark.parametrize("words", [["draft", "soon"], ["show", "2015-Q5"], ["show", "2031-Q1"]])
def test_a_wrong_quarter(estates: Run, loaded: Engine, words: list[str]) -> None:
    """A quarter that is none, or has no list, is one line and exit code 2."""
    done = estates("shortlist", *words, on=loaded)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith("error: ")


def test_ingest_tells_what_became_of_a_file(estates: Run, reference: Engine, samples: Path) -> None:
    """A file's edition, counts, totals and first issues are shown; a second time, that it is already here, with the
    same totals: the file's own, to the last unit, AGGRE apart."""
    first = estates("ingest", samples / "eric_2013-14_made.csv", on=reference)
    assert first.code == 0, first.err
    assert "eric_2013-14_made.csv: ERIC 2013-14: " in first.out
    assert "4 holdings" in first.out
    assert "severity" in first.out
    again = estates("ingest", samples / "eric_2013-14_made.csv", on=reference)
    totals = (
        "  3 sites, 11,000 m² gross internal floor area, 5.9 ha of land, £350,000 backlog\n"
        "  1 AGGRE row, 800 m² gross internal floor area, 0.5 ha of land, £0 backlog\n"
    )
    assert totals in first.out
    assert again.out == f"eric_2013-14_made.csv: already here as ERIC 2013-14; nothing changed\n{totals}"


def test_many_issues_are_cut_short(
    estates: Run, reference: Engine, template: Callable[..., bytes], tmp_path: Path
) -> None:
    """Of many issues the gravest ten are shown, with the number of the others and where they are."""
    rows = [{"holding_code": f"RZ1{i}", "gia_m2": "lots" if i % 2 else -1} for i in range(30)]
    (tmp_path / "a.csv").write_bytes(template(*rows))
    done = estates("ingest", tmp_path / "a.csv", on=reference)
    assert done.code == 0
    assert "more issues: see /editions" in done.out
    assert done.out.index(" error ") < done.out.index("more issues")


def test_one_bad_file_leaves_the_good_ones(
    estates: Run, reference: Engine, samples: Path, tmp_path: Path, count_rows: Count
) -> None:
    """Of several files the good ones are taken, each bad one is one line on standard error, and the exit code is 2."""
    bad = {"paper.csv": b"%PDF-1.7 ", "cut.csv": b'a,b\n1,"2', "nul.csv": b"a,b\n\0,1\n"}
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.csv").mkdir()
    files = [tmp_path / "paper.csv", samples / "eric_2013-14_made.csv", tmp_path / "cut.csv", tmp_path / "nul.csv",
             tmp_path / "missing.csv", tmp_path / "folder.csv", samples / "template_made.csv"]  # fmt: skip
    done = estates("ingest", *files, on=reference)
    assert done.code == 2
    errors = done.err.splitlines()
    assert len(errors) == 5
    for name, line in zip(["paper.csv", "cut.csv", "nul.csv", "missing.csv", "folder.csv"], errors, strict=True):
        assert line.startswith("error: ")
        assert name in line
        assert line.endswith("; nothing was written")
    with transaction(reference) as connection:
        names = connection.execute(text("SELECT file_name FROM edition ORDER BY id DESC LIMIT 2")).scalars().all()
    assert names == ["template_made.csv", "eric_2013-14_made.csv"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--as", "xml"], "no format 'xml'"),
        (["--as", "events"], "source_url"),
        (["--period", "2016-13"], "2016-13"),
        (["--period", "whenever"], "whenever"),
    ],
)
def test_wrong_hints_are_one_line_that_names_the_file(
    estates: Run, reference: Engine, samples: Path, options: list[str], reason: str
) -> None:
    """A format or period that does not fit is told with the file it was told of."""
    done = estates("ingest", samples / "template_made.csv", *options, on=reference)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert reason in done.err
    assert "template_made.csv" in done.err


def test_a_name_with_brackets_is_shown_as_it_is(estates: Run, reference: Engine, samples: Path, tmp_path: Path) -> None:
    """File names that look like mark-up are shown letter by letter."""
    path = tmp_path / "[red]2013-14[bold [x.csv"
    path.write_bytes((samples / "eric_2013-14_made.csv").read_bytes())
    assert f"{path.name}: ERIC 2013-14" in estates("ingest", path, on=reference).out
    missing = estates("ingest", tmp_path / "[x] none.csv", on=reference)
    assert "[x] none.csv: No such file" in missing.err


def test_the_template_goes_round(estates: Run, reference: Engine, tmp_path: Path) -> None:
    """The header that `template` prints is read back by `ingest`, every column of it, under its own name."""
    header = next(csv.reader(io.StringIO(estates("template").out)))
    usual = {
        "organisation_code": "RZ1",
        "organisation_name": "Made",
        "sector": "NHS",
        "holding_code": "RZ101",
        "name": "Made Hospital",
        "postcode": "E8 2BB",
        "period_end": "2020-03-31",
        "interest": "freeholder",
        "lease_end": "2030-03-31",
        "lease_break": "2025-03-31",
    }
    row = {name: usual.get(name, "1" if name in ATTRIBUTES else "") for name in header}
    with (tmp_path / "mine.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerow(row)
    done = estates("ingest", tmp_path / "mine.csv", on=reference)
    assert done.code == 0, done.err
    named = {"name", "postcode"}
    assert f"{len(ATTRIBUTES) + len(named)} claims" in done.out
    with transaction(reference) as connection:
        names = set(connection.execute(text("SELECT attribute FROM claim")).scalars())
    assert names == set(ATTRIBUTES) | named


def test_sensitivity_and_organisation_from_the_command_line(estates: Run, reference: Engine, samples: Path) -> None:
    """What the person says about a file is kept with it."""
    done = estates("ingest", samples / "council_lga_form_made.csv", "--sensitivity", "owner", "--period", "2020",
                   on=reference)  # fmt: skip
    assert done.code == 0, done.err
    with transaction(reference) as connection:
        row = connection.execute(text("SELECT sensitivity, label FROM edition ORDER BY id DESC LIMIT 1")).one()
        assert connection.execute(text("SELECT count(*) FROM site_public")).scalar_one() == 0
    assert tuple(row) == ("owner", "2020")


def test_a_file_too_large_is_refused_unread(
    estates: Run, reference: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file over the limit is refused when so much has been read, before anything is made of it."""
    (tmp_path / "large.csv").write_bytes(b"a,b\n" * 1000)
    monkeypatch.setattr("estates_api.sources.document.MAX_BYTES", 1000)
    done = estates("ingest", tmp_path / "large.csv", on=reference)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "large.csv: the file is larger than" in done.err


def test_only_regular_files_are_read(estates: Run, reference: Engine, tmp_path: Path) -> None:
    """A device, a pipe or a folder is refused in one line instead of being read without end."""
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "link.csv").symlink_to("/dev/zero")
    (tmp_path / "folder.csv").mkdir()
    files = ["/dev/zero", tmp_path / "link.csv", tmp_path / "pipe.csv", tmp_path / "folder.csv"]
    done = estates("ingest", *files, on=reference)
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines() == [
        f"error: {name}: not a file that can be read; nothing was written"
        for name in ("zero", "link.csv", "pipe.csv", "folder.csv")
    ]


@pytest.mark.parametrize("command", [["what-if"], ["method", "adopt", "--by", "A", "--reason", "b"]], ids=" ".join)
@pytest.mark.parametrize("name", ["pipe", "folder"])
def test_a_method_is_read_from_a_regular_file(
    estates: Run, reference: Engine, tmp_path: Path, command: list[str], name: str
) -> None:
    """What may have no end is refused in one line: a pipe was waited for, and /dev/zero read into memory."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    done = estates(*command, tmp_path / name, on=reference)
    assert (done.code, done.err) == (2, f"error: {tmp_path / name}: not a file that can be read\n")


def test_only_a_file_is_written_over(tmp_path: Path) -> None:
    """A pipe or a device, such as /dev/null, is not replaced by a file."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="not a file"):
        write_whole(tmp_path / "pipe", "a")
    assert (tmp_path / "pipe").is_fifo()
    with pytest.raises(BadInput, match="name too long"):
        write_whole(tmp_path / ("x" * 300), "a")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file that cannot be read to its end is on Linux")
@pytest.mark.parametrize("command", [["ingest"], ["ingest", "--as", "outline"], ["outline"]], ids=" ".join)
def test_a_disk_that_fails_is_one_line(estates: Run, reference: Engine, command: list[str]) -> None:
    """A file that opens and cannot be read is told in one line with exit code 2."""
    done = estates(*command, "/proc/self/mem", on=reference)
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    assert done.err.startswith("error: mem: Input/output error")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc here")
def test_a_file_larger_than_it_says_is_refused(
    estates: Run, reference: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that states another size than it has is read to the limit and no further."""
    monkeypatch.setattr("estates_api.sources.document.MAX_BYTES", 10)
    done = estates("ingest", "/proc/self/status", on=reference)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "status: the file is larger than" in done.err


@pytest.mark.parametrize(
    "name", ["a\nb 2013-14.csv", "a\x1b[31mb 2013-14.csv", "a\r\x07b 2013-14.csv", "a", "a\udce9.csv"]
)
def test_an_odd_name_is_one_line(estates: Run, reference: Engine, samples: Path, tmp_path: Path, name: str) -> None:
    """A file name with line breaks, control characters or broken letters is shown once, on one line, and harmless."""
    content = (samples / "eric_2013-14_made.csv").read_bytes()
    shown = shorten(name)
    for what, options in ((content, ["--period", "2013-14"]), (b"%PDF-1.7", []), (b"a,b\n1,2\n", [])):
        (tmp_path / name).write_bytes(what)
        done = estates("ingest", tmp_path / name, *options, on=reference)
        said = done.out + done.err
        assert said.replace("\n", "").isprintable()
        assert said.splitlines()[0].count(f"{shown}: ") == 1
        assert done.code == (0 if options else 2)
    (tmp_path / name).unlink()
    missing = estates("ingest", tmp_path / name, on=reference)
    assert missing.err == f"error: {shown}: No such file or directory; nothing was written\n"


def test_the_same_file_as_something_else_is_refused(
    estates: Run, reference: Engine, samples: Path, count_rows: Count
) -> None:
    """A file that is here is refused with another sensitivity, format or period: one line, exit code 2, nothing new."""
    path = samples / "eric_2013-14_made.csv"
    assert estates("ingest", path, on=reference).code == 0
    before = count_rows(reference)
    for options in (["--sensitivity", "owner"], ["--as", "template"], ["--period", "2016-17"]):
        done = estates("ingest", path, *options, on=reference)
        assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
        assert "already here as ERIC 2013-14" in done.err
    assert count_rows(reference) == before
    assert estates("ingest", path, "--sensitivity", "public", "--as", "eric", on=reference).code == 0


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ESTATES_DATABASE_URL", "mysql://x", "ESTATES_DATABASE_URL must look like postgresql://"),
        ("ESTATES_DATABASE_URL", "postgresql://estates@127.0.0.1:9/x", "the database does not answer"),
        ("ESTATES_DATABASE_URL", "postgresql://estates@127.0.0.1:nine/x", "ESTATES_DATABASE_URL"),
        ("ESTATES_OPEN_DRAFTS", "perhaps", "ESTATES_OPEN_DRAFTS must be yes or no"),
        ("ESTATES_PUBLIC_URL", "estates.example.org", "ESTATES_PUBLIC_URL must look like https://"),
        ("ESTATES_PUBLIC_URL", "https://a.example/?x=1", "ESTATES_PUBLIC_URL must look like https://"),
        ("ESTATES_DATA_DIR", "/nowhere", "/nowhere/areas/ncl.toml cannot be read"),
    ],
)
def test_a_wrong_setting_is_one_line(estates: Run, reference: Engine, name: str, value: str, said: str) -> None:
    """A setting that cannot be used is named in one line, without a traceback."""
    done = estates("shortlist", "list", on=reference, **{name: value})
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert said in done.err


def test_the_entry_point_starts() -> None:
    """The program starts as a process of its own, with output that a pipe can take."""
    command = [sys.executable, "-c", "from estates_api.cli.main import main; main()", "template"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.startswith("organisation_code,")
    assert done.stderr == ""


def test_a_dry_run_says_what_would_change(estates: Run, reference: Engine, count_rows: Count, tmp_path: Path) -> None:
    """With --dry-run the file is read and judged as ever, the changes are told, and nothing is written."""
    path = tmp_path / "list.csv"
    path.write_text("organisation_code,organisation_name,sector,holding_code,name,postcode,period_end,gia_m2\n"
                    "RZ1,Made Up Trust,NHS,DR1,Somewhere [House],N15 3TH,2024-03-31,1234.5\n")  # fmt: skip
    before = count_rows(reference)
    done = estates("ingest", path, "--dry-run", on=reference)
    assert (done.code, done.err) == (0, "")
    for words in ("1 holding,", "1 new holding\n", "Somewhere [House]", "a dry run: nothing was written"):
        assert words in done.out
    assert "estates assess" not in done.out
    assert count_rows(reference) == before
    assert estates("ingest", path, on=reference).code == 0
    path.write_text(path.read_text().replace("1234.5", "1300").replace("2024", "2025"))
    assert "1,234.5  1,300" in estates("ingest", path, "--dry-run", on=reference).out
    path.write_text("a,b\n1,2\n")
    assert estates("ingest", path, "--dry-run", on=reference).code == 2
