"""What is found wrong when a caller is answered from two databases that should be the same to them."""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import unquote_plus

from driven import DRIVEN, POSTED, Ground, Request
from opened import Answer, ask, comparable
from starlette.testclient import TestClient
from stock import Worlds
from worlds import Secret


@dataclass(frozen=True, slots=True)
class Canaries:
    """The words and numbers that only secrets have."""

    secrets: tuple[Secret, ...]

    def find(self, text: str, besides: str = "") -> list[str]:
        """Those that a text has, but for what the asker said (`besides`)."""
        words = {word for one in self.secrets for word in one.words}
        found = [word for word in words if word.casefold() in text.casefold() and word.casefold() not in besides]
        numbers = {str(number) for one in self.secrets for number in one.numbers}
        return found + [number for number in numbers if _stands(number, text)]


def _stands(number: str, text: str) -> bool:
    """Whether a text has a number, and not as a part of another; plain, or with commas."""
    spelled = f"{int(number):,}"
    if number not in text and spelled not in text:
        return False
    return re.search(rf"(?<![\d.])({number}|{spelled})(?!\d)", text) is not None


@dataclass(slots=True)
class Check:
    """Asks both databases the same and holds the answers against each other. `first`: asks the second database with a
    key before, so that what is kept for one caller could come to another. `keys`: with which
    is asked, in turn. `enough`: one finding
    is."""

    without: TestClient
    withheld: TestClient
    canaries: Canaries
    first: TestClient | None = None
    keys: Sequence[str] = ()
    enough: bool = False
    asked: int = 0
    found: list[str] = field(default_factory=list)
    seen: dict[int, int] = field(default_factory=dict)

    def run(self, requests: Iterable[Request]) -> list[str]:
        """What is wrong: an answer that is not the same, or that has a canary in it."""
        for request in requests:
            self.asked += 1
            if self.first is not None and request[0] == "GET" and self.asked % 3 == 0:
                ask(self.first, request)
            told, known = self._both(self._signed(request))
            self.seen[told[0]] = self.seen.get(told[0], 0) + 1
            self.found += self._wrong(request, told, known)
            if self.found and self.enough:
                break
        return self.found

    def _signed(self, request: Request) -> Request:
        if not self.keys:
            return request
        method, url, headers, body = request
        return method, url, {**headers, "X-API-Key": self.keys[self.asked % len(self.keys)]}, body

    def _both(self, request: Request) -> tuple[Answer, Answer]:
        """What both say on one day: after midnight another thing may be told than before."""
        day = datetime.now(UTC).date()
        told, known = ask(self.without, request), ask(self.withheld, request)
        return (told, known) if datetime.now(UTC).date() == day else self._both(request)

    def _wrong(self, request: Request, told: Answer, known: Answer) -> Iterator[str]:
        where = f"{request[0]} {request[1]} {dict(request[2])}"
        said = f"{unquote_plus(request[1])} {request[3]}".casefold()
        one, two = comparable(told), comparable(known)
        canaries = self.canaries.find(f"{known[1]} {two[1]} {two[2]}", said)
        if canaries:
            yield f"{where} tells {canaries}: {_around(known[2], canaries[0])}"
        if one != two:
            yield f"{where} differs: {_difference(one, two)}"


def _around(text: str, word: str) -> str:
    at = max(0, text.find(word))
    return repr(text[max(0, at - 100) : at + 100])


def _difference(one: Answer, two: Answer) -> str:
    if one[:2] != two[:2]:
        return f"{one[:2]} without, {two[:2]} with what is withheld"
    at = next(
        (n for n, (a, b) in enumerate(zip(one[2], two[2], strict=False)) if a != b), min(len(one[2]), len(two[2]))
    )
    return f"...{one[2][max(0, at - 80) : at + 120]!r} without, ...{two[2][max(0, at - 80) : at + 120]!r} with it"


def requests(ground: Ground, most: int) -> Iterator[Request]:
    """At most so many requests of each path, at random, the first of each always."""
    for make in (*DRIVEN.values(), *POSTED.values()):
        made = list(make(ground))
        yield from made[:1]
        yield from ground.random.sample(made[1:], min(len(made) - 1, most)) if len(made) > 1 else ()


def every_request(ground: Ground, paths: Iterable[str]) -> list[Request]:
    """All requests of some paths, in any order: what is found does not hang on which of them are drawn."""
    made = [request for path in paths for request in DRIVEN[path](ground)]
    return ground.random.sample(made, len(made))


def ground_of(seed: int, worlds: Worlds, *, files: bool = True) -> Ground:
    """What to ask about in the databases of a seed."""
    return Ground(random.Random(seed), worlds.codes, worlds.secrets, worlds.half_told, worlds.editions(), files)
