"""Watching that nothing keeps a worker's event loop to itself.

One greenlet that computes, or a call that gevent cannot make cooperative, stops every
viewer of the worker. The lag is how late a sleeper is woken; in development gevent's
own monitor, a thread, also takes down whose fault it was.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import gevent
from gevent import config, events, get_hub

INTERVAL_SECONDS = 1.0
# While the loop is late by more than this, it is measured more often.
LATE_SECONDS = 0.005
LATE_INTERVAL_SECONDS = 0.1
# Whoever holds it for longer is named.
REPORTED_SECONDS = 0.1

_log = logging.getLogger(__name__)


class LoopGuard:
    """Measures the lag of this worker's event loop: seldom, while there is none."""

    def __init__(self, observe: Callable[[float], None]) -> None:
        """Tell `observe` each lag, in seconds."""
        self._observe = observe
        # Filled by the monitor's thread, which must not touch gevent's locks.
        self._reports: deque[list[str]] = deque(maxlen=3)

    def run(self) -> None:
        """Measure until the process ends."""
        lag = 0.0
        while True:
            late = lag > LATE_SECONDS
            interval = LATE_INTERVAL_SECONDS if late else INTERVAL_SECONDS
            begun = time.monotonic()
            gevent.sleep(interval)
            lag = max(0.0, time.monotonic() - begun - interval)
            self._observe(lag)
            while self._reports:
                report = self._reports.popleft()
                _log.warning("the event loop was blocked", extra={"stack": report})

    def name_culprits(self) -> None:
        """Have the stack of what blocks the loop logged; costs a thread."""
        config.max_blocking_time = REPORTED_SECONDS
        events.subscribers.append(self._note)
        get_hub().start_periodic_monitoring_thread()

    def _note(self, event: Any) -> None:
        if isinstance(event, events.EventLoopBlocked):
            self._reports.append([line.rstrip() for line in event.info])
