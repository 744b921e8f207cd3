"""Methods that were used: the file that an assessment carries the hash of, read again."""

from sqlalchemy import Connection

from estates_api.domain.method import Method
from estates_api.domain.method_file import parse_method
from estates_api.errors import BadInput, Gone, NotFound, Unavailable
from estates_api.store import methods


def get_method(connection: Connection, wanted: str, adopted: Method) -> Method:
    """The method of that id or SHA-256: the adopted one, else the one used last under that id.

    NotFound where there is none; Gone where it was written for another version of this service.
    """
    if wanted in {adopted.id, adopted.sha256}:
        return adopted
    sha256 = get_sha256(connection, wanted)
    try:
        return parse_method(methods.find_content(connection, sha256) or b"", wanted)
    except BadInput as error:
        reason = f"it was written for another version of this service ({error.detail})"
        raise Gone(f"method {wanted} cannot be shown: {reason}; its file is at /methods/{sha256}/file") from None


def get_sha256(connection: Connection, wanted: str) -> str:
    """The hash of the method of that hash or id, the one used last where several have the id; NotFound otherwise."""
    named = [row["sha256"] for row in methods.list_methods(connection) if wanted in {row["id"], row["sha256"]}]
    if not named:
        raise NotFound("there is no method of that id or SHA-256; /methods lists them")
    return str(named[-1])


def get_content(connection: Connection, wanted: str, adopted: Method) -> bytes:
    """The file of a method, byte for byte; NotFound where it was never used."""
    sha256 = adopted.sha256 if wanted == adopted.id else get_sha256(connection, wanted)
    content = methods.find_content(connection, sha256)
    if content is None:
        raise NotFound(f"method {wanted} was not used yet; run: estates assess")
    return content


def read_used(connection: Connection, sha256: str) -> Method:
    """The method that an assessment was made with; Unavailable where this version cannot read it."""
    try:
        return parse_method(methods.find_content(connection, sha256) or b"", f"method {sha256[:8]}")
    except BadInput as error:
        reason = "the latest assessment was made by a method written for another version of this service"
        raise Unavailable(f"{reason}; run: estates assess ({error.detail})") from None
