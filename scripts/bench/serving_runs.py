"""Running the cases of the serving benchmark: in turn, so that what else the machine does meets all servers alike."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from serving_cases import Case, Draw, essence
from serving_client import Answer, Ask, Client, Want, find_next
from serving_questions import Question
from serving_servers import Running
from serving_usage import cpu_seconds

FINE = frozenset({200, 204, 304})


@dataclass(slots=True)
class Measured:
    """What one server took for one case. `refused` says why there is nothing; `differs` why it is not comparable."""

    seconds: list[float] = field(default_factory=list)
    size: int = 0
    cpu_s: float = 0.0
    database_cpu_s: float = 0.0
    own_s: float = 0.0
    refused: str = ""
    differs: str = ""

    @property
    def ms(self) -> float | None:
        """The median, in milliseconds."""
        return median(self.seconds) * 1000 if self.seconds and not self.refused else None

    @property
    def cpu_ms(self) -> float | None:
        """Processor time of the service and of PostgreSQL for one request, in milliseconds: the mean."""
        if not self.seconds or self.refused:
            return None
        return (self.cpu_s + self.database_cpu_s) / len(self.seconds) * 1000


@dataclass(frozen=True, slots=True)
class Bench:
    """All that a case needs: who asks, who answers, the process of PostgreSQL, and how many rows there are."""

    client: Client
    running: Sequence[Running]
    postmaster: int
    rows: int
    rounds: int

    def only(self, *names: str) -> list[Running]:
        """The servers of these names."""
        return [one for one in self.running if one.name in names]


def run_case(bench: Bench, case: Case) -> dict[str, Measured]:
    """Check that all say the same, then ask in turn: A B C, B C A, and so on."""
    results = {one.name: Measured() for one in bench.running}
    # Questions of other draws to check and to warm with, so that what is measured stays unseen.
    practice = Draw(random.Random(f"practice {case.name}"), bench.rows)  # noqa: S311
    source = Draw(random.Random(f"measure {case.name}"), bench.rows)  # noqa: S311
    questions = case.draw(source, case.per_round * bench.rounds)
    _check(bench, (case.practice or case.draw)(practice, 3), results)
    rounds = list(_chunks(questions, case.per_round))
    for number, asked in enumerate(rounds):
        start = number % len(bench.running)
        for one in (*bench.running[start:], *bench.running[:start]):
            if not results[one.name].refused:
                _ask(bench, one, asked, results[one.name])
    if case.practice:
        _check(bench, questions[:1], results)
    return results


def _chunks(questions: Sequence[Question], size: int) -> Iterator[Sequence[Question]]:
    for start in range(0, len(questions), size):
        yield questions[start : start + size]


def _check(bench: Bench, questions: Sequence[Question], results: dict[str, Measured]) -> None:
    """Refused: who does not serve this. Differs: who says something else than the first who does."""
    for question in questions:
        said: dict[str, object] = {}
        for one in bench.running:
            result = results[one.name]
            ask = prepare(bench.client, one, question)
            if ask is None:
                result.refused = result.refused or "not served"
                continue
            answer = bench.client.ask(one.port, [ask], "body").answers[0]
            if answer.status not in FINE or (question.again and one.server.follows and answer.status != 304):
                result.refused = _refusal(answer.status)
            elif one.server.follows or not (question.second or question.again):
                said[one.name] = essence(question, answer)
        first = next(iter(said.values()), None)
        for name, what in said.items():
            if what != first:
                results[name].differs = _difference(first, what)


def _refusal(status: int) -> str:
    return f"HTTP {status}" if status else "no answer"


def _difference(first: object, other: object) -> str:
    return f"{_short(other)} instead of {_short(first)}"


def _short(what: object) -> str:
    if isinstance(what, tuple):
        return f"{what[0]} matched, {_short(what[1])}"
    if isinstance(what, list):
        return f"{len(what)} ids from {what[0]} to {what[-1]}" if what else "no ids"
    return str(what)


def prepare(client: Client, one: Running, question: Question) -> Ask | None:
    """The request that asks a question, after those that have to come before it; None when there is no such request."""
    path = one.server.path(question)
    if path is None or not one.server.follows or not (question.second or question.again):
        return Ask(path) if path else None
    before = client.ask(one.port, [Ask(path)], "body").answers[0]
    if question.second:
        following = find_next(before.body)
        return Ask(following) if following else None
    tag = before.headers.get("etag")
    return Ask(path, (("If-None-Match", tag),)) if tag else None


def _ask(bench: Bench, one: Running, questions: Sequence[Question], result: Measured) -> None:
    again = questions[0].again
    prepared = [prepare(bench.client, one, question) for question in (questions[:1] if again else questions)]
    asks = [ask for ask in prepared if ask] * (len(questions) if again else 1)
    measure(bench, one, asks, result)


def measure(bench: Bench, one: Running, asks: Sequence[Ask], result: Measured, want: Want = "") -> list[Answer]:
    """Ask, and add what it took."""
    cpu, database = cpu_seconds(one.process), cpu_seconds(bench.postmaster)
    batch = bench.client.ask(one.port, asks, want)
    result.cpu_s += cpu_seconds(one.process) - cpu
    result.database_cpu_s += cpu_seconds(bench.postmaster) - database
    result.own_s += batch.own_seconds
    bad = [answer.status for answer in batch.answers if answer.status not in FINE]
    if bad:
        result.refused = _refusal(bad[0])
    result.seconds += [answer.seconds for answer in batch.answers]
    result.size = max([result.size, *(answer.size for answer in batch.answers)])
    return batch.answers
