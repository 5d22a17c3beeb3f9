"""Which core runs what: the measured servers on one, everything else on the other."""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager

_CORES = sorted(os.sched_getaffinity(0))

SERVER: Collection[int] = _CORES[:1]
"""Where a server with one worker runs, alone."""

LOAD: Collection[int] = _CORES[1:2] or _CORES
"""Where this process runs, and PostgreSQL and Redis with it."""

SERVERS: Collection[int] = [*SERVER, *_CORES[2:]] if len(_CORES) > 2 else _CORES
"""Where two workers run; on two cores one of them shares with the load."""


@contextmanager
def pinned(cores: Collection[int]) -> Iterator[None]:
    """Run the block, and what it starts, on `cores`."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
