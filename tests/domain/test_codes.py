import pytest
from hypothesis import given
from hypothesis import strategies as st

from estates_api.domain.codes import parse_local_code, parse_ods_code, parse_postcode, parse_uprn
from estates_api.errors import BadInput


@pytest.mark.parametrize(
    ("text", "postcode"),
    [
        ("N18  1QX", "N18 1QX"),
        ("n181qx", "N18 1QX"),
        (" WC1X\xa08DA ", "WC1X 8DA"),
        ("M11AE", "M1 1AE"),
        ("EC1A 1BB", "EC1A 1BB"),
        ("W1A0AX", "W1A 0AX"),
        ("HA7 4LP", "HA7 4LP"),
    ],
)
def test_postcodes_as_people_type_them(text: str, postcode: str) -> None:
    """Case, doubled, missing and non-breaking spaces do not matter."""
    assert parse_postcode(text) == postcode


@pytest.mark.parametrize(
    "text", ["", "N18", "N18 1Q", "N1 8 1QX", "ABC 1AA", "N18 1CX", "N18 1QXX", "Ｎ18 1QX", "٣18 1QX"]
)
def test_what_is_no_postcode(text: str) -> None:
    """Parts, extra characters and letters that no inward code has are refused."""
    with pytest.raises(BadInput, match="not a UK postcode"):
        parse_postcode(text)


@given(
    st.from_regex(r"[A-Za-z]{1,2}[0-9][0-9A-Za-z]?", fullmatch=True).filter(str.isascii),
    st.sampled_from(["", " ", "  ", "\xa0", "\t"]),
    st.from_regex(r"[0-9][ABD-HJLNP-UW-Z]{2}", fullmatch=True),
)
def test_a_postcode_has_one_form(outward: str, space: str, inward: str) -> None:
    """Every spelling of a postcode becomes one, and that one stays as it is."""
    found = parse_postcode(outward + space + inward.lower())
    assert found == f"{outward.upper()} {inward}"
    assert parse_postcode(found) == found


@pytest.mark.parametrize(
    ("text", "code"), [(" ral01\xa0", "RAL01"), ("AGGRE", "AGGRE"), ("NHSPS-RYX24", "NHSPS-RYX24")]
)
def test_codes(text: str, code: str) -> None:
    """Codes are capitals without spaces around them; local ones may have dashes."""
    assert parse_ods_code(text) == code


@pytest.mark.parametrize("text", ["", "R", "R AL", "-RAL", "R" * 41, "RÄL"])
def test_what_is_no_code(text: str) -> None:
    """Blanks, single characters, spaces inside and foreign letters are refused."""
    with pytest.raises(BadInput, match="not an organisation or site code"):
        parse_ods_code(text)


@pytest.mark.parametrize(("text", "uprn"), [("100021", "100021"), (" 000100021 ", "100021"), ("0", "0")])
def test_uprns(text: str, uprn: str) -> None:
    """A UPRN is text of digits; the zeros that one publisher pads it with do not make another."""
    assert parse_uprn(text) == uprn


@pytest.mark.parametrize("text", ["", "1.00E+11", "100021.0", "1234567890123", "12 34", "٣"])
def test_what_is_no_uprn(text: str) -> None:
    """What a spreadsheet made of a UPRN is refused, never repaired."""
    with pytest.raises(BadInput, match="not a UPRN"):
        parse_uprn(text)


@pytest.mark.parametrize("text", ["1", " 7 ", "0"])
def test_local_codes_may_count_from_one(text: str) -> None:
    """Councils and map layers number their assets: a digit is a code of a holding, though of no organisation."""
    assert parse_local_code(text) == text.strip()
    with pytest.raises(BadInput, match="not an organisation or site code"):
        parse_ods_code(text)


@pytest.mark.parametrize("text", ["", "R", "*", "1 1"])
def test_what_is_no_local_code(text: str) -> None:
    """A letter by itself is a mark or a footnote."""
    with pytest.raises(BadInput, match="not an organisation or site code"):
        parse_local_code(text)
