import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from documents import Read, open_bytes, read_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from estates_api.domain.records import Succession
from estates_api.errors import BadInput
from estates_api.sources import find_reader, ord  # noqa: A004
from estates_api.sources.reader import Hints

ReadFile = Callable[..., Read]


def read_bytes(content: bytes) -> Read:
    """JSON, read to its end."""
    document = open_bytes("ord.json", content)
    return read_whole(find_reader(document).read(document, Hints()))


def outcome(content: bytes) -> Read | str:
    """What was read, or the reason why not."""
    try:
        return read_bytes(content)
    except BadInput as error:
        return error.detail


def made(samples: Path) -> dict[str, object]:
    """The made trust as parsed."""
    found: dict[str, object] = json.loads((samples / "ord_one_made.json").read_text())["Organisation"]
    return found


def test_each_role_becomes_what_it_is(samples: Path, read_file: ReadFile) -> None:
    """Trusts, practices and branches are organisations, a trust's site is a holding of whoever operates it now."""
    read = read_file(samples / "ord_made.json")
    assert (read.format, read.source) == ("ord", "ODS ORD")
    assert [(o.code, o.kind, o.status, o.parent_code, o.postcode) for o in read.organisations] == [
        ("RZ1", "NHS trust", "active", None, "N18 1QX"),
        ("Z00001", "GP practice", "active", None, "N18 1QX"),
        ("Z00001001", "branch surgery", "active", "Z00001", None),
    ]
    assert [(h.organisation_code, h.code, h.uprn, h.address) for h in read.holdings] == [
        ("RZ1", "RZ101", "100012345678", "1 MADE STREET, LONDON"),
        ("RZ1", "RZ102", None, "1 MADE STREET, LONDON"),
    ]


def test_successions_are_kept_with_their_day(samples: Path, read_file: ReadFile) -> None:
    """Predecessors and successors of a trust are successions; those of a site are claims on it."""
    read = read_file(samples / "ord_made.json")
    assert read.organisations[0].successions == (
        Succession("RZ3", "RZ1", date(2014, 7, 1)),
        Succession("RZ1", "G9Z9S", date(2024, 11, 1)),
    )
    values = {value.attribute: value.text for value in read.holdings[0].values}
    assert values["predecessor_codes"] == "RZ301"


def test_a_closed_site_and_the_day_a_row_speaks_of(samples: Path, read_file: ReadFile) -> None:
    """A closed site says when; in a file without a date, a row speaks of its last change."""
    read = read_file(samples / "ord_made.json")
    values = {value.attribute: value.text for value in read.holdings[1].values}
    assert (values["ods_status"], values["ended_on"]) == ("closed", "2016-03-31")
    assert any(issue.rule == "holding-ended" for issue in read.issues)
    assert read.holdings[0].evidence_date == date(2024, 1, 31)
    dated = read_file(samples / "ord_made.json", Hints(period="2024-02-29"))
    assert dated.holdings[0].evidence_date is None


def test_what_cannot_be_is_an_issue_by_its_number(samples: Path, read_file: ReadFile) -> None:
    """A role that nothing is read from, a name of a wrong type and a second time are told by their place."""
    read = read_file(samples / "ord_made.json")
    assert [(i.line, i.rule) for i in read.issues if i.line] == [
        (5, "value-not-taken"), (6, "row-role-unknown"), (7, "row-unreadable"), (8, "row-unreadable"),
        (3, "holding-ended"),
    ]  # fmt: skip
    assert read.rows == 8


def test_one_organisation_a_line(samples: Path, read_file: ReadFile) -> None:
    """JSON lines are read line by line, and a line that is cut costs only itself."""
    read = read_file(samples / "ord_lines_made.json")
    assert [record.code for record in (*read.organisations, *read.holdings)] == ["RZ1", "Z00001", "RZ101"]
    assert [(i.line, i.rule) for i in read.issues if i.line] == [(4, "row-unreadable")]


def test_the_shapes_it_comes_in(samples: Path) -> None:
    """One organisation, a list, a list of wrapped ones, the directory's short form, with or without a mark."""
    one = made(samples)
    short = {"Name": "MADE", "OrgId": "RZ1", "Status": "Active", "PostCode": "N18 1QX", "PrimaryRoleId": "RO197"}
    shapes = [{"Organisation": one}, {"Organisations": [one]}, [{"Organisation": one}], {"Organisations": [short]}]
    for shape in shapes:
        for mark in (b"", b"\xef\xbb\xbf"):
            read = read_bytes(mark + json.dumps(shape).encode())
            assert [(o.code, o.postcode) for o in read.organisations] == [("RZ1", "N18 1QX")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"Organisation": {"Name": "x"', "not JSON: .* line 1"),
        (b'{"Organisation": NaN}', "NaN is not a number"),
        (b'{"Organisation": {"Name": "x", "Name": "y"}}', "'Name' stands twice"),
        (b'{"Organisation": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, "nested too deeply"),
        (b'{"Organisation": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"Organisation": ' + b"9" * 5000 + b"}", "thousands of digits"),
        (b'{"Organisation": "\xff"}', "must be UTF-8"),
        (b'{"Organisations": []}', "holds no Organisation"),
        (b'{"Organisations": 7}', "holds no Organisation"),
        (b'{"Other": 7}', "not of organisations"),
    ],
)
def test_what_is_no_such_json_is_refused_in_one_line(content: bytes, reason: str) -> None:
    """Whatever is wrong with the file as a whole: one line with its name and the reason."""
    with pytest.raises(BadInput, match=reason) as error:
        read_bytes(content)
    assert error.value.detail.startswith("ord.json: ")
    assert "\n" not in error.value.detail


def test_json_too_large_to_hold(samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large file must have one organisation a line: it is never in memory as a whole."""
    monkeypatch.setattr(ord, "MOST_AT_ONCE", 100)
    with pytest.raises(BadInput, match="must have one organisation a line"):
        read_bytes((samples / "ord_one_made.json").read_bytes())


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["Role", "id", "Date"]), inner, max_size=2)
    ),
    max_leaves=3,
)


def paths(node: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """The way to every value."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(found for key, value in items for found in paths(value, (*path, key)))][1 if not path else 0 :]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_value_of_a_wrong_kind_breaks_it(data: st.DataObject) -> None:
    """Any value anywhere replaced by anything: a record or an issue, never a traceback."""
    samples = Path(__file__).parents[1] / "samples"
    document = json.loads((samples / "ord_made.json").read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        way = data.draw(st.sampled_from(paths(document)))
        node = document
        for key in way[:-1]:
            node = node[key]
        node[way[-1]] = data.draw(_JUNK)
    said = outcome(json.dumps(document).encode())
    assert isinstance(said, Read) or "\n" not in said
