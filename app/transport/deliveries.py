"""Telling the many viewers of a room without keeping the event loop to oneself.

A broadcast to thousands takes tens of milliseconds, in which the worker could do
nothing else. So it is told in slices: the first one at once, by whoever broadcasts, who
then goes on; the others by a greenlet, with a turn of the event loop before each. What
is broadcast to the same room meanwhile waits its turn, so that each viewer hears
everything in the order in which it was broadcast.
"""

import logging
import math
import time
from collections import deque
from typing import Protocol

import gevent

from app.transport.parcels import Parcel

# Two slices and a turn of the loop are well below the 20 ms that nothing may block it.
SLICE_SECONDS = 0.004
# Looking at the clock takes as long as a tenth of telling one viewer.
VIEWERS_BETWEEN_LOOKS = 64
# Broadcasts of one room that may wait; who adds one more does the work of the oldest.
MAX_WAITING = 16
# gevent's `sleep(0)` comes back before the loop has looked at a single socket.
_TURN_OF_THE_LOOP = 1e-6

News = list[Parcel]

_log = logging.getLogger(__name__)


class Receiver(Protocol):
    """A viewer's session."""

    def send_parcel(self, parcel: Parcel) -> None:
        """Send what goes to others as well; never wait."""


class Delivery:
    """Some parcels on their way to those who were in the room at the time."""

    def __init__(self, news: News, receivers: list[Receiver]) -> None:
        """Tell `receivers`; the list is used up."""
        self._news = news
        self._receivers = receivers

    def advance(self, seconds: float) -> bool:
        """Tell viewers for about so long; return whether all were told."""
        end = time.monotonic() + seconds
        while self._receivers:
            some = self._receivers[-VIEWERS_BETWEEN_LOOKS:]
            del self._receivers[-VIEWERS_BETWEEN_LOOKS:]
            self._tell(some)
            if time.monotonic() >= end:
                break
        return not self._receivers

    def hasten(self, receiver: Receiver) -> None:
        """Tell one viewer now, unless it was told."""
        if receiver in self._receivers:
            self._receivers.remove(receiver)
            self._tell([receiver])

    def _tell(self, receivers: list[Receiver]) -> None:
        for parcel in self._news:
            for receiver in receivers:
                try:
                    receiver.send_parcel(parcel)
                except Exception:  # noqa: BLE001 - one odd client must not keep the others waiting
                    _log.exception("a viewer could not be told")


class Deliveries:
    """The deliveries of a worker that are under way, by room."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: dict[str, deque[Delivery]] = {}

    @property
    def under_way(self) -> bool:
        """Whether anybody is still to be told anything."""
        return bool(self._waiting)

    def begin(self, room: str, delivery: Delivery) -> None:
        """Tell the room's viewers, after what they are being told; never wait."""
        waiting = self._waiting.get(room)
        if waiting is not None:
            waiting.append(delivery)
            if len(waiting) > MAX_WAITING:
                waiting.popleft().advance(math.inf)
        elif not delivery.advance(SLICE_SECONDS):
            self._waiting[room] = deque((delivery,))
            gevent.spawn(self._go_on, room)

    def hasten(self, receiver: Receiver | None) -> None:
        """Tell one viewer now all that is on its way to it."""
        if receiver is None:
            return
        for waiting in self._waiting.values():
            for delivery in waiting:
                delivery.hasten(receiver)

    def _go_on(self, room: str) -> None:
        waiting = self._waiting[room]
        while waiting:
            gevent.sleep(_TURN_OF_THE_LOOP)
            if waiting and waiting[0].advance(SLICE_SECONDS):
                waiting.popleft()
        del self._waiting[room]
