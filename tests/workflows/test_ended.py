"""What has ended: a code that its source closed founds no site, and still leads to the place that it was at."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.domain.area import Area
from estates_api.store.database import transaction
from estates_api.store.sites import list_sites
from estates_api.workflows.ingest import Ingested
from estates_api.workflows.judge import Word, judge

HandIn = Callable[..., Ingested]
Template = Callable[..., bytes]
Held = Callable[[Engine], dict[str, str | None]]

OPEN = {"organisation_code": "RZ2", "organisation_name": "Second Trust", "holding_code": "RZ201",
        "name": "Marigold Hospital", "postcode": "E8 2BB", "gia_m2": 1}  # fmt: skip


def register(*sites: tuple[str, str, str, str]) -> str:
    """An `ets` file, made: code, name, postcode and close date (yyyymmdd or blank) of each site."""
    cells = (
        [code, name, "Y00", "Q00", "1 MADE STREET", "", "", "LONDON", "", postcode, "19910401", closed, *[""] * 15]
        for code, name, postcode, closed in sites
    )
    return "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in cells)


CLOSED = ("RZ102", "MARIGOLD HOSPITAL", "E8 2BB", "20140630")


@pytest.fixture
def held() -> Held:
    """Where every holding stands, by its code."""

    def read(engine: Engine) -> dict[str, str | None]:
        with transaction(engine) as connection:
            return {row[0]: row[1] for row in connection.execute(text("SELECT code, site_ref FROM holding"))}

    return read


def count(engine: Engine, table: str) -> Any:
    """How many rows a table has."""
    with transaction(engine) as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def brownfield(samples: Path) -> str:
    """The register of the later form: one entry, which is off it."""
    header, _, ended, _ = (samples / "brownfield_2019_made.csv").read_text().splitlines()
    return f"{header}\n{ended}\n"


def inactive(samples: Path) -> str:
    """The one site of the ORD sample that is inactive."""
    found = json.loads((samples / "ord_made.json").read_text())["Organisations"]
    return json.dumps({"Organisations": [one for one in found if one.get("Name") == "SECOND MADE HOSPITAL"]})


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("ets_20240229.csv", lambda _: register(CLOSED), "RZ102"),
        ("brownfield_2019-12.csv", brownfield, "BLR-HRY-2"),
        ("ord_2024-02-29.json", inactive, "RZ102"),
    ],
)
def test_what_has_ended_founds_no_site(
    reference: Engine, hand_in: HandIn, held: Held, samples: Path, make_api: Callable[..., TestClient], *,
    name: str, content: Callable[[Path], str], code: str,
) -> None:  # fmt: skip
    """A closed site, an inactive one or an entry off the register is a holding with its claims, counted, and no site:
    the issue says so."""
    done = hand_in(reference, name, content(samples), period="2024-02-29" if "brown" not in name else "2019-12")
    assert done.counts["holdings"] == 1
    assert held(reference) == {code: None}
    assert count(reference, "site") == 0
    assert [issue.reason[-35:] for issue in done.issues if issue.rule == "holding-ended"] == [
        "hat has ended is no site of its own"
    ]
    assert make_api(reference).get(f"/sites/{code}").status_code == 404


@pytest.mark.parametrize("closed", [(date.today() + timedelta(days=9)).strftime("%Y%m%d"), ""])  # noqa: DTZ011
def test_what_has_not_ended_yet_founds_one(reference: Engine, hand_in: HandIn, held: Held, closed: str) -> None:
    """A close date to come, or none, leaves a site what it is."""
    hand_in(reference, "ets_20240229.csv", register((*CLOSED[:3], closed)))
    assert held(reference) == {"RZ102": "NCL-RZ102"}


@pytest.mark.parametrize("later", ["register", "the same day", "return"])
def test_what_is_alive_again_is_placed(
    reference: Engine, hand_in: HandIn, held: Held, template: Template, later: str
) -> None:
    """A later register without the close date, a corrected copy of the same day or a return of a later day speaks last;
    an older one changes nothing."""
    old = template({"holding_code": "RZ102", "name": "Old", "period_end": "2013-03-31", "gia_m2": 1})
    hand_in(reference, "ets_20240229.csv", register(CLOSED))
    hand_in(reference, "old.csv", old)
    hand_in(reference, "ets_20230228.csv", register((*CLOSED[:3], "")))
    assert held(reference) == {"RZ102": None}
    if later == "return":
        hand_in(reference, "new.csv", old.replace(b"2013", b"2025"))
    else:
        day = "20240430" if later == "register" else "20240229"
        hand_in(reference, f"ets_{day}.csv", register(("RZ102", "MARIGOLD HOUSE", "E8 2BB", "")))
    assert held(reference) == {"RZ102": "NCL-RZ102"}


@pytest.mark.parametrize("order", list(permutations(("closed", "open"))))
def test_a_closed_code_leads_to_the_site(
    reference: Engine, hand_in: HandIn, held: Held, template: Template, make_api: Callable[..., TestClient],
    order: tuple[str, str],
) -> None:  # fmt: skip
    """A closed site at the place of an open return joins it, whichever is handed in first, and its code leads there;
    the site is founded on the open one."""
    contents = {"closed": register(CLOSED), "open": template(OPEN)}
    for name in order:
        hand_in(reference, "ets_20240229.csv" if name == "closed" else "open.csv", contents[name])
    assert held(reference) == {"RZ102": "NCL-RZ201", "RZ201": "NCL-RZ201"}
    answer = make_api(reference).get("/sites/RZ102", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"].rpartition("/")[2]) == (307, "NCL-RZ201")
    with transaction(reference) as connection:
        why = connection.execute(text("SELECT match_evidence FROM holding WHERE code = 'RZ102'")).scalar_one()
    assert why == "one place with RZ201 of RZ2: postcode +3.0, name +3.0 = 6.0: same"


def test_in_one_file_the_open_one_founds(reference: Engine, hand_in: HandIn, held: Held) -> None:
    """Of two trusts' codes in one register the open one founds the site, though the closed one comes first."""
    hand_in(reference, "ets_20240229.csv", register(CLOSED, ("RZ201", "MARIGOLD HOSPITAL", "E8 2BB", "")))
    assert held(reference) == {"RZ102": "NCL-RZ201", "RZ201": "NCL-RZ201"}


def test_two_that_have_ended_make_no_site(reference: Engine, hand_in: HandIn, held: Held) -> None:
    """Closed codes at one place found nothing together, and nobody is asked about them."""
    names = ("MARIGOLD HOSPITAL", "MARIGOLD HOSPITAL", "MARIGOLD HOUSE")
    rows = [(f"RZ{n}01", name, "E8 2BB", "20140630") for n, name in enumerate(names, 1)]
    done = hand_in(reference, "ets_20240229.csv", register(*rows))
    assert set(held(reference).values()) == {None}
    assert (count(reference, "site"), count(reference, "question"), done.counts["questions"]) == (0, 0, 0)


def test_what_is_unlike_stays_nowhere(reference: Engine, hand_in: HandIn, held: Held, template: Template) -> None:
    """A closed code at the postcode of a site, under another name, is not put there."""
    hand_in(reference, "open.csv", template(OPEN))
    hand_in(reference, "ets_20240229.csv", register(("RZ102", "ASH CLINIC", "E8 2BB", "20140630")))
    assert held(reference) == {"RZ102": None, "RZ201": "NCL-RZ201"}


@pytest.mark.parametrize("first", ["judgement", "files"])
def test_a_person_puts_it_there(
    reference: Engine, hand_in: HandIn, held: Held, template: Template, area: Area, first: str
) -> None:
    """What likeness does not see, a person says: the closed code joins at once, or when the files come."""

    def say() -> None:
        with transaction(reference) as connection:
            judge(connection, "RZ1:RZ102", "RZ2:RZ201", Word("same", "seen on the ground"), area)

    if first == "judgement":
        say()
    hand_in(reference, "ets_20240229.csv", register(("RZ102", "ASH CLINIC", "N15 3TH", "20140630")))
    hand_in(reference, "open.csv", template(OPEN))
    if first == "files":
        say()
    assert held(reference) == {"RZ102": "NCL-RZ201", "RZ201": "NCL-RZ201"}


def test_a_site_that_ended_is_not_assessed(
    reference: Engine, hand_in: HandIn, held: Held, template: Template, area: Area
) -> None:
    """A site whose only holding ended later stays a site, is assessed as of the days before that was said, and no more
    from then on; a later file that shows it alive brings it back."""
    row = {"holding_code": "RZ102", "postcode": "E8 2BB", "gia_m2": 5, "period_end": "2013-03-31"}
    hand_in(reference, "r.csv", template(row))
    hand_in(reference, "ets_20240229.csv", register(CLOSED))
    assert held(reference) == {"RZ102": "NCL-RZ102"}

    def listed(day: date) -> list[str]:
        with transaction(reference) as connection:
            return [site.ref for site in list_sites(connection, day, area)]

    assert [listed(date(2014, 3, 31)), listed(date(2024, 2, 28))] == [["NCL-RZ102"]] * 2
    assert [listed(date(2024, 2, 29)), listed(date(2026, 1, 1))] == [[], []]
    hand_in(reference, "n.csv", template(row | {"period_end": "2025-03-31"}))
    assert [listed(date(2024, 12, 31)), listed(date(2025, 3, 31))] == [[], ["NCL-RZ102"]]


def test_an_ended_holding_beside_a_live_one(
    reference: Engine, hand_in: HandIn, template: Template, area: Area
) -> None:  # fmt: skip
    """A site at which one of two holdings ended goes on, with both."""
    row = {"holding_code": "RZ102", "name": "Marigold Hospital", "postcode": "E8 2BB", "gia_m2": 5}
    hand_in(reference, "r.csv", template(row | {"period_end": "2013-03-31"}))
    hand_in(reference, "o.csv", template(OPEN | {"period_end": "2013-03-31"}))
    hand_in(reference, "ets_20240229.csv", register(CLOSED))
    with transaction(reference) as connection:
        (site,) = list_sites(connection, date(2026, 1, 1), area)
    assert (site.ref, {holding.code for holding in site.holdings}) == ("NCL-RZ102", {"RZ102", "RZ201"})
