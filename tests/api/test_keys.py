"""Keys that are given out: what each role may do, what a key that does not count is told, and what owners see."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from estates_api.domain.callers import ROLES, Owner, Permission
from estates_api.domain.keys import parse_holder
from estates_api.store.database import transaction
from estates_api.workflows.keys import create_key, revoke_key, rotate_key

Make = Callable[..., TestClient]
HandIn = Callable[..., Any]
Template = Callable[..., bytes]
KEY = "the-key-of-the-tests"

WRITES: dict[str, Permission] = {
    "/editions": Permission.HAND_IN,
    "/needs": Permission.NEED,
    "/needs/HUB-1/closing": Permission.NEED,
    "/shortlists/2015-Q1/drafts": Permission.DRAFT,
    "/shortlists/2015-Q1/choices": Permission.CHOOSE,
    "/shortlists/2015-Q1/publications": Permission.PUBLISH,
    "/shortlists/2015-Q1/endorsements": Permission.ENDORSE,
    "/sites/NCL-RAL01/decisions": Permission.DECIDE,
    "/methods": Permission.ADOPT,
    "/assessments": Permission.DRAFT,
}
"""Every route that takes something in for good, and what it takes."""

BOUNDS: dict[str, dict[str, str]] = {"owner": {"organisation": "RAL"}, "approver": {"sector": "NHS"}}


def give(engine: Engine, role: str, **more: Any) -> str:
    """A key of a role."""
    with transaction(engine) as connection:
        return create_key(connection, parse_holder(role, f"the {role}", **(BOUNDS.get(role, {}) | more)))


@pytest.fixture(scope="module")
def shared(make_loaded: Callable[[], Engine]) -> Engine:
    """A database in which keys are given out, and nothing else that tests read is changed."""
    return make_loaded()


@pytest.fixture(scope="module")
def asking(shared: Engine, make_api: Make) -> Iterator[TestClient]:
    """One service on it, which is asked with one key after the other."""
    with make_api(shared) as client:
        yield client


TOGETHER = frozenset({Permission.DRAFT, Permission.CHOOSE, Permission.PUBLISH, Permission.ADOPT})
"""What is done for the partnership: no key that names an organisation may."""

_RAL = {"organisation": "RAL"}
HOLDERS: dict[str, tuple[str, dict[str, Any], frozenset[Permission]]] = {
    **{role: (role, {}, told.may) for role, told in ROLES.items()},
    "steward of RAL": ("steward", _RAL, ROLES["steward"].may - TOGETHER),
    "approver of RAL": ("approver", _RAL, ROLES["approver"].may - TOGETHER),
    "steward for needs": ("steward", {"scopes": ["record-needs"]}, frozenset({Permission.NEED})),
    "steward of RAL for drafts": ("steward", _RAL | {"scopes": ["draft-lists"]}, frozenset()),
    "approver for drafts": ("approver", {"scopes": ["see-drafts"]}, frozenset({Permission.SEE_DRAFTS})),
    "administrator for lists": ("administrator", {"scopes": ["publish-lists"]}, frozenset({Permission.PUBLISH})),
}
"""Who may hold a key, and what it may do."""


@pytest.fixture(scope="module")
def keys(shared: Engine) -> dict[str, str]:
    """A key of each of them."""
    return {name: give(shared, role, **more) for name, (role, more, _) in HOLDERS.items() if role != "public"}


def test_every_write_is_in_the_table(api: TestClient) -> None:
    """A new route that takes something in must say here what it needs."""
    paths = api.get("/api").json()["paths"]
    asked_only = {"/assessments/what-if"}
    posted = {path for path, told in paths.items() if "post" in told} - asked_only
    fitting = {path.replace("2015-Q1", "{quarter}").replace("NCL-RAL01", "{ref}").replace("HUB-1", "{need}")
               for path in WRITES}  # fmt: skip
    assert posted == fitting


def absent(path: str) -> str:
    """The same about what is not there."""
    return path.replace("2015-Q1", "2009-Q1").replace("NCL-RAL01", "NCL-NEVER").replace("HUB-1", "NEVER-1")


@pytest.mark.parametrize("holder", HOLDERS)
def test_each_role_may_do_what_the_table_says(asking: TestClient, keys: dict[str, str], holder: str) -> None:
    """Without a key 401, with one that is not for it 403, in the same words whether or not what it is about is there;
    whoever may gets as far as the body, which cannot be. Scopes and organisations leave less of a role."""
    may, signed = HOLDERS[holder][2], {"X-API-Key": keys[holder]} if holder in keys else {}
    for path, wanted in WRITES.items():
        answer, other = (asking.post(one, content=b"{", headers=signed) for one in (path, absent(path)))
        refused = 403 if signed else 401
        assert (answer.status_code == refused) == (wanted not in may), (path, answer.text)
        assert answer.status_code in {200, 201, 400, 401, 403, 409, 415}, path
        if wanted not in may:
            assert (other.status_code, absent(answer.text)) == (answer.status_code, absent(other.text)), path
    draft = asking.get("/shortlists/2015-Q1", headers=signed)
    assert (draft.status_code == 200) == (Permission.SEE_DRAFTS in may), draft.text


def test_a_key_that_does_not_count_is_told_one_thing(make_api: Make, shared: Engine) -> None:
    """Never given out, another secret, revoked, ended, no key at all by its form: the same words, whatever it is."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    right, ended = give(shared, "partner"), give(shared, "partner", expires=yesterday)
    revoked, exchanged = give(shared, "partner"), give(shared, "partner")
    with transaction(shared) as connection:
        revoke_key(connection, revoked.split("_")[1])
        fresh = rotate_key(connection, exchanged.split("_")[1])
    other = give(shared, "partner").split("_")
    mixed = "_".join((right.split("_")[0], right.split("_")[1], other[2]))
    told = {(answer.status_code, answer.text) for answer in (
        make_api(shared, key=key).get("/collections/sites/items")
        for key in (ended, revoked, exchanged, mixed, "estates_00000000_" + "0" * 72, "guess"))}  # fmt: skip
    assert len(told) == 1
    assert next(iter(told))[0] == 401
    for key in (right, fresh):
        assert make_api(shared, key=key).get("/collections/sites/items").status_code == 200


def test_a_revocation_counts_at_once(make_api: Make, shared: Engine) -> None:
    """A running service that keeps answers gives none to a key from the moment it is revoked."""
    key = give(shared, "partner")
    with make_api(shared, key=key, watch=True) as client:
        for _ in range(3):
            assert client.get("/collections/sites/items?limit=1").status_code == 200
        with transaction(shared) as connection:
            revoke_key(connection, key.split("_")[1])
        client.portal.call(client.app.state.reading.refresh)  # type: ignore[attr-defined, union-attr]
        assert client.get("/collections/sites/items?limit=1").status_code == 401


def test_of_a_key_its_hash_alone_is_kept(shared: Engine, make_api: Make) -> None:
    """The secret stands nowhere in the database, the role that looks keys up reads nothing else, and use is noted."""
    key = give(shared, "partner")
    make_api(shared, key=key).get("/collections")
    prefix, secret = key.split("_")[1], key.split("_")[2][:64]
    with transaction(shared) as connection:
        rows = connection.execute(text("SELECT row_to_json(k)::text, last_used FROM api_key k")).all()
        assert not any(secret in row[0] for row in rows)
        used = connection.execute(text("SELECT last_used FROM api_key WHERE prefix = :it"), {"it": prefix})
        assert used.scalar_one() is not None
        readable = connection.execute(text("SELECT count(*) FROM information_schema.role_table_grants "
                                           "WHERE grantee = 'estates_keys' AND table_name <> 'api_key'"))  # fmt: skip
        assert readable.scalar_one() == 0


def test_the_audit_trail_names_the_key(shared: Engine, make_api: Make) -> None:
    """Beside what was stated of who did it, the record has the name of the key that did."""
    key = give(shared, "steward")
    need = {"need": "HUB-9", "organisation_code": "RAL", "organisation_name": "Royal Free", "service": "diagnostics",
            "floor_area_low_m2": 100, "boroughs": "Barnet", "by": "A Clerk"}  # fmt: skip
    assert make_api(shared, key=key).post("/needs", json=need).status_code == 201
    with transaction(shared) as connection:
        act = connection.execute(text("SELECT actor, caller FROM audit WHERE subject = 'need HUB-9'")).all()[-1]
    assert act == ("A Clerk", f"the steward ({key.split('_')[1]})")


def hidden(template: Template, organisation: str, code: str, postcode: str) -> bytes:
    """A file about one site of an organisation."""
    return template({"organisation_code": organisation, "organisation_name": f"Trust {organisation}", "sector": "NHS",
                     "holding_code": code, "name": f"Secret {code}", "postcode": postcode, "gia_m2": 500,
                     "land_ha": 2})  # fmt: skip


def test_an_owner_sees_what_partners_see_and_its_own(
    loaded: Engine, hand_in: HandIn, template: Template, make_api: Make
) -> None:
    """An owner's view is the partners' and its own sites: in collections, counts, files, single sites and as the
    database itself lets it; nothing of another owner's, nor of a site with the secrets of two."""
    for name, organisation, code, postcode in (("a.csv", "RZ1", "RZ1A", "NW3 2QG"), ("b.csv", "RZ2", "RZ2B", "N1 1AA")):
        hand_in(loaded, name, hidden(template, organisation, code, postcode), sensitivity="owner")
    hand_in(loaded, "p.csv", hidden(template, "RZ3", "RZ3C", "NW1 2PB"), sensitivity="partner")
    refs: dict[str, set[str]] = {}
    for who, more in (("partner", {}), ("owner", {"organisation": "RZ1"}), ("administrator", {})):
        client = make_api(loaded, key=give(loaded, who, **more))
        page = client.get("/collections/sites/items?limit=10000").json()
        refs[who] = {one["id"] for one in page["features"]}
        assert page["numberMatched"] == len(refs[who]), who
        whole = client.get("/sites.geojson").json()
        assert {one["id"] for one in whole["features"]} == refs[who]
        holdings = client.get("/collections/holdings/items?limit=10000").json()
        assert {one["properties"]["site"] for one in holdings["features"]} == refs[who]
        for path in ("/collections", "/needs", "/decisions", "/incentives", "/levels", "/organisations", "/issues",
                     "/letters", "/time-machine.json", "/shortlists", "/collections/assemblies/items",
                     "/collections/candidates/items?filter=land_ha > 1",
                     "/collections/sites/tiles/WebMercatorQuad/0/0/0",
                     "/collections/designations/items",
                     "/collections/boroughs/items", "/surplus-windows") if who == "owner" else ():  # fmt: skip
            answer = client.get(path)
            assert answer.status_code == 200, (path, answer.text)
            assert "RZ2B" not in answer.text
        assert client.post("/assessments/what-if", json={}).status_code == 200
    assert {"NCL-RZ1A", "NCL-RZ3C"} <= refs["owner"]
    assert refs["owner"] == refs["partner"] | {"NCL-RZ1A"}
    assert refs["administrator"] == refs["owner"] | {"NCL-RZ2B"}
    owner = make_api(loaded, key=give(loaded, "owner", organisation="RZ1"))
    for path, status in (("/sites/NCL-RZ1A", 200), ("/sites/NCL-RZ1A/claims", 200), ("/sites/NCL-RZ2B", 404),
                         ("/sites/NCL-RZ2B/claims", 404), ("/sites/RZ2B", 404), ("/sites/NCL-RZ1A/fits", 200),
                         ("/sites/NCL-RZ1A/decisions", 200),
                         ("/sites/NCL-RZ2B?as-of=2015-03-31", 404)):  # fmt: skip
        assert owner.get(path).status_code == status, path
    with transaction(loaded) as connection:
        connection.execute(text("SET LOCAL ROLE estates_owner"))
        assert connection.execute(text("SELECT count(*) FROM site_owner WHERE ref IN ('NCL-RZ1A', 'NCL-RZ2B')")
                                  ).scalar_one() == 0  # fmt: skip
        with pytest.raises(Exception, match="permission denied"):
            connection.execute(text("SELECT 1 FROM site_complete"))


def test_an_owners_ranks_tell_of_no_other(loaded: Engine, hand_in: HandIn, template: Template, make_api: Make) -> None:
    """What an owner reads of its private site is the same whether or not another owner has private sites."""
    owner = make_api(loaded, key=give(loaded, "owner", organisation="RZ1"))
    hand_in(loaded, "a.csv", hidden(template, "RZ1", "RZ1A", "NW3 2QG"), sensitivity="owner")

    def told() -> Any:
        with make_api(loaded, key=KEY) as keyed:
            assert keyed.post("/shortlists/2015-Q1/drafts").status_code in {200, 201}
        from estates_api.store.database import rebuild_projection  # noqa: PLC0415 -- as after an assessment

        with transaction(loaded) as connection:
            rebuild_projection(connection)
        site = owner.get("/sites/NCL-RZ1A").json()
        return {name: value for name, value in site.items() if name not in {"links", "assessment"}}

    before = told()
    for number in range(3):
        code = f"RZ2{number}"
        hand_in(loaded, f"{code}.csv", hidden(template, "RZ2", code, "NW3 2QG"), sensitivity="owner")
    assert json.dumps(told(), sort_keys=True) == json.dumps(before, sort_keys=True)


def test_the_audience_of_an_owner_is_its_own(shared: Engine, make_api: Make) -> None:
    """Tags differ between owners, partners and those who see all: nobody's kept answer is another's."""
    assert repr(Owner("RAL")) != repr(Owner("RP6"))
    asked = "/collections/sites/items?limit=1"
    owners = [give(shared, "owner", organisation=code) for code in ("RAL", "RP6")]
    clients = [make_api(shared, key=key) for key in (None, KEY, *owners)]
    tags = [client.get(asked).headers["etag"] for client in clients]
    assert len(set(tags)) == len(tags)
    following = [one["href"] for one in clients[2].get(asked).json()["links"] if one["rel"] == "next"]
    assert clients[3].get(following[0]).status_code == 400
    assert clients[2].get(following[0]).status_code == 200


def test_a_key_of_one_organisation_acts_for_it_alone(loaded: Engine, make_api: Make, template: Template) -> None:
    """A steward of one organisation hands in what is its own and nothing of another's; an approver of a sector, or of
    an organisation, records what that one decided."""
    client = make_api(loaded, key=give(loaded, "steward", organisation="RZ1"))
    own, foreign = (hidden(template, code, f"{code}A", "NW3 2QG") for code in ("RZ1", "RZ2"))
    refused = client.post("/editions", files={"file": ("b.csv", foreign)})
    assert (refused.status_code, "acts for RZ1 alone" in refused.text) == (403, True), refused.text
    assert make_api(loaded, key=KEY).get("/sites/RZ2A").status_code == 404
    assert client.post("/editions", files={"file": ("a.csv", own)}).status_code == 201
    said = {"step": "propose", "organisation": "E09000003", "body": "Board", "decided_on": "2024-02-01",
            "minute_reference": "1", "reason": "empty", "by": "A Clerk"}  # fmt: skip
    for more in ({"sector": "NHS"}, {"sector": "NHS", "organisation": "RAL"}):
        answer = make_api(loaded, key=give(loaded, "approver", **more)).post("/sites/NCL-RAL01/decisions", json=said)
        assert (answer.status_code, "alone" in answer.text) == (403, True), answer.text
