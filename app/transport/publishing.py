"""Publishing to Redis without ever keeping a caller waiting."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import gevent
from gevent.event import Event

from app.transport import redis_links
from app.transport.redis_links import FIRST_PAUSE, Away, next_pause

# About a second of the busiest show that was measured.
MAX_WAITING = 5_000
# Older news would only delay newer: the receivers reconcile with the database anyway.
STALE_SECONDS = 2.0
# Characters of texts that are sent before their answers are read.
_AT_ONCE = 64 * 1024

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    text: str
    since: float


class Outbox:
    """Texts that wait to be published: bounded in number and in age.

    Attributes:
        dropped: how many were given up.
    """

    def __init__(
        self, maximum: int = MAX_WAITING, stale: float = STALE_SECONDS
    ) -> None:
        """Keep at most `maximum` texts for at most `stale` seconds."""
        self.dropped = 0
        self._texts: deque[_Waiting] = deque()
        self._maximum = maximum
        self._stale = stale

    def put(self, text: str, now: float) -> None:
        """Add the newest text; the oldest goes where there are too many."""
        self._texts.append(_Waiting(text, now))
        if len(self._texts) > self._maximum:
            self._texts.popleft()
            self.dropped += 1

    def take(self, now: float) -> _Waiting | None:
        """Take out the oldest text that is worth sending, or None."""
        while self._texts:
            oldest = self._texts.popleft()
            if now - oldest.since <= self._stale:
                return oldest
            self.dropped += 1
        return None

    def take_some(self, now: float) -> deque[_Waiting]:
        """Take out the oldest texts that are worth sending, as many as go at once."""
        taken: deque[_Waiting] = deque()
        size = 0
        while size < _AT_ONCE and (oldest := self.take(now)) is not None:
            taken.append(oldest)
            size += len(oldest.text)
        return taken

    def put_back(self, taken: Iterable[_Waiting]) -> None:
        """Return the texts that were taken last, for they could not be sent."""
        for each in reversed([*taken]):
            if len(self._texts) < self._maximum:
                self._texts.appendleft(each)
            else:
                self.dropped += 1


class Publisher:
    """Publishes texts on a channel, in order, from one greenlet.

    Attributes:
        published: how many texts Redis took.
    """

    def __init__(
        self, url: str, channel: str, on_recovered: Callable[[], None]
    ) -> None:
        """Call `on_recovered` when Redis takes texts again after some were given up."""
        self.published = 0
        # A connection of its own, which its one greenlet need not take from a pool.
        pool = redis_links.connect(url).connection_pool
        self._connection: Any = pool.make_connection()
        self._channel = channel
        self._on_recovered = on_recovered
        self._outbox = Outbox()
        self._more = Event()
        self._missed = 0
        self._failing = False

    @property
    def dropped(self) -> int:
        """How many texts were given up."""
        return self._outbox.dropped

    def put(self, text: str) -> None:
        """Publish a text soon; neither waits nor yields to another greenlet."""
        self._outbox.put(text, time.monotonic())
        self._more.set()

    def run(self) -> None:
        """Publish what is put, until the greenlet is killed."""
        pause = FIRST_PAUSE
        while True:
            self._more.wait()
            if self._publish_waiting():
                pause = FIRST_PAUSE
                continue
            gevent.sleep(pause)
            pause = next_pause(pause)

    def close(self) -> None:
        """Close the connection."""
        self._connection.disconnect()

    def _publish_waiting(self) -> bool:
        """Publish until nothing waits; return whether Redis took it all."""
        self._more.clear()
        while waiting := self._outbox.take_some(time.monotonic()):
            try:
                self._publish(waiting)
            except Away as error:
                self._fail(error)
                self._more.set()
                return False
        return True

    def _publish(self, waiting: deque[_Waiting]) -> None:
        """Publish texts in one round trip; those that Redis did not take wait on."""
        try:
            self._connection.send_packed_command(
                self._connection.pack_commands(
                    ("PUBLISH", self._channel, each.text) for each in waiting
                ),
                check_health=False,
            )
            while waiting:
                self._connection.read_response()
                waiting.popleft()
                self._succeed()
        except BaseException:
            # Answers that are still to come are no answers to what is sent next.
            self._connection.disconnect()
            raise
        finally:
            self._outbox.put_back(waiting)

    def _fail(self, error: Exception) -> None:
        if not self._failing:
            _log.warning("cannot publish to Redis", extra={"error": str(error)})
        self._failing = True

    def _succeed(self) -> None:
        self.published += 1
        self._failing = False
        if self.dropped != self._missed:
            lost, self._missed = self.dropped - self._missed, self.dropped
            _log.warning("publishing again", extra={"lost": lost})
            self._on_recovered()
