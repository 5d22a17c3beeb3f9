"""What is read off the running worker, about every second, for its metrics."""

from flask import Flask

from app import clock
from app.live.audience import Audience
from app.ops import metrics
from app.transport.broadcasts import Manager
from app.transport.link import Link


class Gauges:
    """Carries the lower layers' counters, which know no metrics, to the metrics."""

    def __init__(self, app: Flask) -> None:
        """Read the parts that are wired into `app`."""
        self._audience: Audience = app.extensions["audience"]
        self._manager: Manager = app.extensions["manager"]
        self._dropped = 0
        self._slow = 0

    def read(self, lag: float) -> None:
        """Read once, at the turn of who measures the event loop's lag, in seconds.

        An idle worker is not to be woken for this alone.
        """
        metrics.set_loop_lag(lag)
        metrics.set_viewers(self._audience.viewers.total)
        metrics.set_redis_connected(self._manager.connected)
        metrics.set_clock_offset(clock.offset_seconds())
        dropped, slow = self._manager.dropped, Link.slow.count
        metrics.count_dropped_broadcasts(dropped - self._dropped)
        metrics.count_slow_consumers(slow - self._slow)
        self._dropped, self._slow = dropped, slow
