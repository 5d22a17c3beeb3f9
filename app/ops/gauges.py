"""What is read off the running worker, every second, for its metrics."""

import threading

from flask import Flask

from app import clock
from app.live.audience import Audience
from app.ops import metrics
from app.transport.broadcasts import Manager
from app.transport.link import Link

INTERVAL_SECONDS = 1.0


class Gauges:
    """Carries the lower layers' counters, which know no metrics, to the metrics."""

    def __init__(self, app: Flask) -> None:
        """Read the parts that are wired into `app`."""
        self._audience: Audience = app.extensions["audience"]
        self._manager: Manager = app.extensions["manager"]
        self._dropped = 0
        self._slow = 0

    def run(self) -> None:
        """Read until the process ends."""
        pause = threading.Event()
        while not pause.wait(INTERVAL_SECONDS):
            self.read()

    def read(self) -> None:
        """Read once."""
        metrics.set_viewers(sum(self._audience.viewers.counts.values()))
        metrics.set_redis_connected(self._manager.connected)
        metrics.set_clock_offset(clock.offset_seconds())
        dropped, slow = self._manager.dropped, Link.slow.count
        metrics.count_dropped_broadcasts(dropped - self._dropped)
        metrics.count_slow_consumers(slow - self._slow)
        self._dropped, self._slow = dropped, slow
