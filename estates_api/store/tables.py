"""The tables, as queries see them. Their rules (checks, triggers, grants) stand in `migrations/`: claims, interests,
placements and issues refer to what is there by a trigger for a whole statement."""

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from estates_api.store import decided, listed  # noqa: F401 -- their tables are on the same metadata
from estates_api.store.columns import now, sensitivity, serial
from estates_api.store.key_table import api_key
from estates_api.store.layers import metadata  # with the tables of reference geography and of audiences in it
from estates_api.store.need_table import need

__all__ = ["api_key", "need"]

source = Table(
    "source", metadata,
    Column("name", Text, primary_key=True),
    Column("authority", Integer, nullable=False),
)  # fmt: skip

edition = Table(
    "edition", metadata,
    serial(),
    Column("source", Text, ForeignKey("source.name"), nullable=False),
    Column("label", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("sha256", Text, nullable=False, unique=True),
    Column("bytes", BigInteger, nullable=False),
    Column("period_start", Date),
    Column("period_end", Date),
    Column("publisher", Text),
    Column("licence", Text),
    Column("attribution", Text),
    Column("url", Text),
    sensitivity(),
    now(),
)  # fmt: skip

issue = Table(
    "issue", metadata,
    serial(),
    Column("edition_id", BigInteger, nullable=False),
    Column("line", Integer),
    Column("field", Text),
    Column("severity", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", Text),
    Column("organisation", Text),
    Column("rule", Text, nullable=False),
    sensitivity(),
    Column("beside_edition_id", BigInteger, ForeignKey("edition.id")),
    Column("beside_line", Integer),
    Column("site_ref", Text, ForeignKey("site.ref")),
    Index("issue_edition", "edition_id", "id"),
    Index("issue_organisation", "organisation", "id"),
    Index("issue_rule", "rule", "id"),
    Index("issue_error", "id", postgresql_where=text("severity = 'error'")),
)  # fmt: skip

tally = Table(
    "tally", metadata,
    Column("edition_id", BigInteger, ForeignKey("edition.id"), primary_key=True, autoincrement=False),
    Column("counts", JSONB, nullable=False),
)  # fmt: skip

redaction = Table(
    "redaction", metadata,
    serial(),
    Column("edition_id", BigInteger, ForeignKey("edition.id"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("attribute", Text),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    now(),
    Index("redaction_row", "edition_id", "line"),
)  # fmt: skip

organisation = Table(
    "organisation", metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("sector", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("postcode", Text),
    Column("address", Text),
    Column("geom", Geometry("POINT", 27700, spatial_index=False)),
    Column("opened", Date),
    Column("closed", Date),
    Column("parent_code", Text),
    Column("edition_id", BigInteger, ForeignKey("edition.id"), nullable=False),
    Index("organisation_geom", "geom", postgresql_using="gist"),
)  # fmt: skip

succession = Table(
    "succession", metadata,
    serial(),
    Column("predecessor_code", Text, nullable=False),
    Column("successor_code", Text, nullable=False),
    Column("succeeded_on", Date),
    Column("edition_id", BigInteger, ForeignKey("edition.id"), nullable=False),
    Index("succession_predecessor", "predecessor_code"),
    Index("succession_successor", "successor_code"),
)  # fmt: skip

organisation_name = Table(
    "organisation_name", metadata,
    serial(),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("as_of", Date),
    Column("edition_id", BigInteger, ForeignKey("edition.id"), nullable=False),
    Index("organisation_name_code", "code", "as_of"),
)  # fmt: skip

site = Table(
    "site", metadata,
    Column("ref", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("address", Text),
    Column("postcode", Text),
    Column("uprn", Text),
    Column("title_number", Text),
    Column("precision", Text, nullable=False),
    Column("geom", Geometry("GEOMETRY", 27700, spatial_index=False)),
    Column("geom_crs84", Geometry("GEOMETRY", 4326, spatial_index=False)),
    Column("borough_gss", Text),
    Column("lsoa_code", Text),
    Column("inside_area", Boolean),
    now(),
    Index("site_geom", "geom", postgresql_using="gist"),
)  # fmt: skip

holding = Table(
    "holding", metadata,
    serial(),
    Column("organisation_code", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sector", Text, nullable=False),
    Column("site_ref", Text, index=True),
    Column("match_evidence", Text),
    sensitivity(),
    Column("address", Text),
    Column("postcode", Text),
    Column("uprn", Text),
    Column("easting", Float),
    Column("northing", Float),
    now(),
    UniqueConstraint("code", "organisation_code"),
    Index("holding_postcode", "postcode"),
    Index("holding_uprn", "uprn", postgresql_where=text("uprn IS NOT NULL")),
    Index("holding_unplaced", "organisation_code", "code",
          postgresql_where=text("site_ref IS NULL AND code <> 'AGGRE'")),
)  # fmt: skip

placement = Table(
    "placement", metadata,
    serial(),
    Column("holding_id", BigInteger, primary_key=True),
    Column("site_ref", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    now(),
    Index("placement_site", "site_ref"),
)  # fmt: skip

judgement = Table(
    "judgement", metadata,
    serial(),
    Column("organisation_code", Text, nullable=False),
    Column("holding_code", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("place_name", Text, nullable=False),
    Column("postcode", Text),
    Column("address", Text),
    Column("evidence", Text, nullable=False),
    Column("succeeded_by_organisation", Text),
    Column("succeeded_by_code", Text),
    Column("edition_id", BigInteger, ForeignKey("edition.id"), nullable=False),
    now(),
    Index("judgement_holding", "organisation_code", "holding_code", "id"),
)  # fmt: skip

pair_judgement = Table(
    "pair_judgement", metadata,
    serial(),
    Column("organisation_code", Text, nullable=False),
    Column("holding_code", Text, nullable=False),
    Column("other_organisation_code", Text, nullable=False),
    Column("other_holding_code", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    now(),
    Index("pair_judgement_one", "organisation_code", "holding_code"),
    Index("pair_judgement_other", "other_organisation_code", "other_holding_code"),
)  # fmt: skip

question = Table(
    "question", metadata,
    serial(),
    Column("holding_id", BigInteger, ForeignKey("holding.id"), nullable=False),
    Column("other_holding_id", BigInteger, ForeignKey("holding.id"), nullable=False),
    Column("weight", Float, nullable=False),
    Column("evidence", Text, nullable=False),
    now(),
    UniqueConstraint("holding_id", "other_holding_id"),
)  # fmt: skip

fate = Table(
    "fate", metadata,
    serial(),
    Column("ref", Text, ForeignKey("site.ref"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("survivor", Text, ForeignKey("site.ref")),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    now(),
    Index("fate_ref", "ref", "id"),
)  # fmt: skip

outline = Table(
    "outline", metadata,
    serial(),
    Column("edition_id", BigInteger, ForeignKey("edition.id"), nullable=False),
    Column("holding_id", BigInteger, ForeignKey("holding.id"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("parcel", Text),
    Column("title_number", Text),
    Column("geom", Geometry("MULTIPOLYGON", 27700, spatial_index=False), nullable=False),
    Column("evidence", Text, nullable=False),
    sensitivity(),
    now(),
    Index("outline_geom", "geom", postgresql_using="gist"),
    Index("outline_holding", "holding_id"),
)  # fmt: skip

claim = Table(
    "claim", metadata,
    serial(),
    Column("edition_id", BigInteger, nullable=False),
    Column("holding_id", BigInteger, primary_key=True),
    Column("line", Integer, nullable=False),
    Column("attribute", Text, nullable=False),
    Column("as_of", Date),
    Column("number", Float),
    Column("text", Text),
    Column("unit", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("implausible", Text),
    Column("citation", Text),
    sensitivity(),
    Index("claim_private", "holding_id", postgresql_where=text("sensitivity <> 'public'")),
    Index("claim_edition", "edition_id", postgresql_using="brin", postgresql_with={"pages_per_range": 16}),
    Index("claim_row", "edition_id", "holding_id", postgresql_where=text("attribute = 'name'")),
    Index("claim_ended", "holding_id", postgresql_where=text("attribute IN ('ended_on', 'ods_status')")),
)  # fmt: skip

interest = Table(
    "interest", metadata,
    serial(),
    Column("edition_id", BigInteger, nullable=False),
    Column("holding_id", BigInteger, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("as_of", Date),
    sensitivity(),
    Column("line", Integer),
    Index("interest_private", "holding_id", postgresql_where=text("sensitivity <> 'public'")),
)  # fmt: skip

event = Table(
    "event", metadata,
    serial(),
    Column("edition_id", BigInteger, ForeignKey("edition.id"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("holding_code", Text, index=True),
    Column("site_name", Text, nullable=False),
    Column("organisation_code", Text),
    Column("organisation_name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("date_text", Text, nullable=False),
    Column("earliest", Date),
    Column("latest", Date),
    Column("area_ha", Float),
    Column("homes", Integer),
    Column("receipt_gbp", Float),
    Column("counterparty", Text),
    Column("kept_by", Text),
    Column("note", Text),
    Column("citation_title", Text, nullable=False),
    Column("citation_url", Text, nullable=False),
    sensitivity(),
    Index("event_private", "holding_code", postgresql_where=text("sensitivity <> 'public'")),
)  # fmt: skip

method = Table(
    "method", metadata,
    Column("sha256", Text, primary_key=True),
    Column("id", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    now(),
)  # fmt: skip

assessment = Table(
    "assessment", metadata,
    serial(),
    Column("method_sha256", Text, ForeignKey("method.sha256"), nullable=False),
    Column("as_of", Date, nullable=False),
    Column("present", Boolean, nullable=False),
    Column("known_at", DateTime(timezone=True), nullable=False),
    Column("data_sha256", Text, nullable=False),
    Column("code_version", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("draws", Integer),
    Column("sha256", Text, nullable=False),
    now(),
)  # fmt: skip

assessment_site = Table(
    "assessment_site", metadata,
    Column("assessment_id", BigInteger, ForeignKey("assessment.id"), primary_key=True),
    Column("site_ref", Text, ForeignKey("site.ref"), primary_key=True),
    Column("route", Text, nullable=False),
    Column("release_score", Float, nullable=False),
    Column("release_coverage", Float, nullable=False),
    Column("reuse_score", Float, nullable=False),
    Column("reuse_coverage", Float, nullable=False),
    Column("explanation", JSONB, nullable=False),
    Column("measured", JSONB),
    Column("circle", SmallInteger),
)  # fmt: skip

adoption = Table(
    "adoption", metadata,
    serial(),
    Column("method_sha256", Text, ForeignKey("method.sha256"), nullable=False),
    Column("adopted_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    now(),
)  # fmt: skip

audit = Table(
    "audit", metadata,
    serial(),
    now(),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
    Column("caller", Text),
)  # fmt: skip

installation = Table(
    "installation", metadata,
    Column("one", Boolean, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
)  # fmt: skip
