"""Keys that were given out, as a process knows them: looked up once, and again when the data version changes, by which
a revocation is noticed at once (creating and revoking are acts of the audit trail, and acts are told by NOTIFY)."""

import asyncio
import hmac
import logging
from collections import OrderedDict
from datetime import UTC, date, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from estates_api.domain.callers import Caller
from estates_api.domain.keys import Holder, find_prefix, key_hash
from estates_api.errors import EstatesError
from estates_api.store.database import transaction
from estates_api.store.keys import holder_of, look_up, put_used
from estates_api.store.reading import Reading

log = logging.getLogger("estates_api")

REMEMBERED = 1024
_NOBODY = "0" * 64


class Keyring:
    """Who holds a key. Only what was found to be right is remembered, by its hash: whoever guesses is answered alike,
    after the same work, whether a key begins like that, is another, has ended or never was."""

    def __init__(self, reading: Reading, engine: Engine) -> None:
        self._reading, self._engine = reading, engine
        self._known: OrderedDict[str, tuple[int, str, Holder]] = OrderedDict()

    async def find(self, key: str) -> Caller | None:
        """Who asks with a key; None where it opens nothing."""
        prefix = find_prefix(key)
        if prefix is None:
            return None
        sha256, version, day = key_hash(key), self._reading.version, datetime.now(UTC).date()
        known = self._known.get(sha256)
        holder = known[2] if known and known[0] == version else await self._look_up(prefix, sha256, day)
        if holder is None or not holder.stands(day):
            self._known.pop(sha256, None)
            return None
        if version is not None:
            self._remember(sha256, (version, prefix, holder))
        return holder.caller(prefix)

    def _remember(self, sha256: str, found: tuple[int, str, Holder]) -> None:
        self._known[sha256] = found
        self._known.move_to_end(sha256)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    async def _look_up(self, prefix: str, sha256: str, day: date) -> Holder | None:
        row = await look_up(self._reading, prefix)
        same = hmac.compare_digest(row["sha256"] if row else _NOBODY, sha256)
        if row is None or not same:
            return None
        holder = holder_of(row)
        if holder.stands(day) and row["last_used"] != day:
            await asyncio.to_thread(self._note, prefix, day)
        return holder

    def _note(self, prefix: str, day: date) -> None:
        """Once a day, that a key was used. A database that takes no writes keeps nobody out."""
        try:
            with transaction(self._engine) as connection:
                put_used(connection, prefix, day)
        except (EstatesError, DBAPIError) as error:
            log.warning("the use of key %s was not noted: %s", prefix, type(error).__name__)
