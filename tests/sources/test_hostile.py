"""Files made to harm: each is refused in one line, soon, and without the memory it asks for."""

import gzip
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from documents import open_bytes
from hostile import FILES, pack, parts, sheet, sparse, workbook

from estates_api.errors import BadInput
from estates_api.sources import archives, spool, xlsx

MOST_MB = 100
LONGEST_S = 20

# Each file is opened in a process of its own, which begins with what the parent had.
OPEN_ALL = """
import json, os, resource, sys, time
from pathlib import Path
from estates_api.errors import BadInput
from estates_api.sources import find_reader
from estates_api.sources.document import open_document
from estates_api.sources.reader import Hints

def attempt(path):
    peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    before, begun, said = peak(), time.monotonic(), ""
    try:
        document = open_document(Path(path), "file")
        list(find_reader(document).read(document, Hints()).records)
    except BadInput as error:
        said = error.detail
    return {"said": said, "mb": peak() - before, "s": time.monotonic() - begun}

for path in sys.argv[1:]:
    sys.stdout.flush()
    child = os.fork()
    if not child:
        print(json.dumps([path, attempt(path)]), flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print(json.dumps([path, {"said": "it died", "mb": 0, "s": 0}]))
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What became of each file: what was said, at how much memory above the start, in what time."""
    folder = tmp_path_factory.mktemp("hostile")
    paths = {}
    for number, (name, (make, _)) in enumerate(FILES.items()):
        paths[str(folder / str(number))] = name
        (folder / str(number)).write_bytes(make())
    sparse(folder / "sparse", 2_000_000_000)
    paths[str(folder / "sparse")] = "two gigabytes of NULs"
    done = subprocess.run([sys.executable, "-c", OPEN_ALL, *paths], capture_output=True, text=True, check=True,
                          timeout=500)  # fmt: skip
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return {paths[path]: outcome for path, outcome in told}


@pytest.mark.parametrize("name", [*FILES, "two gigabytes of NULs"])
def test_it_is_refused(outcomes: dict[str, dict[str, Any]], name: str, record_property: Any) -> None:
    """One line with the reason; less than 100 MB above what the process had; no long work."""
    outcome = outcomes[name]
    reasons = FILES[name][1] if name in FILES else "NUL|empty"
    assert any(reason in outcome["said"] for reason in reasons.split("|")), outcome
    assert outcome["said"].startswith("file: ")
    assert "\n" not in outcome["said"]
    assert outcome["mb"] < MOST_MB, outcome
    assert outcome["s"] < LONGEST_S, outcome


def test_the_plain_workbook_is_read() -> None:
    """What the hostile ones are made from is taken."""
    assert [row.cells for row in open_bytes("f.xlsx", workbook()).sheets[0].rows] == [("1",)]


def test_nothing_is_unpacked_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workbook is read without a file of its members ever being made."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(zipfile.ZipFile, "extract", None)
    monkeypatch.setattr(zipfile.ZipFile, "extractall", None)
    opened = open_bytes("f.xlsx", workbook())
    assert list(opened.sheets[0].rows)
    assert list(tmp_path.iterdir()) == []


def test_macros_and_links_are_data() -> None:
    """A workbook with a macro, a link to another and a formula is read for what its cells show."""
    formula = sheet('<row r="1"><c r="A1" t="str"><f>HYPERLINK("http://x")</f><v>shown</v></c></row>')
    link = b'<externalLink xmlns="x"><externalBook/></externalLink>'
    more = {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0", "xl/externalLinks/externalLink1.xml": link}
    assert [row.cells for row in open_bytes("f.xlsm", pack(parts(sheet=formula) | more)).sheets[0].rows] == [("shown",)]


def test_a_formula_in_csv_is_text() -> None:
    """A cell that a spreadsheet would run stays the text it is."""
    cell = '=cmd|"/c calc"!A1'
    rows = list(open_bytes("f.csv", f'a,b\n1,"{cell.replace(chr(34), chr(34) * 2)}"\n'.encode()).sheets[0].rows)
    assert rows[1].cells == ("1", cell)


def test_a_gzip_bomb_is_not_unpacked() -> None:
    """Gzip is refused as gzip, whatever is inside."""
    with pytest.raises(BadInput, match="gzip"):
        open_bytes("f.csv.gz", gzip.compress(b"\0" * 50_000_000))


@pytest.mark.parametrize(
    ("module", "limit", "value", "reason"),
    [
        (spool, "MAX_BYTES", 1000, "MB of text"), (xlsx, "MAX_CELLS", 2000, "spans more than 2,000 cells"),
        (xlsx, "MAX_STRING_BYTES", 1000, "different texts"), (xlsx, "MAX_STRINGS", 100, "different texts|without end"),
        (archives, "MAX_MEMBERS", 3, "more than 3 members"),
    ],
)  # fmt: skip
def test_limits(monkeypatch: pytest.MonkeyPatch, module: Any, limit: str, value: int, reason: str) -> None:
    """Beyond what is meant to be held, a workbook is refused while it is read."""
    strings = "".join(f"<si><t>text {number}</t></si>" for number in range(1100))
    rows = "".join(f'<row><c t="s"><v>{number}</v></c><c><v>{number}</v></c></row>' for number in range(1100))
    content = workbook(strings=f"<sst>{strings}</sst>", sheet=sheet(rows))
    assert open_bytes("f.xlsx", content)
    monkeypatch.setattr(module, limit, value)
    with pytest.raises(BadInput, match=reason):
        open_bytes("f.xlsx", content)
