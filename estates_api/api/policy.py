"""The content policy of a page: what stands in it counts, by its hash, and nothing else does."""

import base64
import hashlib
import re
from functools import lru_cache

_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


def page_policy(written: str, *, files: bool = False) -> str:
    """The policy of a page that is written: its own styles and scripts by hash. `files`: others come from here too.
    Scripts may ask here, and nowhere else."""
    found: dict[str, list[str]] = {kind: ["'self'"] if files else [] for kind in ("script", "style")}
    for kind, content in _INLINE.findall(written):
        found[kind].append(_hash(content))
    styles = " ".join(found["style"]) or "'none'"
    said = f"; script-src {' '.join(found['script'])}" if found["script"] else ""
    said += "; connect-src 'self'" if said or files else ""
    return (f"default-src 'none'; style-src {styles}{said}; img-src 'self' data:; form-action 'self'; "
            f"base-uri 'none'; frame-ancestors 'none'")  # fmt: skip


@lru_cache(maxsize=64)
def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
