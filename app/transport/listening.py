"""Listening to Redis, through all its absences."""

import logging
import time
from collections.abc import Callable

import gevent
import redis
from redis.client import PubSub

from app.transport import redis_links
from app.transport.redis_links import FIRST_PAUSE, Away, next_pause

# Ask a channel that is silent for so long whether Redis is still there...
SILENCE_SECONDS = 1.0
# ...and believe that it hangs when nothing at all came for so long.
DEAF_SECONDS = 2.0

_log = logging.getLogger(__name__)


class Listener:
    """Hands on what is published on a channel, from one greenlet.

    Attributes:
        connected: whether the subscription stands, as far as is known.
        subscriptions: how often it was established.
    """

    def __init__(
        self,
        url: str,
        channel: str,
        on_message: Callable[[bytes], None],
        on_subscribed: Callable[[], None],
    ) -> None:
        """Call `on_subscribed` at each subscription: messages may have been lost."""
        self.connected = False
        self.subscriptions = 0
        self._redis = redis_links.connect(url)
        self._channel = channel
        self._on_message = on_message
        self._on_subscribed = on_subscribed
        self._pause = FIRST_PAUSE

    def run(self) -> None:
        """Listen until the greenlet is killed; Redis may come and go."""
        while True:
            try:
                self._listen()
            except Away as error:
                self._note_loss(error)
            gevent.sleep(self._pause)
            self._pause = next_pause(self._pause)

    def close(self) -> None:
        """Close the connection."""
        self.connected = False
        self._redis.close()

    def _listen(self) -> None:
        with PubSub(self._redis.connection_pool) as pubsub:
            pubsub.subscribe(self._channel)
            heard = time.monotonic()
            while True:
                message = pubsub.get_message(timeout=SILENCE_SECONDS)
                if message is not None:
                    heard = time.monotonic()
                    self._take(message)
                else:
                    _ask(pubsub, time.monotonic() - heard)

    def _take(self, message: dict[str, object]) -> None:
        kind, data = message["type"], message["data"]
        if kind == "subscribe":
            self._note_subscription()
        elif kind == "message" and isinstance(data, bytes):
            self._on_message(data)

    def _note_subscription(self) -> None:
        self.connected = True
        self.subscriptions += 1
        self._pause = FIRST_PAUSE
        _log.info("listening to Redis")
        self._on_subscribed()

    def _note_loss(self, error: Exception) -> None:
        if self.connected:
            _log.warning("cannot hear Redis", extra={"error": str(error)})
        self.connected = False


def _ask(pubsub: PubSub, silence: float) -> None:
    if silence > DEAF_SECONDS:
        raise redis.TimeoutError("Redis does not answer")
    pubsub.ping()
