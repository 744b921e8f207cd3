"""Work that takes its time: done beside the requests of others, and told step by step to who wants to see it go on."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, suppress
from threading import Event
from time import monotonic

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from estates_api.api.problems import problem
from estates_api.errors import Unavailable
from estates_api.store.work import WORK

LINES = "application/jsonl"

LOOKED_S, SILENT_S = 0.25, 10.0
"""How often a step is told at most; and the longest silence, which a proxy would take for the end."""

Tell = Callable[[str], None]
Take = Callable[[Tell], Response]

_STOPPING = "the service is stopping; hand the file in again later (the same file twice changes nothing)"


def wants_steps(request: Request) -> bool:
    """Whether lines are asked for by name."""
    return LINES in request.headers.get("accept", "")


async def beside(take: Take, tell: Tell = lambda _: None) -> Response:
    """Run in a thread, so that others are answered meanwhile; when nobody waits for it any more, or the service stops,
    it gives up at its next step."""
    stopped = Event()

    def check(step: str) -> None:
        if stopped.is_set():
            raise Unavailable(_STOPPING)
        tell(step)

    try:
        return await anyio.to_thread.run_sync(take, check, abandon_on_cancel=True)
    except anyio.get_cancelled_exc_class():
        raise Unavailable(_STOPPING) from None  # the last thing this task does
    finally:
        stopped.set()


class Steps(StreamingResponse):
    """An answer as lines of JSON: `{"step": …}` for what is done just now, and at last `{"status": …, "type": …,
    "body": …}`, which is what would have been answered at once. When the client leaves or the service stops, the work
    is given up."""

    def __init__(self, take: Take, kept: ExitStack, refuse: Callable[[Exception], Awaitable[Response]]) -> None:
        super().__init__(self._lines(), media_type=LINES, headers={"X-Accel-Buffering": "no"})
        self._take, self._kept, self._refuse = take, kept, refuse
        self._step = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Do it, and tell of it; what was `kept` for it is given back."""
        with self._kept:
            self._task = asyncio.create_task(self._answer())
            try:
                await super().__call__(scope, receive, send)
            except asyncio.CancelledError:  # the last thing this task does
                last = _last(problem(503, Unavailable.title, _STOPPING))
                await send({"type": "http.response.body", "body": last.encode(), "more_body": False})
            finally:
                self._task.cancel()
                with suppress(asyncio.CancelledError):  # when the service ends it waits for nobody
                    await asyncio.wait({self._task})
                if work := WORK.get():  # a statement that runs would go on, and the next step is after it
                    work.stop()

    async def _answer(self) -> Response:
        try:
            return await beside(self._take, self._tell)
        except Exception as error:
            return await self._refuse(error)

    def _tell(self, step: str) -> None:
        self._step = step

    async def _lines(self) -> AsyncIterator[str]:
        told, due = "", monotonic() + SILENT_S
        while not (await asyncio.wait({self._task}, timeout=LOOKED_S))[0]:
            if self._step != told or monotonic() > due:
                told, due = self._step, monotonic() + SILENT_S
                yield _line(step=told)
        yield _last(self._task.result())


def _last(answer: Response) -> str:
    return _line(status=answer.status_code, type=answer.media_type, body=bytes(answer.body).decode())


def _line(**members: object) -> str:
    return json.dumps(members, ensure_ascii=False) + "\n"
