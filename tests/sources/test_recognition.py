from pathlib import Path

import pytest
from documents import open_bytes, read_whole

from estates_api.sources import READERS, find_reader
from estates_api.sources.reader import Hints

SAMPLES = Path(__file__).parents[1] / "samples"
BEGINNINGS = {
    "council_": "transparency",
    "ord_": "ord",
    "eric_": "eric",
    "layer_planning_": "planning-data",
    "labelled_pairs": None,  # of the matcher's tests: no file that anybody hands in
    **{f"{name}_": name for name in ("brownfield", "ebranchs", "epraccur", "etr", "ets", "events", "hospitals",
                                     "landmarks", "naptan", "organisations", "places", "surplus", "template")},
}  # fmt: skip
PUBLISHED = {
    "eric/HospitalEstatesAndFacilitiesStatistics_9896_2013-14.xls": "eric",
    "eric/eric_2013-14_site_england_part.csv": "eric",
    "eric/eric_2014-15_site_england_part.csv": "eric",
    "eric/eric_2016-17_site_england_part.csv": "eric",
    "eric/eric_2013-14_site_ncl_rawhead_cp1252.csv": "eric",
    "eric/eric_2014-15_site_ncl_rawhead_cp1252.csv": "eric",
    "eric/eric_2016-17_site_ncl_rawhead_cp1252.csv": "eric",
    "ods/epraccur_ncl_raw.csv": "epraccur",
    "ods/nhs_choices_hospital_ncl_raw_cp1252.csv": "hospitals",
    "ncl_council_assets.csv": "transparency",
    "ncl_site_events.csv": "events",
}
NO_FORMAT = ["ncl_nhs_sites.csv", "eric/eric_site_headers.csv", "ods/ncl_gp_practices_2019_geocoded.csv",
             "geo/ncl_postcodes_codepoint_open.csv", "geo/ncl_imd2019_lsoa11.csv"]  # fmt: skip


def expected(name: str) -> str | None:
    """The format of a sample, by the beginning of its name; a sample of a new kind must be entered above."""
    return next(form for start, form in BEGINNINGS.items() if name.startswith(start))


def recognised(path: Path) -> list[str]:
    """The formats whose readers take the file for theirs, whatever it is called; `features` takes all others."""
    document = open_bytes("file", path.read_bytes())
    found = [reader.format for reader in READERS.values() if reader.recognises(document)]
    return [name for name in found if name != "features"] or found


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*_made*.*")), ids=lambda path: path.name)
def test_every_sample_is_known_by_its_own_reader_alone(path: Path) -> None:
    """Each made file is recognised by content, and by no other reader: there is nothing to confuse."""
    assert recognised(path) == [expected(path.name)]


@pytest.mark.parametrize(("name", "form"), PUBLISHED.items())
def test_every_published_file_is_known_by_its_own_reader_alone(published: Path, name: str, form: str) -> None:
    """Each real file is recognised by its content alone."""
    assert recognised(published / name) == [form]


@pytest.mark.parametrize("name", NO_FORMAT)
def test_a_table_that_is_no_format_is_not_taken_for_one(published: Path, name: str) -> None:
    """Real tables that are none of the formats are recognised by nobody, however much they look like one."""
    assert recognised(published / name) == []


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*_made*.*")), ids=lambda path: path.name)
def test_insisting_on_the_format_reads_the_same(path: Path) -> None:
    """`--as` with the right format gives what recognition gives."""
    document = open_bytes(path.name, path.read_bytes())
    hints = Hints(period="2022-23")
    found = read_whole(find_reader(document).read(document, hints))
    assert read_whole(find_reader(document, expected(path.name)).read(document, hints)) == found
