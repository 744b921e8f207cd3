"""`estates key`: given out once, listed without its secret, exchanged, taken back; what cannot be is said before."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from estates_api.domain.keys import find_prefix

Run = Callable[..., Any]


def test_from_giving_out_to_taking_back(estates: Run, loaded: Engine) -> None:
    """The key alone stands on standard output, and never again; the list says whose it is, and what became of it."""
    owner = ("--role", "owner", "--organisation", "ral", "--name", "Royal Free estates", "--expires", "2999-12-31")
    made = estates("key", "create", *owner, on=loaded)
    prefix = find_prefix(made.out.strip())
    assert made.code == 0, made.err
    assert prefix is not None
    assert "shown once" in made.err
    rotated = estates("key", "rotate", prefix, on=loaded)
    other = find_prefix(rotated.out.strip())
    assert other not in {None, prefix}
    listed = estates("key", "list", on=loaded).out
    assert listed.count("Royal Free estates") == listed.count("RAL") == listed.count("2999-12-31") == 2
    assert made.out.strip()[17:] not in listed
    assert estates("key", "revoke", other, on=loaded).out == f"revoked: {other}\n"
    again = estates("key", "revoke", other, on=loaded)
    assert (again.code, again.err) == (2, f"error: the key {other} was revoked already\n")
    assert "there is no key that begins with 'nothing'" in estates("key", "rotate", "nothing", on=loaded).err


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (("--role", "king"), "role: 'king' is none; one of partner, owner, steward, approver, administrator"),
        (("--role", "owner"), "organisation: a key for an owner must name one"),
        (("--role", "partner", "--scope", "adopt-methods"), "scope: a partner has no 'adopt-methods'"),
        (("--role", "partner", "--expires", "soon"), "expires: 'soon' is not a date"),
        (("--role", "partner", "--expires", "2020-02-29"), "expires: 29 February 2020 is over"),
    ],
)
def test_what_cannot_be_given_out(estates: Run, said: tuple[str, ...], why: str) -> None:
    """A role, a bound or a day that cannot be is refused before a database is asked, with exit code 2."""
    done = estates("key", "create", "--name", "x", *said, ESTATES_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert done.code == 2
    assert why in done.err
