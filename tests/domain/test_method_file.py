import hashlib
import re
from collections.abc import Callable

import pytest
from builders import DAY, METHOD_FILE, assessed, full, method, site
from hypothesis import given, settings
from hypothesis import strategies as st

from estates_api.domain.checks import APPLIES
from estates_api.domain.explanation import describe
from estates_api.domain.gates import GATES
from estates_api.domain.measures import MEASURES
from estates_api.domain.method import Method
from estates_api.domain.method_file import LIMITS, parse_method
from estates_api.errors import BadInput

TEXT = METHOD_FILE.read_text(encoding="utf-8")
LINES = TEXT.split("\n")
POINTS = "points = [[2.5, 0], [30, 1]]"


def told_of(text: str) -> str:
    """What is said of a method that is refused."""
    with pytest.raises(BadInput) as refused:
        parse_method(text.encode(), "ncl-2.toml")
    return refused.value.detail


def test_the_shipped_method() -> None:
    """The method that ships uses every rule there is, and is known by the hash of its bytes."""
    shipped = method()
    assert shipped.id == "ncl-1"
    assert {criterion.id for criterion in shipped.criteria} == set(MEASURES)
    assert set(shipped.gates) == set(GATES)
    assert set(shipped.limits) == set(LIMITS)
    assert {check.applies_to for check in shipped.checks.values()} == set(APPLIES)
    assert shipped.sha256 == hashlib.sha256(METHOD_FILE.read_bytes()).hexdigest()
    assert {criterion.score for criterion in shipped.of("reuse")} == {"reuse"}


def test_everything_can_be_defended() -> None:
    """Whatever the method says carries its reason and what it rests on; its names are short."""
    shipped = method()
    rules = (*shipped.criteria, *shipped.gates.values(), *shipped.limits.values(), *shipped.checks.values())
    assert [rule.id for rule in (*rules, *shipped.priorities) if len(rule.citation) < 10] == []
    assert [one.id for one in (*shipped.criteria, *shipped.priorities) if not one.why.endswith(".")] == []
    assert all(len(shipped.cut_offs.why[name]) > 20 for name in ("release", "reuse", "coverage", "stale_years"))
    assert all(criterion.id == f"{criterion.score}.{criterion.name}" for criterion in shipped.criteria)


def test_every_group_has_the_same_weight() -> None:
    """Groups share equally, and criteria share their group's: no published argument ranks them."""
    assert {criterion.group for criterion in method().criteria} == set(method().group_weights)
    assert set(method().group_weights.values()) == {1.0}
    assert {criterion.weight for criterion in method().criteria} == {1.0}


def test_the_land_commissions_order() -> None:
    """Priority columns stand in the Land Commission's order: transport, zones, land next door, then homes and money."""
    order = ["transport", "housing-zone", "opportunity-area", "assembly", "homes", "receipt"]
    assert [priority.id for priority in method().priorities] == order


def test_value_points_are_the_criterions_or_the_peers() -> None:
    """Open land has its own points; backlog takes its peers' median and 90th percentile."""
    by_id = {criterion.id: criterion for criterion in method().criteria}
    assert method().value_points(by_id["release.open_land"], None, "acute") == ((0.1, 0.0), (10.0, 1.0))
    assert method().value_points(by_id["release.backlog"], "ERIC 2014-15", "acute") == ((37.79, 0.0), (183.5, 1.0))


def test_a_weight_of_its_own_needs_its_argument() -> None:
    """A criterion and a group may weigh more, with the argument beside it; it is kept and printed."""
    weighed = TEXT.replace(POINTS, f'{POINTS}\nweight = 2\nweight_why = "The ceiling is the sector\'s own."', 1)
    weighed = weighed.replace("weight = 1 ", 'weight_why = "Land lasts."\nweight = 3 ', 1)
    parsed = parse_method(weighed.encode(), "ncl-2.toml")
    assert (parsed.criteria[0].weight, parsed.criteria[0].weight_why) == (2.0, "The ceiling is the sector's own.")
    assert parsed.group_weights["release.utilisation"] == 3.0
    assert parsed.weight_whys == {"release.utilisation": "Land lasts."}
    assert parsed.sha256 != method().sha256


def test_a_heavier_criterion_counts_for_more() -> None:
    """Within its group a criterion of weight 2 counts twice; the contributions still add up."""
    weighed = parse_method(TEXT.replace(POINTS, f'{POINTS}\nweight = 2\nweight_why = "why"', 1).encode(), "ncl-2.toml")
    before, after = (assessed(site(full()), by=one).release for one in (method(), weighed))
    assert before.contributions[0].weight == pytest.approx(1 / 12)
    assert after.contributions[0].weight == pytest.approx(2 / 16)
    assert sum(part.points for part in after.contributions) == pytest.approx(after.expected, abs=1e-9)


# What is changed, into what, the text at which the line is to be told (None: as the new text), and what is told.
BROKEN = {
    "not TOML": ('id = "ncl-1"', "id = ncl-1", None, "not readable as TOML: Invalid value"),
    "no end of a list": ("[30, 1]]", "[30, 1", 'why = "Space above', "not readable as TOML"),
    "key twice": ('unit = "%"', 'unit = "%"\nunit = "ha"', 'unit = "ha"', "not readable as TOML: Cannot overwrite"),
    "title missing": ("\ntitle = ", "\nheading = ", "# The scoring method", "the key title is missing; add it"),
    "title a number": ('title = "North', 'title = 3 #"North', None, "title: must be a text in quotation marks"),
    "title empty": ('title = "empty or under-used space"', 'title = " "', None, "vacancy, title: must be a text"),
    "title of a control character": ('title = "land not', r'title = "\u0000land not', None, "title: must be a text"),
    "id unfit": ('id = "ncl-1"', 'id = "NCL 1"', None, "id: must be small letters, digits and hyphens"),
    "key missing": ("\nwhy = ", "\nwy = ", "[[criterion]]", "release.vacancy: the key why is missing"),
    "key beside": ("\nwhy = ", '\ncolour = "red"\nwhy = ', 'colour', "vacancy: the key 'colour' is not known here"),
    "table beside": ("[cut_offs]", "[weights]\n[cut_offs]", "[weights]", "the key 'weights' is not known here"),
    "norm missing": ("norms = { acute = 0.59, other = 0.18 }", "norms = { acute = 0.59 }", None,
                     "[norms]: the key other is missing; add it"),
    "norm nought": ("acute = 0.59", "acute = 0", None, "acute: must be a number from 0.001 to 1,000"),
    "cut-off missing": ("reuse = 55", "#", "[cut_offs]", "[cut_offs]: the key reuse is missing"),
    "cut-off without a why": ("reuse_why = ", "reason = ", "[cut_offs]", "the key reuse_why is missing"),
    "cut-off out of range": ("release = 47 ", "release = 470 ", None, "release: must be a number from 0 to 100"),
    "cut-off not a number": ("coverage = 0.5 ", "coverage = nan ", None, "coverage: must be a number from 0 to 1"),
    "cut-off a truth": ("coverage = 0.5 ", "coverage = true ", None, "coverage: must be a number from 0 to 1"),
    "years negative": ("stale_years = 3 ", "stale_years = -3 ", None, "stale_years: must be a whole number"),
    "years in parts": ("stale_years = 3 ", "stale_years = 2.5 ", None, "stale_years: must be a whole number"),
    "weight zero": ("weight = 1  ", "weight = 0  ", None, "utilisation, weight: must be a number from 0.001"),
    "weight not a number": ("weight = 1  ", "weight = nan  ", None, "utilisation, weight: must be a number"),
    "weight endless": ("weight = 1  ", "weight = inf  ", None, "utilisation, weight: must be a number"),
    "weight a word": ("weight = 1  ", 'weight = "much"  ', None, "utilisation, weight: must be a number"),
    "weight without a why": ("weight = 1  ", "weight = 2  ", None, "utilisation, weight: .*add weight_why"),
    "group twice": ('id = "land"', 'id = "utilisation"', 'id = "utilisation"', "release.utilisation stands twice"),
    "group of no score": ('score = "release"', 'score = "retain"', None, "score: 'retain' is not known here"),
    "group without criteria": ('id = "land"', 'id = "sea"', 'group = "land"', "there is no group release.land; add"),
    "no such group": ('group = "fitness"', 'group = "health"', None, "reuse.spare: there is no group reuse.health"),
    "no such measure": ('id = "release.vacancy"', 'id = "release.charm"', None, "charm, id: .* is not known"),
    "points a word": (POINTS, 'points = "some"', None, 'release.vacancy, points: must be "peers" or a list'),
    "points of one number": (POINTS, "points = [[2.5], [30]]", None, "points: must be"),
    "points of words": (POINTS, 'points = [["a", 0], [30, 1]]', None, "points: must be"),
    "one point": (POINTS, "points = [[2.5, 0]]", None, "release.vacancy, points: give two or more points"),
    "no points": (POINTS, "points = []", None, "release.vacancy, points: must be"),
    "two values at once": (POINTS, "points = [[2, 0], [2, 1]]", None, "points: give two or more points"),
    "points out of order": (POINTS, "points = [[30, 1], [2.5, 0]]", None, "points: give two or more .* larger measure"),
    "value above one": (POINTS, "points = [[2.5, 0], [30, 2]]", None, "points: values must lie in 0-1"),
    "up and down": (POINTS, "points = [[0, 0], [1, 1], [2, 0]]", None, "only rise or only fall"),
    "flat": (POINTS, "points = [[0, 1], [1, 1]]", None, "only rise or only fall"),
    "measure not finite": (POINTS, "points = [[0, 0], [inf, 1]]", None, "points: must be"),
    "log of nothing": ("points = [[0.1, 0], [10, 1]]", "points = [[0, 0], [10, 1]]", None, "log scale needs"),
    "log of peers": ('points = "peers"', 'scale = "log"\npoints = "peers"', 'points = "peers"',
                     "points: a log scale needs points of its own"),
    "a level that there is not": ("points = [[2, 0], [7, 1]]", "points = [[2, 0], [20, 1]]", None,
                                  "access, points: .*from 0 .level 0. to 8 .level 6b."),
    "a level below the lowest": ("points = [[2, 0], [7, 1]]", "points = [[-3, 0], [7, 1]]", None,
                                 "access, points: .*from 0 .level 0. to 8 .level 6b."),
    "scale misspelt": ('scale = "log"', 'scale = "logarithm"', None, "open_land, scale: .*write one of: linear, log"),
    "criterion twice": ('id = "release.idle_land"', 'id = "release.vacancy"', None, "release.vacancy stands twice"),
    "p90 below the median": ("p90 = 170.95", "p90 = 1.95", None, "release.backlog, p90: must be above the median"),
    "p90 not a number": ("p90 = 170.95", "p90 = nan", None, "release.backlog, p90: must be a number"),
    "quantiles that fall": ("n = 155, at = [0, ", "n = 155, at = [9, ", None, "vacancy, at: must be 25 numbers"),
    "a quantile too many": ("n = 155, at = [0, ", "n = 155, at = [0, 0, ", None, "vacancy, at: must be 25 numbers"),
    "probabilities short of one": ("0.99, 1]", "0.99]", None, "probabilities: must rise from 0 to 1"),
    "too few draws": ("draws = 1000", "draws = 10", None, "draws: must be a whole number from 100"),
    "a list of nothing": ("size = 50 ", "size = 0 ", None, "[shortlist], size: must be a whole number from 1"),
    "no such chance": ("probability = 0.05", "probability = 5", None, "[shortlist], probability: must be a number"),
    "a rule without a reason": ("size_why", "size_wh", "[shortlist]", "[shortlist]: the key size_why is missing"),
    "draws too wide": ("criteria = 30 ", "criteria = 0 ", None, "criteria: must be a number from 1"),
    "peers twice": ('class = "all"', 'class = "acute"', 'class = "acute"', "2013-14, acute stands twice"),
    "gate without reason": ('id = "owner"\nreason', 'id = "owner"\nwhy', "[[gate]]", "the key reason is missing"),
    "no such gate": ('id = "sole-acute"', 'id = "sole"', None, "[[gate]] sole, id: 'sole' is not known here"),
    "gate twice": ('id = "kept"', 'id = "owner"', 'id = "owner"', "[[gate]]: owner stands twice"),
    "no such limit": ('id = "green-belt"', 'id = "blue-belt"', None, "blue-belt, id: .*one of: conservation-area"),
    "no such effect": ('effect = "flagged"', 'effect = "noted"', None, "effect: 'noted' is not known here"),
    "no such check": ('applies_to = "any land"', 'applies_to = "all"', None, "applies_to: 'all' is not known here"),
    "check twice": ('id = "offer-back"', 'id = "best-consideration"', 'id = "best-consideration"', "stands twice"),
    "priority without why": ('"in a Housing Zone"\nwhy', '"in a Housing Zone"\ny', "[[priority]]", "why is missing"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "at", "told"), BROKEN.values(), ids=BROKEN)
def test_a_broken_method_is_told_in_one_line(old: str, new: str, at: str | None, told: str) -> None:
    """A method that cannot be used is refused with the file, the line, the entry that is wrong and what to do."""
    assert old in TEXT
    found = re.fullmatch(r"ncl-2\.toml, line ([0-9]+): (.*)", told_of(TEXT.replace(old, new, 1)))
    assert found
    assert re.search(re.sub(r"([\[\]])", r"\\\1", told), found[2])
    lines = TEXT.replace(old, new, 1).split("\n")
    changed = TEXT[: TEXT.index(old)].count("\n") + new.count("\n")
    matching = [number for number, line in enumerate(lines) if (at or new).strip() in line]
    nearest = max((number for number in matching if number <= changed), default=matching[0])
    assert int(found[1]) == nearest + 1


@pytest.mark.parametrize("key", ["group", "peers", "criterion", "cut_offs", "gate", "limit", "check", "priority"])
@pytest.mark.parametrize("value", ["1", '["a"]', "[]", '"text"', "1979-05-27"])
def test_a_part_of_the_wrong_kind_is_refused(key: str, value: str) -> None:
    """A part that is a number where a table belongs is told with its line, which is the first."""
    parts = re.split(r"\n(?=\[)", TEXT)
    rest = "\n".join(part for part in parts if not re.match(rf"\[+{key}[\].]", part))
    broken = f"{key} = {value}\n{rest}"
    if value == "[]" and key in {"gate", "limit", "check", "priority"}:
        assert parse_method(broken.encode(), "ncl-2.toml").id == "ncl-1"
    else:
        assert told_of(broken).startswith("ncl-2.toml, line ")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe", "line 1: not UTF-8 text; save the file as UTF-8"),
        (b"id = 1\ntitle = '\xff'", "line 2: not UTF-8 text"),
        (b"", "line 1: the key id is missing"),
        (b"id = " + b"9" * 5000, "line 1: not readable as TOML: a number is too long"),
        (b"a = 1\n\nid = " + b"[" * 9000, "line 3: not readable as TOML: nested too deeply"),
        (b"[[group]]\nscore = 0x" + b"f" * 9000, "line 2: [[group]] number 1, score: what stands there is not known"),
        (b"id = '\n", "line 1: not readable as TOML"),
    ],
)
def test_what_is_no_method_at_all(content: bytes, told: str) -> None:
    """Any bytes at all are answered with one line that says what they are not."""
    with pytest.raises(BadInput) as refused:
        parse_method(content, "ncl-2.toml")
    assert refused.value.detail.startswith(f"ncl-2.toml, {told}") or "missing" in refused.value.detail


def test_a_file_saved_by_a_windows_editor_is_read() -> None:
    """A byte order mark and other line ends change the hash, not the method, nor the line of a mistake."""
    windows = b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()
    assert parse_method(windows, "ncl-2.toml").criteria == method().criteria
    line = 1 + next(number for number, text in enumerate(LINES) if text.startswith("release_why"))
    with pytest.raises(BadInput, match=rf"line {line}: .*release_why: must be a text"):
        parse_method(windows.replace(b"release_why = ", b"release_why = 1 #"), "ncl-2.toml")


def _without_references(condition: str) -> str:
    return "\n".join(row for row in LINES if not ("median = " in row and re.search(condition, row)))


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("release.running_cost", r"release\.running_cost.*no \[\[peers\.reference\]\]"),
        ('2014-15", class = "all"', r"release\.\w+, ERIC 2014-15.*all"),
    ],
)
def test_peers_that_are_missing_are_named(condition: str, told: str) -> None:
    """A criterion measured against peers needs them, over all classes in every edition."""
    assert re.search(told, told_of(_without_references(condition)))


def test_a_method_without_a_rule_is_as_it_was() -> None:
    """A file without [shortlist], as methods were written before there was one, is read: its lists have no end."""
    start = TEXT.index("[shortlist]")
    plain = TEXT[:start] + TEXT[TEXT.index("[[group]]") :]
    assert parse_method(plain.encode(), "ncl-2.toml").rule is None


def test_readiness_needs_the_peers_of_backlog() -> None:
    """Readiness reads the peers' backlog even where backlog has points of its own."""
    fixed = _without_references("release.backlog").replace('points = "peers"', "points = [[0, 0], [100, 1]]", 1)
    assert re.search(r"reuse\.condition.*release\.backlog", told_of(fixed))


def test_both_scores_have_criteria() -> None:
    """A method without a reuse score is refused: every site is asked both questions."""
    parts = re.split(r"\n(?=\[)", TEXT)
    kept = [part for part in parts if not re.search(r'id = "reuse\.|score = "reuse"', part)]
    assert "there is no [[criterion]] of the reuse score" in told_of("\n".join(kept))


VALUES = st.one_of(
    st.sampled_from(["1", "-1", "0", "true", "nan", "-inf", "1e400", "1979-05-27", "'''a\nb'''", "[]", "[[]]", "{}",
                     '""', '"peers"', '"release.land"', "[[1, 0], [2, 1]]", "[[0, 1], [1e12, 0]]", "{ a = 1 }"]),
    st.integers().map(str), st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.text(max_size=8).map(lambda text: '"' + text.replace("\\", "").replace('"', "") + '"'),
)  # fmt: skip


def _value(lines: list[str], at: int, value: str) -> None:
    key, equals, _ = lines[at].partition(" = ")
    lines[at] = f"{key}{equals or ' = '}{value}"


CHANGES: dict[str, Callable[[list[str], int, str], object]] = {
    "another value": _value,
    "a line less": lambda lines, at, _: lines.pop(at),
    "a line twice": lambda lines, at, _: lines.insert(at, lines[at]),
    "a key more": lambda lines, at, value: lines.insert(at, f"extra = {value}"),
    "another text": lambda lines, at, value: lines.__setitem__(at, value),
    "a line cut short": lambda lines, at, _: lines.__setitem__(at, lines[at][: len(lines[at]) // 2]),
    "two lines changed over": lambda lines, at, _: lines.insert(0, lines.pop(at)),
}


def _parsed_or_told(text: str) -> Method | str:
    try:
        return parse_method(text.encode("utf-8", "surrogatepass"), "m.toml")
    except BadInput as refused:
        return refused.detail


HEAD = TEXT.partition("# --- peers")[0].count("\n")


@settings(max_examples=250, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, HEAD + 60), VALUES), min_size=1, max_size=3
    )
)
def test_any_method_is_read_or_refused_in_one_line(changes: list[tuple[str, int, str]]) -> None:
    """However a method is mangled: it is refused in one line with a line number of the file, or every site can be
    assessed and explained by it, and the contributions add up."""
    lines = list(LINES)
    for name, at, value in changes:
        CHANGES[name](lines, min(at, len(lines) - 1), value)
    text = "\n".join(lines)
    parsed = _parsed_or_told(text)
    if isinstance(parsed, str):
        found = re.fullmatch(r"m\.toml, line ([0-9]+): .+", parsed)
        assert found, parsed
        assert 1 <= int(found[1]) <= text.count("\n") + 1
    else:
        told = describe(assessed(site(full()), by=parsed), parsed, DAY)
        for name in ("release", "reuse"):
            points = sum(part["points"] for part in told[name]["contributions"])
            assert abs(points - told[name]["score"]) < 1e-9


@settings(max_examples=100, deadline=None)
@given(content=st.one_of(st.binary(max_size=60), st.text(alphabet="[]{}=\"'\\\n#a1.-, ", max_size=40).map(str.encode)))
def test_any_bytes_are_refused_in_one_line(content: bytes) -> None:
    """Bytes that are no method are refused in one line, whatever they are."""
    with pytest.raises(BadInput, match=r"\Am\.toml, line [0-9]+: [^\n]+\Z"):
        parse_method(content, "m.toml")
