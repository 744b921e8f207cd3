"""Configuration: environment variables, read once at the edge. The README's table is made of this."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from estates_api.errors import BadInput

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds estates_api/, data/ and migrations/."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation can choose. `database_url` None means the embedded cluster."""

    database_url: str | None
    state_dir: Path
    data_dir: Path
    admin_key: str | None
    public_url: str | None
    open_drafts: bool | None


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the environment gives; BadInput names a variable that cannot be used."""
    return Settings(
        database_url=_parse_database_url(environ.get("ESTATES_DATABASE_URL", "")),
        state_dir=Path(environ.get("ESTATES_STATE_DIR") or ROOT / ".estates").absolute(),
        data_dir=Path(environ.get("ESTATES_DATA_DIR") or ROOT / "data").absolute(),
        admin_key=environ.get("ESTATES_ADMIN_KEY") or None,
        public_url=(environ.get("ESTATES_PUBLIC_URL") or "").rstrip("/") or None,
        open_drafts=_parse_flag("ESTATES_OPEN_DRAFTS", environ.get("ESTATES_OPEN_DRAFTS", "")),
    )


def _parse_database_url(text: str) -> str | None:
    if not text:
        return None
    scheme, _, rest = text.partition("://")
    if scheme not in {"postgresql", "postgres", "postgresql+psycopg"} or not rest:
        raise BadInput("ESTATES_DATABASE_URL must look like postgresql://user:password@host:5432/database")
    return f"postgresql+psycopg://{rest}"


def _parse_flag(name: str, text: str) -> bool | None:
    if not text:
        return None
    if text.lower() not in {"0", "no", "false", "1", "yes", "true"}:
        raise BadInput(f"{name} must be yes or no, not {text!r}")
    return text.lower() in {"1", "yes", "true"}
