"""Publishing to Redis without ever keeping a caller waiting."""

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import gevent
from gevent.event import Event

from app.transport import redis_links
from app.transport.redis_links import FIRST_PAUSE, Away, next_pause

# About a second of the busiest show that was measured.
MAX_WAITING = 5_000
# Older news would only delay newer: the receivers reconcile with the database anyway.
STALE_SECONDS = 2.0

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

    def put_back(self, taken: _Waiting) -> None:
        """Return the text that was taken last, for it could not be sent."""
        if len(self._texts) < self._maximum:
            self._texts.appendleft(taken)
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
        self._redis = redis_links.connect(url)
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
        self._redis.close()

    def _publish_waiting(self) -> bool:
        """Publish until nothing waits; return whether Redis took it all."""
        self._more.clear()
        while (waiting := self._outbox.take(time.monotonic())) is not None:
            try:
                self._redis.publish(self._channel, waiting.text)
            except Away as error:
                self._fail(error)
                self._outbox.put_back(waiting)
                self._more.set()
                return False
            self._succeed()
        return True

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
