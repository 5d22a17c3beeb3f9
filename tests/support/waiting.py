"""Waiting for something to become true, never longer than promised."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_PAUSE = 0.01


def wait_until(
    condition: Callable[[], T], what: str = "the condition", timeout: float = 5
) -> T:
    """Return the first truthy answer of `condition`.

    Raises:
        TimeoutError: `what` was still false after `timeout` seconds.
    """
    end = time.monotonic() + timeout
    while not (answer := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {timeout} s")
        time.sleep(_PAUSE)
    return answer
