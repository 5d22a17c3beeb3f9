"""Clients of Redis that give up after about a second and never try again by themselves.

Trying again is decided by those who know what is worth it.
"""

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

SECONDS = 1.0
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 1.0

# What a command raises where Redis is away, hung or busy.
Away = (redis.RedisError, OSError)


def connect(url: str, **options: Any) -> redis.Redis:
    """Return a client with connections of its own; does no I/O yet."""
    return redis.Redis.from_url(
        url,
        socket_timeout=SECONDS,
        socket_connect_timeout=SECONDS,
        retry=Retry(NoBackoff(), 0),
        **options,
    )


def next_pause(pause: float) -> float:
    """Return how many seconds to wait after the next failure in a row."""
    return min(2 * pause, LONGEST_PAUSE)
