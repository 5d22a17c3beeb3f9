"""Listening to Redis, through all its absences."""

import logging
import time
from collections.abc import Callable
from typing import Any

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
            # What it hears is read here: `get_message` takes longer over each message
            # than all that is done with it.
            connection: Any = pubsub.connection
            heard = time.monotonic()
            while True:
                try:
                    told = connection.read_response(
                        timeout=SILENCE_SECONDS,
                        disconnect_on_error=False,
                        push_request=True,
                    )
                except redis.TimeoutError:
                    _ask(pubsub, time.monotonic() - heard)
                    continue
                heard = time.monotonic()
                # All but the answer to a ping are a kind, a channel and what is told.
                if isinstance(told, list):
                    self._take(*told)

    def _take(self, kind: bytes, _channel: bytes = b"", data: object = None) -> None:
        if kind == b"subscribe":
            self._note_subscription()
        elif kind == b"message" and isinstance(data, bytes):
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
