"""Methods that were used, read again."""

import pytest
from sqlalchemy import Engine, insert

from estates_api.errors import Unavailable
from estates_api.store.database import transaction
from estates_api.store.tables import method
from estates_api.workflows.methods import read_used


def test_an_old_methods_letter_says_what_to_do(migrated: Engine) -> None:
    """Where the latest assessment was made by a method that this version cannot read, it is made again: told so."""
    with transaction(migrated) as connection:
        connection.execute(insert(method).values(sha256="0" * 64, id="old", content=b"id = 'old'"))
        with pytest.raises(Unavailable, match=r"another version of this service; run: estates assess \(method 0000"):
            read_used(connection, "0" * 64)
