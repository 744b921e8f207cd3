"""Numbers for Prometheus, and one line in the log for each request."""

import logging
import time
from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from itertools import accumulate
from math import inf

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from sqlalchemy import Engine
from starlette.types import Scope

from estates_api.api.told import Told
from estates_api.errors import EstatesError
from estates_api.store.ages import read_ages
from estates_api.store.database import transaction
from estates_api.store.work import Work

BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600)

ASKED_EVERY_S, TOLD_EVERY_S = 10.0, 1.0
"""How often at most the database is asked for what only it knows, and the log tells of what was refused."""

log = logging.getLogger("estates_api.requests")

FACTS = "facts"
"""Where a record of the log carries what it says, all in one."""

REFUSED = "refused"
"""The route of what was not heard."""

_WHY = {429: "too_often", 503: "too_many_at_once"}
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})


class Metrics:
    """The numbers of one process. Routes are told by their template alone: no path, no site, no caller."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = _Requests()
        self.registry.register(self._requests)
        self.under_way = 0
        self.watch("estates_requests_in_flight", "Requests under way", lambda: self.under_way)
        self._refused = Counter("estates_requests_refused", "Refused unheard, or hung up on", ("why",),
                                registry=self.registry)  # fmt: skip
        self._ingests = Histogram("estates_ingest_seconds", "Files handed in over HTTP, from the first byte on",
                                  ("status",), buckets=BUCKETS_S[8:], registry=self.registry)  # fmt: skip
        self._untold, self._told = Tally[str](), 0.0

    def begin(self) -> None:
        """A request has come."""
        self.under_way += 1

    def end(self, scope: Scope, told: Told, work: Work, seconds: float) -> None:
        """It is answered."""
        self.under_way -= 1
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._requests.count(told, method, seconds)
        if told.route == REFUSED:
            self.refuse(_WHY.get(told.status, "too_long"))
            return
        self.tell_refused(every_s=TOLD_EVERY_S)
        if told.route == "/editions" and method == "POST":
            self._ingests.labels(told.status).observe(seconds)
        slow = seconds > work.slow_s
        level = logging.WARNING if slow else logging.INFO
        if log.isEnabledFor(level):
            facts = _facts(method, told, work, seconds) | ({"asked": work.asked()} if slow else {})
            # Straight to the handlers: to find out who logs takes as long as all else here.
            record = logging.LogRecord(log.name, level, "", 0, "slow request" if slow else "request", None, None)
            setattr(record, FACTS, facts)
            log.handle(record)

    def refuse(self, why: str) -> None:
        """One was refused. Thousands may be in a second, so they have no lines of their own: the log tells how many."""
        self.count_refused(why)
        self._untold[why] += 1
        self.tell_refused(every_s=TOLD_EVERY_S)

    def count_refused(self, why: str) -> None:
        """One was hung up on for what is usual enough not to be told, such as a line that a browser never used."""
        self._refused.labels(why).inc()

    def tell_refused(self, *, every_s: float = 0.0) -> None:
        """Tell how many were refused since it was last told, unless that was just now."""
        if self._untold and (now := time.monotonic()) - self._told >= every_s:
            log.warning("refused", extra={FACTS: dict(self._untold)})
            self._untold.clear()
            self._told = now

    def watch(self, name: str, said: str, read: Callable[[], float]) -> None:
        """A number that is read when it is asked for."""
        Gauge(name, said, registry=self.registry).set_function(read)

    def watch_database(self, engine: Engine) -> None:
        """What only the database knows: how old the data and the newest published list are, files taken in."""
        self.registry.register(_Ages(engine))


class _Requests(Collector):
    """Counts each request in one place, and makes of that what is told when it is asked for: the library's own counters
    cost every request more."""

    def __init__(self) -> None:
        self._counted: dict[tuple[str, str, int, bool], list[float]] = {}

    def count(self, told: Told, method: str, seconds: float) -> None:
        """One that is answered: in the bucket of its time, and its seconds last."""
        kind = told.route, method, told.status, told.kept
        counted = self._counted.get(kind)
        if counted is None:
            counted = self._counted[kind] = [0.0] * (len(BUCKETS_S) + 2)
        counted[bisect_left(BUCKETS_S, seconds)] += 1
        counted[-1] += seconds

    def describe(self) -> Iterator[Metric]:
        """Nothing is there before the first request."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """By status, by time, and by whether it was kept already."""
        requests, kept = Tally[tuple[str, ...]](), Tally[tuple[str, ...]]({("hit",): 0, ("miss",): 0})
        seconds: dict[tuple[str, str], list[float]] = {}
        for (route, method, status, was_kept), counted in list(self._counted.items()):
            number = int(sum(counted[:-1]))
            requests[route, method, str(status)] += number
            before = seconds.get((route, method), [0.0] * len(counted))
            seconds[route, method] = [one + more for one, more in zip(before, counted, strict=True)]
            if route != REFUSED:
                kept[("hit" if was_kept else "miss",)] += number
        yield _counters("estates_requests", "Requests answered", ("route", "method", "status"), requests)
        said = "Answers that were kept already (hit), or had to be made (miss)"
        yield _counters("estates_kept_answers", said, ("outcome",), kept)
        timed = HistogramMetricFamily("estates_request_seconds", "Time until the answer was sent",
                                      labels=("route", "method"))  # fmt: skip
        for labels, (*numbers, total) in seconds.items():
            ends = map(floatToGoString, (*BUCKETS_S, inf))
            timed.add_metric(labels, list(zip(ends, accumulate(numbers), strict=True)), total)
        yield timed


def _counters(name: str, said: str, labels: tuple[str, ...], told: Tally[tuple[str, ...]]) -> CounterMetricFamily:
    made = CounterMetricFamily(name, said, labels=labels)
    for values, number in told.items():
        made.add_metric(values, number)
    return made


def _facts(method: str, told: Told, work: Work, seconds: float) -> dict[str, object]:
    """What the log says of a request. Whose key it was is told by its name; the path, which may name a site that is
    withheld, by its route."""
    caller = told.caller
    return {
        "request_id": work.id, "method": method, "route": told.route, "status": told.status,
        "ms": round(seconds * 1000, 2), "bytes": told.size, "kept": told.kept,
        "audience": str(getattr(caller, "audience", "unknown")), "key": getattr(caller, "name", ""),
    }  # fmt: skip


class _Ages(Collector):
    """Asks the database when it is scraped, and not more often than every few seconds."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._asked = -ASKED_EVERY_S
        self._found: dict[str, float] = {}

    def describe(self) -> Iterator[Metric]:
        """Nothing is asked before the first scrape."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The ages in seconds; nothing while the database does not answer."""
        if time.monotonic() - self._asked >= ASKED_EVERY_S:
            self._asked = time.monotonic()
            try:
                with transaction(self._engine) as connection:
                    self._found = read_ages(connection)
            except EstatesError:
                self._found = {}
        for name, value in self._found.items():
            yield GaugeMetricFamily(f"estates_{name}", name.replace("_", " "), value)
