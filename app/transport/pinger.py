"""Pings for every client of a worker, without a greenlet for each."""

from typing import Protocol

import gevent

from app.transport.deadlines import Deadlines


class Pingable(Protocol):
    """A session that wants to know whether its client is still there."""

    def ping(self) -> None:
        """Ask the client."""

    def has_answered(self) -> bool:
        """Tell whether the client answered the latest question, or is gone already."""

    def give_up(self) -> None:
        """End the session: its client is gone without a word."""


class Pinger:
    """Asks each session after an interval, and ends it when no answer comes in time.

    A session that has ended is not kept for it.
    """

    def __init__(self, interval: float, timeout: float) -> None:
        """Ask after `interval` seconds; expect the answer within `timeout` seconds."""
        self._questions: Deadlines[Pingable] = Deadlines(interval, self._ask)
        self._answers: Deadlines[Pingable] = Deadlines(timeout, _judge)

    def add(self, session: Pingable) -> None:
        """Ask a session after the interval; to go on, it is added again."""
        self._questions.add(session)

    def _ask(self, session: Pingable) -> None:
        # Whatever comes of the question, it must not be the last one.
        self._answers.add(session)
        session.ping()


def _judge(session: Pingable) -> None:
    if not session.has_answered():
        gevent.spawn(session.give_up)
