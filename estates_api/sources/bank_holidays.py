"""England's bank holidays, by the `holidays` package: moved ones (8 May 2020) and single ones (8 May 2023) included."""

from datetime import date
from functools import lru_cache

YEARS = range(2000, 2051)
"""Of which the package is asked; those to come are as the law has them today."""


@lru_cache(maxsize=1)
def list_bank_holidays() -> frozenset[date]:
    """Every bank holiday in England of YEARS."""
    import holidays  # noqa: PLC0415 -- only who tells of windows needs it

    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=YEARS))
