"""London's boroughs by their codes, and where London lies."""

from collections.abc import Mapping

_NAMES = (
    "City of London", "Barking and Dagenham", "Barnet", "Bexley", "Brent", "Bromley", "Camden", "Croydon", "Ealing",
    "Enfield", "Greenwich", "Hackney", "Hammersmith and Fulham", "Haringey", "Harrow", "Havering", "Hillingdon",
    "Hounslow", "Islington", "Kensington and Chelsea", "Kingston upon Thames", "Lambeth", "Lewisham", "Merton",
    "Newham", "Redbridge", "Richmond upon Thames", "Southwark", "Sutton", "Tower Hamlets", "Waltham Forest",
    "Wandsworth", "Westminster",
)  # fmt: skip

BOROUGHS: Mapping[str, str] = {f"E09{number:06}": name for number, name in enumerate(_NAMES, start=1)}
"""Names by GSS codes, as the Office for National Statistics has them; the City, which is no borough, among them."""

EXTENT = (503_000.0, 155_000.0, 562_500.0, 201_500.0)
"""West, south, east, north in metres of the National Grid, with less than a kilometre around."""


def find_mismatch(code: str, name: str) -> str | None:
    """What is wrong with a code and a name beside it; blank where they belong together (`London Borough of Camden`
    does too), None where neither is of London."""
    called, own = BOROUGHS.get(code), _CODES.get(_plain(name))
    if called is None and own is None:
        return None
    if called and _plain(called) in _plain(name):
        return ""
    said = (f"{code} is the code of {called}" if called else "", f"{name} is {own}" if own else "")
    return ", and ".join(filter(None, said))


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("&", " and ").replace("-", " ").split())


_CODES: Mapping[str, str] = {_plain(name): code for code, name in BOROUGHS.items()}
