"""The PDF of a shortlist, read back: everything is said, tagged, and legible."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdf
import pytest
import typst

from estates_api.domain.levels import equity_of, levels_of
from estates_api.domain.moments import write_days_in
from estates_api.exports.report import maps, typesetting
from estates_api.exports.report.content import content
from estates_api.exports.report.typesetting import printable
from estates_api.exports.report.words import amount, left_out, span
from estates_api.settings import ROOT
from estates_api.workflows.setup import read_area

Document = dict[str, Any]
Write = Callable[..., Path]


def read(path: Path) -> tuple[pypdf.PdfReader, list[str]]:
    """The file, and the text of its pages with single spaces."""
    reader = pypdf.PdfReader(path)
    return reader, [re.sub(r"\s+", " ", page.extract_text()) for page in reader.pages]


def plain(text: str) -> str:
    """Text as it is found again on a page."""
    return re.sub(r"\s+", " ", printable(text))


def test_every_site_has_its_page(write: Write, document: Document) -> None:
    """Each listed site has one page, in the order of the lists, with its sentence, its owner, and scores whose parts
    add up to what stands over them."""
    _, pages = read(write("report", document))
    for number, entry in enumerate(document["entries"], 1):
        head = plain(f"{number}. {entry['name']}").replace(" ", "")
        (page,) = [page for page in pages if page.replace(" ", "").startswith(head)]
        assert plain(write_days_in(entry["reasons"])) in page
        assert plain(entry["owner"].partition(";")[0]) in page
        for score in ("release", "reuse"):
            assert f"{score.capitalize()} score {entry[f'{score}_score']:.1f} of 100" in page
            parts = [part["points"] for part in entry["contributions"] if part["criterion"].startswith(f"{score}.")]
            assert f"Adds up to {sum(parts):.1f}" in page


def test_what_is_told_once(write: Write, document: Document) -> None:
    """Quarter, day, status, fingerprint, method, sources, what is not known, what left public ownership and what
    was decided stand in the report, and its cover says what it is."""
    told = document | {
        "released": [{"site": "A", "name": "Marie Foster Home", "event": "sold, 2019", "citation": "x"}],
        "decided": [{"site": "B", "name": "A Depot", "borough": "Barnet", "told": "retained: Cabinet, minute 7"}],
    }
    _, pages = read(write("report", told, sha256="0f" * 32, status="published", revision=2))
    cover, whole = pages[0], " ".join(pages)
    assert "Shortlist 2015-Q1" in cover
    assert "Status published, revision 2" in cover
    assert "As of 31 March 2015" in cover
    assert "0f" * 32 in cover
    for one in document["not_enough_data"]:
        assert plain(one["name"]) in whole
    for edition in document["editions"]:
        assert edition["sha256"] in whole.replace(" ", "")
    assert "Marie Foster Home sold, 2019" in whole
    assert "A Depot Barnet retained: Cabinet, minute 7" in whole
    assert "land not under buildings" in whole


def test_days_are_in_words(document: Document, beside: dict[str, Any]) -> None:
    """What happened is told with its days as people write them; an edition keeps its name."""
    first = document["entries"][0] | {"events": "declared surplus, 2016-03", "reasons": "Old (sold, 2019-12-03)."}
    told = document | {
        "entries": [first],
        "released": [{"site": "A", "name": "Marie Foster Home", "event": "sold, 2019-03", "citation": "x"}],
        "editions": [{"edition": "Stations 2025-11", "sha256": "0f" * 32}],
    }
    made = content(told, beside)
    (site,) = made["sites"]
    assert site["sentence"] == "Old (sold, 3 December 2019)."
    assert ["declared surplus, March 2016"] in [lines for column in site["blocks"] for _, lines in column]
    assert made["released"][0]["event"] == "sold, March 2019"
    assert made["sources"][0]["edition"] == "Stations 2025-11"


def test_it_is_tagged(write: Write, document: Document) -> None:
    """The file says that it is PDF/UA-1: tagged, with language, title, and words for every chart and map."""
    reader, _ = read(write("report", document))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert reader.metadata
    assert reader.metadata.title == "Shortlist 2015-Q1"
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data()
    figures = list(_figures(root["/StructTreeRoot"]))
    assert len(figures) >= 3 * (len(document["entries"]) - 1)
    assert all(figures)


def _figures(node: Any) -> Any:
    """The alternative texts of the figures under a node of the structure."""
    node = node.get_object()
    if not isinstance(node, dict):
        return
    if node.get("/S") == "/Figure":
        yield str(node.get("/Alt", ""))
    children = node.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        if not isinstance(child.get_object(), int):
            yield from _figures(child)


def test_no_letter_is_a_box(write: Write, document: Document) -> None:
    """What the fonts cannot show is written as its number; what looks like markup is shown as it is."""
    _, pages = read(write("report", document))
    whole = " ".join(pages)
    assert "[U+533B][U+9662] [U+1F3E5]" in whole
    assert "<b>#let x</b> $a$ \\ `#panic()`" in whole
    assert "\ufffd" not in whole


def test_all_that_is_shown_can_be_shown(tmp_path: Path) -> None:
    """Every character that is let through is in the fonts, together and at once."""
    whole = "".join(chr(one) for first, last in typesetting._SHOWN for one in range(first, last + 1))
    source = b'#set document(title: "t")\n#set text(lang: "en")\n#sys.inputs.at("all").clusters().join(" ")'
    compiler = typst.Compiler(source, ignore_system_fonts=True, sys_inputs={"all": whole})
    assert compiler.compile(format="pdf", pdf_standards="ua-1")
    assert printable({"a": ["é", 1, None, "\u202e", "\u2028"]}) == {"a": ["é", 1, None, "[U+202E]", " "]}


def test_a_report_of_fifty_sites(write: Write, document: Document) -> None:
    """A report of fifty sites has a page for each."""
    many = [{**document["entries"][place % 11], "site": f"NCL-{place}"} for place in range(50)]
    path = write("report", document | {"entries": many})
    assert len(pypdf.PdfReader(path).pages) > 50


def test_levels_and_deprivation(write: Write, document: Document, beside: dict[str, Any]) -> None:
    """Borough, sub-region and London are added up, sites by route and money; release and reuse stand by decile of
    deprivation; each sum is of the entries, and what is not known is said to be."""
    _, pages = read(write("report", document))
    whole = " ".join(pages)
    for row in beside["levels"]["levels"]:
        counts = " ".join(str(row[name]) for name in ("release", "part_release", "reuse", "not_enough_data"))
        assert f"{row['name']} {counts}" in whole
    camden = [entry for entry in document["entries"] if entry["borough"] == "Camden"]
    void = sum(entry["void_cost_gbp_per_year"] for entry in camden)
    assert f"Camden £{void:,.0f}" in whole
    assert f"{sum(entry['coverage'] for entry in camden) / len(camden):.0%}" in whole
    assert "Listed sites by decile of deprivation" in whole
    assert "1, most deprived" in whole
    assert "no population is loaded" in whole


def test_a_chart_of_nothing_is_not_drawn(document: Document, beside: dict[str, Any]) -> None:
    """Where all homes are 0, or not known, or no site may be let go, that is said instead."""

    def homes(**values: Any) -> dict[str, Any]:
        entries = [{**entry, **values} for entry in document["entries"]]
        chart: dict[str, Any] = content(document | {"entries": entries}, beside)["charts"][1]
        return chart

    assert len(homes()["bars"]) == 2
    nought = homes(homes_low=0, homes_mid=0, homes_high=0)
    assert (nought["bars"], nought["none"]) == ([], "All that is known is 0.")
    unknown = homes(homes_low=None, homes_mid=None, homes_high=None)
    assert (unknown["bars"], unknown["none"]) == ([], "They are not known of any of 2 sites on these lists.")
    assert (homes(list="reuse")["bars"], homes(list="reuse")["none"]) == ([], "No site is on these lists.")


def test_levels_of_what_is_not_known(document: Document, beside: dict[str, Any]) -> None:
    """A figure that no site states is `not known` in table and chart, and never 0; no site at all is a dash."""
    blank = dict.fromkeys(("land_ha", "homes_low", "homes_high", "backlog_avoided_gbp", "void_cost_gbp_per_year"))
    area = read_area(ROOT / "data")
    entries = [{**entry, **blank, "imd_decile": None} for entry in document["entries"]]
    entries[3]["void_cost_gbp_per_year"] = 7.0
    less = document | {"entries": entries}
    made = content(less, beside | {"levels": levels_of(less, area), "equity": equity_of(less, area, {})})
    sums = {row[0]: row[1:] for row in made["levels"]["sums"]["rows"]}
    assert sums["Enfield"][:2] == ["not known", "not known"]
    assert sums["Barnet"] == ["–"] * 6
    _, land, homes, _, void = made["levels"]["charts"]
    assert (land["bars"], land["none"]) == ([], "It is not known of any of 2 sites.")
    assert homes["bars"] == []
    assert {bar["value"] for bar in void["bars"]} == {None, 7.0}
    assert "Enfield: not known" in void["alt"]
    deciles = made["equity"]["table"]["rows"]
    assert [row[2:5] for row in deciles[:-1]] == [["0", "0", "0"]] * 10
    assert deciles[-1][:5] == ["not known", "–", "1", "1", "8"]


def test_much_to_say_is_shared_by_both_columns(document: Document, beside: dict[str, Any]) -> None:
    """What stands under the scores is split into columns of about the same length: all of it, in order."""
    long = {**document["entries"][0], "events": "; ".join(f"event {place}" for place in range(30))}
    (page, *_) = content(document | {"entries": [long]}, beside)["sites"]
    left, right = ([line for _, lines in column for line in lines] for column in page["blocks"])
    assert sum(line.startswith("event") for line in (*left, *right)) == 30
    assert abs(len(left) - len(right)) <= 30
    assert min(len(left), len(right)) > 5


def test_without_boroughs_and_without_places(document: Document, beside: dict[str, Any]) -> None:
    """Without borough outlines the points stand alone and that is said; without any position there is no map."""
    beside = beside | {"boroughs": []}
    made = content(document, beside)
    assert made["without_boroughs"]
    assert made["map"]["areas"] == []
    nowhere = [{**entry, "easting": None, "northing": None} for entry in document["entries"]]
    made = content(document | {"entries": nowhere}, beside)
    assert made["map"] is None
    assert {page["map"] for page in made["sites"]} == {None}


def test_a_map_shows_what_is_near() -> None:
    """A close-up has its site in the middle, its neighbours faint, a circle where the position is a postcode, a bar of
    a round length, and the outline where one is known; a site far from all boroughs is counted, not drawn."""
    site = {"number": 1, "list": "release", "easting": 530_000.0, "northing": 190_000.0, "precision": "postcode",
            "outline": None}  # fmt: skip
    near, far = {**site, "number": 2, "easting": 530_500.0}, {**site, "number": 3, "easting": 430_000.0}
    view = maps.close_up({}, site, [site, near, far])
    assert [(one["number"], one["faint"]) for one in view["marks"]] == [(2, True), (1, False)]
    width, height = view["paper"]
    assert view["marks"][1]["at"] == pytest.approx([width / 2, height / 2], abs=0.1)
    assert view["ring"]["mm"] > 0
    assert view["bar"]["told"] in {"500 m", "200 m", "1 km"}
    outline = "POLYGON ((530000 190000, 530100 190000, 530100 190100, 530000 190000))"
    drawn = maps.close_up({}, {**site, "precision": "outline", "outline": outline}, [])
    assert (drawn["ring"], len(drawn["marks"][0]["outline"])) == (None, 1)
    ring = [[529_000, 189_000], [531_000, 189_000], [531_000, 191_000], [529_000, 189_000]]
    borough = maps.borough_shapes([{"name": "A", "rings": [ring]}])
    whole = maps.overview(borough, [site, near, far])
    assert whole is not None
    assert (whole["beyond"], len(whole["marks"])) == (1, 2)


def test_numbers_in_words() -> None:
    """What is not known is said and never a nought; a range of one number is one number."""
    assert [amount(None), amount(1234.5, "m²"), amount(9.5, "£")] == ["not known", "1,234 m²", "£10"]
    assert [span(None, 3), span(3, 3), span(1, 1200)] == ["not known", "3", "1 to 1,200"]
    assert left_out([{"a": None}, {"a": 1}], {"a": "land"}) == "land of 1 site"
