"""The time machine over HTTP and from the command line: honest counts, and nothing that the caller may not see."""

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pypdf
import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.store.database import transaction

DAYS = ["2014-03-31", "2015-03-31", "2017-03-31"]


@pytest.fixture(scope="module")
def found(api: TestClient) -> dict[str, Any]:
    """What the public is told."""
    answer = api.get("/time-machine")
    assert answer.status_code == 200
    return dict(answer.json())


def test_a_list_for_each_edition(found: dict[str, Any], keyed: TestClient) -> None:
    """There is one list for the end of each period that the returns speak of, the same that a preview is."""
    assert [one["as_of"] for one in found["days"]] == DAYS
    assert [one["editions"] for one in found["days"]] == [["ERIC 2013-14"], ["ERIC 2014-15"], ["ERIC 2016-17"]]
    for one in found["days"]:
        preview = keyed.get(f"/shortlists/{one['quarter']}?as-of={one['as_of']}").json()
        assert [row["site"] for row in one["listed"]] == [entry["site"] for entry in preview["entries"]]
        assert [row["score"] for row in one["listed"]] == [entry["score"] for entry in preview["entries"]]


def test_what_is_known_to_have_happened(found: dict[str, Any]) -> None:
    """St Ann's was listed for release in all years and part sold in 2018; North Middlesex was sold in part and never
    listed for it; each outcome cites who says so, and each missed site what was said of it."""
    for one in found["days"]:
        (ours,) = [row for row in one["listed"] if row["site"] == "NCL-RRP03"]
        assert (ours["list"], ours["outcome"]) == ("release", "as listed")
        assert "https://" in ours["after"][0]["citation"]
        assert "North Middlesex University Hospital" in {row["name"] for row in one["missed"]}
        assert all(row["because"] for row in one["missed"])
        assert one["counts"]["left_and_missed"] == len(one["missed"])
        assert not {row["site"] for row in one["missed"]} & {row["site"] for row in one["listed"]
                                                            if row["wanted"] == "release"}  # fmt: skip
    assert any("owns what" in line for line in found["known_today"])


def test_the_page_and_the_files(found: dict[str, Any], api: TestClient) -> None:
    """The page, the JSON and the PDF say the same, and the PDF is tagged."""
    assert api.get("/time-machine.json").json() == found
    page = api.get("/time-machine", headers={"Accept": "text/html"}).text
    answer = api.get("/time-machine.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    reader = pypdf.PdfReader(io.BytesIO(answer.content))
    whole = re.sub(r"\s+", " ", " ".join(one.extract_text() for one in reader.pages))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    for one in found["days"]:
        assert one["told"] in page
        assert one["told"] in whole
    for test in found["dated_cases"]:
        assert test["edition"] in whole
    assert api.get("/time-machine.pdf").content == answer.content


def test_what_is_withheld_is_not_told(loaded: Engine, make_api: Callable[..., TestClient]) -> None:
    """A site that the public may not see stands nowhere in what it is told, listed or missed, nor in a count."""
    client = make_api(loaded)
    before = client.get("/time-machine").json()
    with transaction(loaded) as connection:
        connection.execute(text("WITH moved AS (DELETE FROM site_public WHERE ref IN ('NCL-RRP03', 'NCL-RAP01') "
                                "RETURNING *) INSERT INTO site_complete SELECT * FROM moved"))  # fmt: skip
    after = client.get("/time-machine").json()
    assert "NCL-RRP03" in json.dumps(before)
    assert not {"NCL-RRP03", "NCL-RAP01"} & set(re.findall(r"NCL-[A-Z0-9-]+", json.dumps(after["days"])))
    for then, now in zip(before["days"], after["days"], strict=True):
        assert now["counts"]["left_and_missed"] == len(now["missed"]) <= then["counts"]["left_and_missed"]


def test_nothing_to_look_back_on(migrated: Engine, make_api: Callable[..., TestClient]) -> None:
    """Without an old edition of the returns it is said what to do."""
    answer = make_api(migrated).get("/time-machine")
    assert (answer.status_code, "estates ingest" in answer.json()["detail"]) == (404, True)
