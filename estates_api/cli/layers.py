"""`estates layers`: what is loaded of the place that sites stand in, and what is not."""

from rich.markup import escape
from rich.table import Table

from estates_api.cli.session import console, open_session
from estates_api.domain.designations import LAYER_KINDS
from estates_api.store.database import transaction
from estates_api.store.designations import list_layers


def layers() -> None:
    """Designations, town centres and stations: the editions that count, and the kinds of which none is loaded."""
    with open_session() as session, transaction(session.engine) as connection:
        found = list_layers(connection)
    table = Table("kind", "edition", box=None, pad_edge=False)
    table.add_column("features", justify="right")
    table.add_column("licence")
    for row in found:
        title = escape(f"{row['source']} {row['label']}")
        table.add_row(row["kind"], title, f"{row['features']:,}", escape(row["licence"] or "not stated"))
    console.print(table)
    missing = [kind for kind in LAYER_KINDS if kind not in {row["kind"] for row in found}]
    if missing:
        console.print(f"not loaded, so not known of any site: {', '.join(missing)}", soft_wrap=True)
        console.print("hand in a file of planning.data.gov.uk, or any vector file with: "
                      "estates ingest --as housing-zone FILE", soft_wrap=True)  # fmt: skip
