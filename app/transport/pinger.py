"""One greenlet that pings every client of a worker, instead of one for each."""

import time
from collections import deque
from typing import Protocol
from weakref import ref

import gevent
from gevent.event import Event

from app.transport.greenlets import keep_running


class Pingable(Protocol):
    """A session that wants to know whether its client is still there."""

    def ping(self) -> None:
        """Ask the client."""

    def has_answered(self) -> bool:
        """Tell whether the client answered the latest question, or is gone already."""

    def give_up(self) -> None:
        """End the session: its client is gone without a word."""


_Queue = deque[tuple[float, "ref[Pingable]"]]


class Pinger:
    """Asks each session after an interval, and ends it when no answer comes in time.

    Interval and time-out are the same for all, so that what was added first is due
    first and nothing needs sorting. A session that has ended is not kept for it.
    """

    def __init__(self, interval: float, timeout: float) -> None:
        """Ask after `interval` seconds; expect the answer within `timeout` seconds."""
        self._interval = interval
        self._timeout = timeout
        self._questions: _Queue = deque()
        self._answers: _Queue = deque()
        self._added = Event()
        self._running = False

    def add(self, session: Pingable) -> None:
        """Ask a session after the interval; to go on, it is added again."""
        self._questions.append((time.monotonic() + self._interval, ref(session)))
        if not self._running:
            self._running = True
            keep_running(self._run)
        self._added.set()

    def _run(self) -> None:
        while True:
            now = time.monotonic()
            for session in _due(self._questions, now):
                # Whatever comes of the question, it must not be the last one.
                self._answers.append((now + self._timeout, ref(session)))
                session.ping()
            for session in _due(self._answers, now):
                if not session.has_answered():
                    gevent.spawn(session.give_up)
            self._wait(now)

    def _wait(self, now: float) -> None:
        heads = [queue[0][0] for queue in (self._questions, self._answers) if queue]
        if heads:
            gevent.sleep(max(0.0, min(heads) - now))
        else:
            self._added.clear()
            self._added.wait()


def _due(queue: _Queue, now: float) -> list[Pingable]:
    due = []
    while queue and queue[0][0] <= now:
        session = queue.popleft()[1]()
        if session is not None:
            due.append(session)
    return due
