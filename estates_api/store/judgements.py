"""What persons say of places: which holdings are one place, what they are still asked, and what became of sites."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, insert, text

from estates_api.domain.matching import Key, Pair, Verdicts
from estates_api.store.tables import fate, pair_judgement

# The newest judgement of a pair counts.
_STANDING = """
SELECT DISTINCT ON (organisation_code, holding_code, other_organisation_code, other_holding_code)
       organisation_code, holding_code, other_organisation_code, other_holding_code, verdict, reason, actor, at
FROM pair_judgement
ORDER BY organisation_code, holding_code, other_organisation_code, other_holding_code, id DESC
"""

# The pairs that are judged the same, of which one holding is new and the other is here.
_JUDGED_PAIRS = f"""
SELECT one.id, other.id FROM ({_STANDING}) s
JOIN holding one ON one.organisation_code = s.organisation_code AND one.code = s.holding_code
JOIN holding other ON other.organisation_code = s.other_organisation_code AND other.code = s.other_holding_code
WHERE s.verdict = 'same' AND (one.id IN (SELECT id FROM chunk) OR other.id IN (SELECT id FROM chunk))
  AND (one.site_ref IS NOT NULL OR one.id IN (SELECT id FROM chunk))
  AND (other.site_ref IS NOT NULL OR other.id IN (SELECT id FROM chunk))
"""  # noqa: S608 -- made of constants of this module

_OPEN_QUESTIONS = f"""
SELECT q.id, q.weight, q.evidence, q.at,
       one.organisation_code, one.code AS holding_code, one.name, one.site_ref,
       other.organisation_code AS other_organisation_code, other.code AS other_holding_code, other.name AS other_name,
       other.site_ref AS other_site_ref, least(one.sensitivity, other.sensitivity) AS sensitivity
FROM question q JOIN holding one ON one.id = q.holding_id JOIN holding other ON other.id = q.other_holding_id
WHERE one.site_ref <> other.site_ref AND NOT EXISTS (
    SELECT FROM ({_STANDING}) s
    WHERE (s.organisation_code, s.holding_code)
          IN ((one.organisation_code, one.code), (other.organisation_code, other.code))
      AND (s.other_organisation_code, s.other_holding_code)
          IN ((one.organisation_code, one.code), (other.organisation_code, other.code)))
ORDER BY q.weight DESC, q.id
"""  # noqa: S608 -- made of constants of this module

_KEYS = """unnest(CAST(:organisations AS text[]), CAST(:codes AS text[])) AS k(organisation_code, code)
    ON k.organisation_code = h.organisation_code AND k.code = h.code"""


@dataclass(frozen=True, slots=True)
class HeldSite:
    """A site with the ids of its holdings, which of them founded it (None: none of them), and which a file of places
    puts there."""

    ref: str
    holdings: Mapping[Key, int]
    founder: Key | None
    placed: Sequence[Key]


@dataclass(frozen=True, slots=True)
class PairJudgement:
    """A person's word on two holdings, the lesser key first."""

    one: Key
    other: Key
    verdict: Literal["same", "different"]
    reason: str
    actor: str
    at: datetime | None = None

    def told(self) -> str:
        """What was judged, by whom and when, in one line."""
        day = f" on {self.at:%Y-%m-%d}" if self.at else ""
        verdict = "are one place" if self.verdict == "same" else "are different places"
        return f"{':'.join(self.one)} and {':'.join(self.other)} {verdict} ({self.actor}{day}: {self.reason})"


def list_judgements(connection: Connection) -> dict[Pair, PairJudgement]:
    """The standing judgement of every pair that has one."""
    rows = connection.execute(text(_STANDING)).all()
    return {frozenset(((r[0], r[1]), (r[2], r[3]))): PairJudgement((r[0], r[1]), (r[2], r[3]), *r[4:]) for r in rows}


def read_verdicts(connection: Connection) -> Verdicts:
    """`same` or `different` of every pair that a person judged."""
    return {pair: one.verdict for pair, one in list_judgements(connection).items()}


def list_judged_pairs(connection: Connection) -> list[tuple[int, int]]:
    """Ids of holdings judged one place, one of which at least is in `chunk` and none is still to come."""
    return [(row[0], row[1]) for row in connection.execute(text(_JUDGED_PAIRS))]


def add_judgement(connection: Connection, judged: PairJudgement) -> None:
    """Record a judgement; it counts from here on."""
    row = {"organisation_code": judged.one[0], "holding_code": judged.one[1],
           "other_organisation_code": judged.other[0], "other_holding_code": judged.other[1],
           "verdict": judged.verdict, "reason": judged.reason, "actor": judged.actor}  # fmt: skip
    connection.execute(insert(pair_judgement).values(row))


def add_questions(connection: Connection, rows: Sequence[tuple[int, int, float, str]]) -> int:
    """Record what a person is asked: two holdings' ids, the weight and the evidence. How many pairs are new."""
    statement = text("""
        INSERT INTO question (holding_id, other_holding_id, weight, evidence)
        SELECT least(one, other), greatest(one, other), weight, evidence
        FROM unnest(CAST(:one AS bigint[]), CAST(:other AS bigint[]), CAST(:weight AS float8[]),
                    CAST(:evidence AS text[])) AS q(one, other, weight, evidence)
        ON CONFLICT (holding_id, other_holding_id) DO NOTHING""")
    if not rows:
        return 0
    columns = zip(("one", "other", "weight", "evidence"), zip(*rows, strict=True), strict=True)
    return connection.execute(statement, {name: list(values) for name, values in columns}).rowcount


def list_questions(connection: Connection) -> Sequence[RowMapping]:
    """What persons are asked and have not judged, the weightiest first: both holdings with their names and sites.

    `sensitivity` is that of the stricter holding: who may not see it may not see the question.
    """
    return connection.execute(text(_OPEN_QUESTIONS)).mappings().all()


def list_places(connection: Connection, keys: Collection[Key]) -> dict[Key, str]:
    """The place at which a person put each of the holdings (a placing judgement of an edition), where there is one."""
    query = text(f"""
        SELECT h.organisation_code, h.code, h.place
        FROM (SELECT *, holding_code AS code FROM standing_judgement) h JOIN {_KEYS}""")  # noqa: S608 -- a constant
    return {(row[0], row[1]): row[2] for row in connection.execute(query, _key_values(keys))}


def find_fate(connection: Connection, ref: str) -> RowMapping | None:
    """The newest fate of a site: ref, kind, survivor, reason, actor, at; None when nothing became of it."""
    query = text("SELECT ref, kind, survivor, reason, actor, at FROM fate WHERE ref = :ref ORDER BY id DESC LIMIT 1")
    return connection.execute(query, {"ref": ref}).mappings().one_or_none()


def add_fate(connection: Connection, ref: str, kind: str, *, reason: str, actor: str) -> None:
    """Record that a site is withdrawn or restored."""
    values: dict[str, Any] = {"ref": ref, "kind": kind, "reason": reason, "actor": actor}
    connection.execute(insert(fate).values(values))


def owners_of(connection: Connection, code: str) -> list[str]:
    """The organisations that have a holding with this code."""
    query = text("SELECT organisation_code FROM holding WHERE code = :code ORDER BY organisation_code")
    return list(connection.execute(query, {"code": code}).scalars())


def has_site(connection: Connection, ref: str) -> bool:
    """Whether there is or was a site with this reference."""
    return connection.execute(text("SELECT 1 FROM site WHERE ref = :ref"), {"ref": ref}).first() is not None


def sites_of(connection: Connection, keys: Collection[Key]) -> dict[Key, str]:
    """Where holdings stand; those that are not handed in are left out."""
    query = text(f"""
        SELECT h.organisation_code, h.code, h.site_ref FROM holding h JOIN {_KEYS}
        WHERE h.site_ref IS NOT NULL""")  # noqa: S608 -- a constant
    return {(row[0], row[1]): row[2] for row in connection.execute(query, _key_values(keys))}


def list_unplaced(connection: Connection, keys: Collection[Key]) -> list[int]:
    """The ids of holdings that are handed in and stand nowhere, because they have ended."""
    query = text(f"""
        SELECT h.id FROM holding h JOIN {_KEYS}
        WHERE h.site_ref IS NULL AND h.code <> 'AGGRE' ORDER BY h.id""")  # noqa: S608 -- a constant
    return list(connection.execute(query, _key_values(keys)).scalars())


def list_sites_of(connection: Connection, keys: Collection[Key], prefix: str) -> list[HeldSite]:
    """The sites at which holdings stand, with all that stands there; those with a placing judgement first, then the
    older."""
    refs = sorted(set(sites_of(connection, keys).values()))
    query = text("""
        SELECT h.site_ref, h.organisation_code, h.code, h.id, coalesce(h.site_ref = :prefix || '-' || j.place, false)
        FROM holding h JOIN site s ON s.ref = h.site_ref LEFT JOIN standing_judgement j
            ON j.organisation_code = h.organisation_code AND j.holding_code = h.code
        WHERE h.site_ref = ANY(:refs)
        ORDER BY (SELECT min(p.id) FROM placement p WHERE p.site_ref = s.ref), s.ref, h.organisation_code, h.code""")
    rows = connection.execute(query, {"refs": refs, "prefix": prefix}).all()
    found = []
    for ref in dict.fromkeys(row[0] for row in rows):
        here = [row for row in rows if row[0] == ref]
        names = {f"{prefix}-{row[2]}".replace("/", "-"): (row[1], row[2]) for row in reversed(here)}
        names |= {f"{prefix}-{row[1]}-{row[2]}".replace("/", "-"): (row[1], row[2]) for row in here}
        holdings, founder = {(row[1], row[2]): row[3] for row in here}, names.get(ref.replace("/", "-"))
        found.append(HeldSite(ref, holdings, founder, [(row[1], row[2]) for row in here if row[4]]))
    return sorted(found, key=lambda site: not site.placed)


def find_vacant_site(connection: Connection, keys: Sequence[Key], prefix: str) -> str | None:
    """The site that one of these holdings founded and that nothing stands at any more; None when there is none."""
    stated = [ref for organisation, code in keys for ref in (f"{prefix}-{code}", f"{prefix}-{organisation}-{code}")]
    refs = [*stated, *(ref.replace("/", "-") for ref in stated)]
    query = text("""
        SELECT s.ref FROM site s WHERE s.ref = ANY(:refs) AND NOT EXISTS (SELECT FROM holding WHERE site_ref = s.ref)
          AND EXISTS (SELECT FROM placement p JOIN holding h ON h.id = p.holding_id
                      WHERE p.site_ref = s.ref AND h.organisation_code = ANY(:organisations) AND h.code = ANY(:codes))
        ORDER BY length(s.ref) LIMIT 1""")
    return connection.execute(query, {"refs": refs, **_key_values(keys)}).scalar_one_or_none()


def _key_values(keys: Collection[Key]) -> dict[str, list[str]]:
    return {"organisations": [key[0] for key in keys], "codes": [key[1] for key in keys]}
