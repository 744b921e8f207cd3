"""Write the reference tables of `data/` from a folder of published files and the hand-kept tables beside them.

Run `python scripts/compile_data PUBLISHED_FOLDER`, or with `--check` alone to verify what is there. The hand-kept
tables (`data/hand/`, organisations, places, interests, `SOURCES.toml`, `areas/`) are read and never written.
"""

import argparse
from pathlib import Path

from check import check
from councils import COUNCIL, EVENT, council_rows, event_rows
from geography import LSOA, POSTCODE, borough_rows, lsoa_rows, postcode_rows
from nhs import eric_table, practice_rows
from tables import ERIC_YEARS, ORGANISATION, write_table


def compile_all(published: Path) -> None:
    """Write every compiled table."""
    write_table("reference/boroughs.csv", ("gss_code", "name", "area_ha", "wkt"), borough_rows(published))
    write_table("reference/lsoas.csv", LSOA, lsoa_rows(published))
    write_table("reference/postcodes.csv.gz", POSTCODE, postcode_rows(published))
    for year in ERIC_YEARS:
        write_table(f"catalogue/eric_{year}.csv", *eric_table(published, year))
    write_table("catalogue/gp_practices.csv", ORGANISATION, practice_rows(published))
    write_table("catalogue/council_assets.csv", COUNCIL, council_rows(published))
    write_table("catalogue/site_events.csv", EVENT, event_rows(published))


def main() -> None:
    """Compile from a published folder, or check what is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("published", nargs="?", type=Path, help="folder with the publishers' files")
    parser.add_argument("--check", action="store_true", help="verify the tables")
    arguments = parser.parse_args()
    if arguments.published is None and not arguments.check:
        parser.error("give the published folder, or --check")
    if arguments.published is not None:
        compile_all(arguments.published)
    if arguments.check and check():
        raise SystemExit(1)


if __name__ == "__main__":
    main()
