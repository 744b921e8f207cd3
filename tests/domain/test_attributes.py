import pytest

from estates_api.domain.attributes import ATTRIBUTES, Attribute

_UNITS = {"_m2": "m2", "_ha": "ha", "_gbp": "GBP", "_pct": "%"}


@pytest.mark.parametrize("attribute", ATTRIBUTES.values(), ids=lambda attribute: attribute.name)
def test_attributes_say_what_they_are(attribute: Attribute) -> None:
    """Every attribute has a meaning; a number carries its unit in its name and has bounds, a text has no unit."""
    assert len(attribute.meaning) > 5
    assert attribute.low < attribute.high
    counted = "homes" if "homes" in attribute.name else ""
    unit = next((unit for end, unit in _UNITS.items() if attribute.name.endswith(end)), counted)
    assert attribute.unit == unit
    assert (attribute.kind == "number") == bool(unit)
    assert attribute.unit != "%" or attribute.high == 100
