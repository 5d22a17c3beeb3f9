"""Runs a module in a process whose clock is wrong.

    python -m tests.support.wrong_clock SECONDS MODULE [ARGUMENT ...]

What reads the wall clock in Python is told a time that is `SECONDS` ahead, or behind
where they are negative; so are the processes that it forks. Clocks that only measure
how long something takes are as they are, as on a real machine. No more of the product
than its launcher knows of it.
"""

import datetime as dt
import runpy
import sys
import time
from typing import Any


class _SameInstances(type):
    # What C code makes, such as psycopg2, is of the real class.
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _real_datetime)


_real_datetime = dt.datetime


def set_ahead(seconds: int) -> None:
    """Set this process's clock; before anything else is imported."""
    real_time, real_time_ns = time.time, time.time_ns  # noqa: TID251 - to replace them

    class Datetime(dt.datetime, metaclass=_SameInstances):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return cls.fromtimestamp(time.time(), tz)  # noqa: TID251 - the wrong one

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now(dt.UTC).replace(tzinfo=None)

    time.time = lambda: real_time() + seconds  # noqa: TID251
    time.time_ns = lambda: real_time_ns() + seconds * 1_000_000_000  # noqa: TID251
    dt.datetime = Datetime


def main(seconds: str, module: str, *arguments: str) -> None:
    """Become the module, at another time."""
    set_ahead(int(seconds))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
