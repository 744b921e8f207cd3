import pytest
from documents import open_bytes

from estates_api.errors import BadInput
from estates_api.sources.table import Aliases, column_notes, exact, find_table, normalise_header, require_table


@pytest.mark.parametrize(
    ("published", "same"),
    [
        ("Gross internal floor area (m²)", "gross  internal FLOOR area (mÂ²)"),
        ("Gross internal floor area (m²)", "Gross internal floor area (m?)"),
        ("Cost to eradicate high risk backlog (£)", "Cost to eradicate high risk backlog (Â£)"),
        ("Trust Code", "\ufeffTrust\xa0Code"),
        ("Laundry & Linen", "Laundry and linen"),
        ("site_code", "Site Code"),
    ],
)
def test_names_that_are_the_same(published: str, same: str) -> None:
    """Case, spaces, punctuation, a lost ² and a pound in the wrong encoding do not make another column."""
    assert normalise_header(published) == normalise_header(same)


def test_units_make_another_column() -> None:
    """Empty floor area in % (2016-17) and in m² (2024-25) are two columns."""
    assert normalise_header("Floor area - empty (%)") != normalise_header("Floor area - empty (m²)")
    assert normalise_header("Cost (£)") != normalise_header("Cost (£000s)")


def test_the_header_is_found_below_other_rows() -> None:
    """Junk and section rows above the header are passed over, and the first of two equal names counts."""
    document = open_bytes(
        "f.csv", b"Provisional,,,\n,,,\n,Areas,,PFI\nCode,Area,x,Area\nA1,5, y ,6\n,,,\nA2,7\nA3,1,2,3\n"
    )
    table = find_table(document, Aliases(exact(("code", "area", "missing"))))
    assert table is not None
    assert table.line == 4
    assert [(record.line, record.get("code"), record.get("area")) for record in table.records()] == [
        (5, "A1", "5"),
        (7, "A2", "7"),
        (8, "A3", "1"),
    ]
    assert [table.name("area"), table.name("missing"), table.unused()] == ["Area", "missing", ["x"]]
    assert [issue.reason for issue in column_notes(table)] == [
        "these columns stand twice, and the first of each counts: Area", "1 column is not used: x"
    ]  # fmt: skip


def test_a_missing_column_is_named() -> None:
    """The refusal names the column and what else it may be called."""
    document = open_bytes("f.csv", b"area,x\n1,2\n")
    aliases = Aliases({"code": ("code", "Trust Code"), "area": ("area",)})
    with pytest.raises(BadInput, match=r"f.csv: a list needs a column code \(or trust code\)"):
        require_table(document, aliases, ("code",), title="a list")
    with pytest.raises(BadInput, match=r"needs columns code .*, area"):
        require_table(open_bytes("f.csv", b"p,q\n1,2\n"), aliases, ("code", "area"), title="a list")


def test_a_header_without_rows() -> None:
    """A header alone is not an edition."""
    with pytest.raises(BadInput, match="no row under it"):
        require_table(open_bytes("f.csv", b"code,x\n"), Aliases(exact(("code",))), ("code",), title="a list")
