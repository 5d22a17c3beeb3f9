"""Waiting for something to become true: the one place that says for how long.

A test says how long a thing takes on a calm machine. It waits `patient` of that: a
machine that others keep busy is no defect, and to wait longer costs nothing where all
is well. How late things are is measured by `make bench`.
"""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SLOWER = 4
"""How many times as long a busy machine takes."""
STALLED_SECONDS = 10.0
"""How long it may do nothing at all for us."""

_PAUSE = 0.01


def patient(seconds: float) -> float:
    """Return the bound for what takes `seconds` on a calm machine."""
    return SLOWER * seconds + STALLED_SECONDS


def patient_ms(milliseconds: float) -> float:
    """Return the bound for what takes so many milliseconds on a calm machine."""
    return 1000 * patient(milliseconds / 1000)


def wait_until(
    condition: Callable[[], T], what: str = "the condition", timeout: float = 5
) -> T:
    """Return the first truthy answer of `condition`.

    Raises:
        TimeoutError: `what` was still false after `timeout` calm seconds.
    """
    bound = patient(timeout)
    end = time.monotonic() + bound
    while not (answer := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {bound} s")
        time.sleep(_PAUSE)
    return answer
