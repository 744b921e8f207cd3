"""England's bank holidays, by the `holidays` package: moved ones (8 May 2020) and single ones (8 May 2023) included."""

import subprocess
import sys
from datetime import date
from functools import lru_cache

from estates_api.errors import Unavailable

# Of 2000 to 2050; those to come are as the law has them today.
_CODE = "import holidays; print(*holidays.country_holidays('GB', subdiv='ENG', years=range(2000, 2051)))"


@lru_cache(maxsize=1)
def list_bank_holidays() -> frozenset[date]:
    """Every bank holiday in England of 2000 to 2050. Listed in a process of its own: the package has every country's,
    40 MB of them, which a service would keep."""
    command = [sys.executable, "-I", "-c", _CODE]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 -- our own
    except (subprocess.SubprocessError, OSError):
        raise Unavailable("bank holidays cannot be listed: the package `holidays` does not run here") from None
    return frozenset(date.fromisoformat(day) for day in done.stdout.split())
