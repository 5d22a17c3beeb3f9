"""Instants and lengths of time, in milliseconds; the sole reader of the clock.

The server's clock is the database's. Where the database runs on its own (PostgreSQL),
each look at it brings its clock along, and `now` goes on from there by this machine's
steady clock: one that nobody sets and that does not stand still while the machine
sleeps. So neither a wrong clock of a worker's machine nor one that is set during a show
changes what its viewers see. Before the first look, and on SQLite, which has no other
clock, it is the machine's.
"""

import time
from typing import NewType

from app.clock_offset import OffsetEstimate

Instant = NewType("Instant", int)
"""Milliseconds since the Unix epoch, UTC."""

Millis = NewType("Millis", int)
"""A length of time in milliseconds."""

Steady = NewType("Steady", int)
"""A reading of the steady clock, in nanoseconds; it compares with its like only."""

_NS = 1_000_000
# Linux's CLOCK_MONOTONIC stands still while the machine sleeps.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

_estimate = OffsetEstimate()


def now() -> Instant:
    """Return the server's clock: the database's, as far as it is known."""
    return Instant(_now_ns() // _NS)


def steady() -> Steady:
    """Return the steady clock, to be read right before the database's."""
    return Steady(time.clock_gettime_ns(_STEADY))


def observe(asked: Steady, database: int) -> None:
    """Take note of the database's clock, right after it has answered.

    Args:
        asked: `steady()` before the question was sent.
        database: its answer, in whole milliseconds rounded down.
    """
    earliest = database * _NS
    _estimate.observe(asked, steady(), earliest, earliest + _NS)


def offset_seconds() -> float:
    """Return how far the server's clock is ahead of this machine's; 0 if unknown."""
    if _estimate.offset is None:
        return 0.0
    return (_now_ns() - time.time_ns()) / 1e9


def _now_ns() -> int:
    if _estimate.offset is None:
        return time.time_ns()
    return steady() + _estimate.offset
