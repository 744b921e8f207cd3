"""Canonical JSON written quickly: never another byte."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.shortlist import canonical_bytes
from estates_api.workflows.canonical import quick_bytes

TEXT = st.text(st.characters(exclude_categories=("Cs",)))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**80), 2**80)
SMALL = st.integers(-99_999, 99_999).flatmap(lambda n: st.integers(0, 14).map(lambda place: n / 10**place))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | SMALL | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)


@given(st.dictionaries(TEXT, VALUES))
def test_it_is_the_same_text(content: dict[str, Any]) -> None:
    """Whatever stands in it, names in any script and numbers of any size: the bytes are those that are frozen."""
    assert quick_bytes(content) == canonical_bytes(content)
