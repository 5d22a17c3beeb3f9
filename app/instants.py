"""Instants and lengths of time, in milliseconds; the sole reader of the clock."""

import time
from typing import NewType

Instant = NewType("Instant", int)
"""Milliseconds since the Unix epoch, UTC."""

Millis = NewType("Millis", int)
"""A length of time in milliseconds."""


def now() -> Instant:
    """Return this machine's clock."""
    return Instant(time.time_ns() // 1_000_000)
