"""Ending a worker's connections so that nobody notices.

Clients whose transport ends connect again by themselves, to another worker or to the
next one. If all of a hall did that at once, it would be an attack; so they are sent
away in small batches.
"""

import random
import time
from collections.abc import Callable, Iterator
from math import ceil
from typing import Protocol

BATCH_SECONDS = 0.1
# So few cost nothing: no need to spread them over more batches than that.
SMALLEST_BATCH = 25
# How much of the grace may go by before the last client is sent away.
SHARE = 0.5


class Closable(Protocol):
    """A session that can be told to go elsewhere."""

    def send_elsewhere(self) -> None:
        """End its transport; never wait."""


def batch_size(sessions: int, spread_seconds: float) -> int:
    """Return how many sessions to end at a time to be through in `spread_seconds`."""
    batches = max(1, int(spread_seconds / BATCH_SECONDS))
    return max(SMALLEST_BATCH, ceil(sessions / batches))


def pauses(jitter: Callable[[], float] = random.random) -> Iterator[float]:
    """Yield the seconds to wait after each batch, a batch's share on average."""
    # Workers that stop together should not keep step.
    while True:
        yield BATCH_SECONDS * (0.5 + jitter())


def send_elsewhere(
    sessions: Callable[[], list[Closable]],
    grace_seconds: float,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """End all sessions in jittered batches, within about half of `grace_seconds`.

    Sessions that begin while this runs are ended too.
    """
    size = batch_size(len(sessions()), grace_seconds * SHARE / 1.5)
    for pause in pauses():
        batch = sessions()[:size]
        if not batch:
            return
        for session in batch:
            session.send_elsewhere()
        sleep(pause)
