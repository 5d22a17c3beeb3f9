"""One greenlet that calls something for many sessions, instead of a timer for each."""

import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import ref

import gevent
from gevent.event import Event

from app.transport.greenlets import keep_running

# Those that are due within so long of each other are acted on together: each waking of
# a worker costs it more than asking one client.
TICK_SECONDS = 0.05

T = TypeVar("T")


class Deadlines(Generic[T]):
    """Calls `act` with each thing, the same time and up to a tick after it was added.

    The time is the same for all, so that what was added first is due first and nothing
    needs sorting. A thing that nobody else keeps is forgotten, and wakes nobody.
    """

    def __init__(self, seconds: float, act: Callable[[T], None]) -> None:
        """Act `seconds` after a thing was added; `act` must not wait."""
        self._seconds = seconds
        self._act = act
        self._due: deque[tuple[float, ref[T]]] = deque()
        self._added = Event()
        self._running = False

    def add(self, thing: T) -> None:
        """Act on a thing once, in time; what is added twice is due twice."""
        self._due.append((time.monotonic() + self._seconds, ref(thing)))
        if not self._running:
            self._running = True
            keep_running(self._run)
        self._added.set()

    def _run(self) -> None:
        while True:
            now = time.monotonic()
            while self._due and self._due[0][0] <= now:
                thing = self._due.popleft()[1]()
                if thing is not None:
                    self._act(thing)
            self._wait(now)

    def _wait(self, now: float) -> None:
        while self._due and self._due[0][1]() is None:
            self._due.popleft()
        if self._due:
            gevent.sleep(max(TICK_SECONDS, self._due[0][0] - now))
        else:
            self._added.clear()
            self._added.wait()
