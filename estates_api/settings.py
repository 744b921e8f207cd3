"""Configuration: environment variables, read once at the edge. The README's table is made of this."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import limits
from limits import RateLimitItem

from estates_api.errors import BadInput

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds estates_api/, data/ and migrations/."""

DEFAULT_UPLOAD_MB, LARGEST_UPLOAD_MB = 200, 2048
"""How large a file may be that is handed in over HTTP; no reader takes more than the second."""

DEFAULT_RATE = "1200/minute"
"""How often one address, or one key, may ask: a map that is moved about asks for some dozen tiles at a time."""

LOOPBACK = "127.0.0.1,::1"
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})

_LEVELS, _FORMS = ("debug", "info", "warning", "error"), ("json", "console")


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation can choose. `database_url` None means the embedded cluster."""

    database_url: str | None
    state_dir: Path
    data_dir: Path
    admin_key: str | None
    serving_password: str | None
    public_url: str | None
    open_drafts: bool | None
    max_upload_mb: int
    basemap: "Basemap | None"
    issuer: "Issuer | None"
    rate: RateLimitItem | None
    trusted_proxies: tuple[str, ...]
    log: "Log"
    metrics: tuple[str, int] | None
    slow_ms: int


@dataclass(frozen=True, slots=True)
class Log:
    """What is logged: from which level on, and how; None: as suits where it goes."""

    level: str | None = None
    form: str | None = None


@dataclass(frozen=True, slots=True)
class Basemap:
    """Raster tiles of another service to draw the map upon: `url` with {z}, {x} and {y}, and whom to credit."""

    url: str
    credit: str

    @property
    def origin(self) -> str:
        """The one other host that browsers ask."""
        return "/".join(self.url.split("/")[:3])


@dataclass(frozen=True, slots=True)
class Issuer:
    """An OpenID Connect issuer whose tokens are taken, whom they must be for, and the claims that say in which role."""

    url: str
    audience: str
    role_claim: str
    organisation_claim: str
    sector_claim: str


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the environment gives; BadInput names a variable that cannot be used."""
    return Settings(
        database_url=_parse_database_url(environ.get("ESTATES_DATABASE_URL", "")),
        state_dir=Path(environ.get("ESTATES_STATE_DIR") or ROOT / ".estates").absolute(),
        data_dir=Path(environ.get("ESTATES_DATA_DIR") or ROOT / "data").absolute(),
        admin_key=environ.get("ESTATES_ADMIN_KEY") or None,
        serving_password=environ.get("ESTATES_SERVING_PASSWORD") or None,
        public_url=_parse_public_url(environ.get("ESTATES_PUBLIC_URL", "")),
        open_drafts=_parse_flag("ESTATES_OPEN_DRAFTS", environ.get("ESTATES_OPEN_DRAFTS", "")),
        max_upload_mb=_parse_megabytes("ESTATES_MAX_UPLOAD_MB", environ.get("ESTATES_MAX_UPLOAD_MB", "")),
        basemap=_parse_basemap(environ.get("ESTATES_BASEMAP_URL", ""), environ.get("ESTATES_BASEMAP_CREDIT", "")),
        issuer=_parse_issuer(environ),
        rate=_parse_rate(environ.get("ESTATES_RATE_LIMIT") or DEFAULT_RATE),
        trusted_proxies=_parse_proxies(environ.get("ESTATES_TRUSTED_PROXIES", LOOPBACK)),
        log=_parse_log(environ.get("ESTATES_LOG", "")),
        metrics=_parse_address(environ.get("ESTATES_METRICS_PORT", "")),
        slow_ms=_parse_milliseconds(environ.get("ESTATES_SLOW_MS") or "500"),
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


def is_confidential(url: str) -> bool:
    """Whether nobody on the way can read or change what comes from an address: TLS, or this computer itself."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _HERE))


def _parse_issuer(environ: Mapping[str, str]) -> Issuer | None:
    url, audience = (environ.get(f"ESTATES_OIDC_{name}", "") for name in ("ISSUER", "AUDIENCE"))
    if not url and not audience:
        return None
    if not is_confidential(url) or not audience:
        raise BadInput("ESTATES_OIDC_ISSUER must be an https address, and ESTATES_OIDC_AUDIENCE whom tokens are for")
    claims = [environ.get(f"ESTATES_OIDC_{name}_CLAIM") or f"estates_{name.lower()}"
              for name in ("ROLE", "ORGANISATION", "SECTOR")]  # fmt: skip
    return Issuer(url, audience, *claims)


def _parse_public_url(text: str) -> str | None:
    if not text:
        return None
    if not _ADDRESS.fullmatch(text):
        raise BadInput(f"ESTATES_PUBLIC_URL must look like https://estates.example.org, not {text!r}")
    return text.rstrip("/")


# What every link can begin with, and what can stand in a header and a page.
_ADDRESS = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._~/-]*)?", re.IGNORECASE)


def _parse_basemap(url: str, credit: str) -> Basemap | None:
    if not url:
        return None
    if not _TILES.fullmatch(url) or not all(part in url for part in ("{z}", "{x}", "{y}")):
        raise BadInput("ESTATES_BASEMAP_URL must look like https://tiles.example.org/{z}/{x}/{y}.png")
    if not credit:
        raise BadInput("ESTATES_BASEMAP_CREDIT must say whom the base map is to be credited to")
    return Basemap(url, credit)


# An origin that can stand in a content policy, and nothing that could end its place there.
_TILES = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?/[^\s\"';,<>]*", re.IGNORECASE)


def _parse_rate(text: str) -> RateLimitItem | None:
    if text.lower() in {"no", "none", "off", "0"}:
        return None
    try:
        return limits.parse(text)
    except ValueError:
        raise BadInput(f"ESTATES_RATE_LIMIT must be like 1200/minute, or no, not {text!r}") from None


def _parse_proxies(text: str) -> tuple[str, ...]:
    named = tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        for one in named:
            ip_network(one)
    except ValueError:
        said = "ESTATES_TRUSTED_PROXIES must be addresses or networks joined by commas"
        raise BadInput(f"{said}, not {text!r}") from None
    return named


def _parse_log(text: str) -> Log:
    words = text.lower().replace(",", " ").split()
    if unknown := [word for word in words if word not in {*_LEVELS, *_FORMS}]:
        raise BadInput(f"ESTATES_LOG: {unknown[0]!r} is none of {', '.join(_LEVELS)}, {' and '.join(_FORMS)}")
    level, form = (next((word for word in words if word in some), None) for some in (_LEVELS, _FORMS))
    return Log(level, form)


def _parse_address(text: str) -> tuple[str, int] | None:
    """`9100` on this computer, or `0.0.0.0:9100`."""
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and 1 <= int(port[:6]) <= 65535):
        raise BadInput(f"ESTATES_METRICS_PORT must be a port, or an address with a port, not {text!r}")
    return host or "127.0.0.1", int(port)


def _parse_milliseconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise BadInput(f"ESTATES_SLOW_MS must be a whole number of milliseconds, not {text!r}")
    return int(text)
