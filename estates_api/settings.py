"""Configuration: environment variables, read once at the edge. The README's table is made of this."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from estates_api.errors import BadInput

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds estates_api/, data/ and migrations/."""

DEFAULT_UPLOAD_MB, LARGEST_UPLOAD_MB = 200, 2048
"""How large a file may be that is handed in over HTTP; no reader takes more than the second."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation can choose. `database_url` None means the embedded cluster."""

    database_url: str | None
    state_dir: Path
    data_dir: Path
    admin_key: str | None
    public_url: str | None
    open_drafts: bool | None
    max_upload_mb: int


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the environment gives; BadInput names a variable that cannot be used."""
    return Settings(
        database_url=_parse_database_url(environ.get("ESTATES_DATABASE_URL", "")),
        state_dir=Path(environ.get("ESTATES_STATE_DIR") or ROOT / ".estates").absolute(),
        data_dir=Path(environ.get("ESTATES_DATA_DIR") or ROOT / "data").absolute(),
        admin_key=environ.get("ESTATES_ADMIN_KEY") or None,
        public_url=(environ.get("ESTATES_PUBLIC_URL") or "").rstrip("/") or None,
        open_drafts=_parse_flag("ESTATES_OPEN_DRAFTS", environ.get("ESTATES_OPEN_DRAFTS", "")),
        max_upload_mb=_parse_megabytes("ESTATES_MAX_UPLOAD_MB", environ.get("ESTATES_MAX_UPLOAD_MB", "")),
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


def _parse_megabytes(name: str, text: str) -> int:
    if not text:
        return DEFAULT_UPLOAD_MB
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LARGEST_UPLOAD_MB):
        raise BadInput(f"{name} must be a whole number from 1 to {LARGEST_UPLOAD_MB}, not {text!r}")
    return int(text)
