"""The columns of the benchmark, each a server in processes of its own."""

import socket
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, ClassVar

from bench import cores, floor
from bench.figures import PEER, PRODUCT, STOCK
from tests.support.crowd.viewer import Address
from tests.support.daemon import Daemon
from tests.support.environment import ROOT
from tests.support.javascript import node_program
from tests.support.server import Server

PRODUCTION = "production"

_FOLDER = Path(__file__).parent
_MOST_CONNECTIONS = 20_000
_NEVER_REFUSED = 10**9


class Pinned(Daemon):
    """A server on cores of its own, ended without ceremony."""

    cores: Collection[int] = cores.SERVER

    @property
    def address(self) -> Address:
        """Where it listens."""
        return "127.0.0.1", self.port

    def __exit__(self, *exception: object) -> None:
        # Thousands of viewers are gone already: nobody is to be sent away softly.
        self.kill()
        super().__exit__(*exception)

    def _spawn(self) -> Any:
        with cores.pinned(self.cores):
            return super()._spawn()


class Product(Pinned, Server):
    """The product, as in production but for limits of rates and logs of requests."""

    settings: ClassVar[dict[str, Any]] = {"log_level": "warning"}

    def __init__(self, database_url: str, redis_url: str, workers: int = 1) -> None:
        """Serve from a migrated database."""
        super().__init__(
            database_url,
            redis_url,
            workers,
            app_env="production",
            allow_anonymous_rooms=True,
            worker_connections=_MOST_CONNECTIONS,
            **self.settings,
        )
        if workers > 1:
            self.cores = cores.SERVERS


class Production(Product):
    """The product with limits of rates and logs of requests, as they are by default.

    The limits are so high that nothing is refused; each request is counted in Redis all
    the same.
    """

    settings: ClassVar[dict[str, Any]] = {
        "log_level": "info",
        "rate_limit_enabled": True,
        "rate_limit_max_requests": _NEVER_REFUSED,
        **{
            f"rate_limit_{name}": f"{_NEVER_REFUSED} per 10 seconds"
            for name in ("commands", "room_commands", "rooms")
        },
    }


class Stock(Product):
    """The product on stock Flask-SocketIO, with `app/transport` switched off."""

    def command(self) -> Sequence[str | Path]:
        """Return gunicorn with its stock worker for gevent and WebSockets."""
        gunicorn = [sys.executable, "-m", "gunicorn"]
        return [*gunicorn, "-c", _FOLDER / "stock_gunicorn.py", "bench.stock:app"]


class Peer(Product):
    """The Node.js peer, which reads the settings that the product reads."""

    name = "peer"

    def environment(self) -> dict[str, str]:
        """Return the product's settings, and what Express wants to know."""
        return super().environment() | {"NODE_ENV": "production"}

    def command(self) -> Sequence[str | Path]:
        """Return Node.js with the peer's program."""
        return [node_program(), _FOLDER / "peer" / "src" / "main.js"]


class Floor(Pinned):
    """A loop that only writes; its first connection is for `FloorFrames`."""

    name = "floor"

    def command(self) -> Sequence[str | Path]:
        """Return the floor's program."""
        return floor.command(self.folder, self.port)

    @property
    def working_folder(self) -> Path:
        """The repository."""
        return ROOT

    def is_ready(self) -> bool:
        """Tell whether it listens; it must not be connected to for that."""
        with socket.socket() as trial:
            try:
                trial.bind(self.address)
            except OSError:
                return True
        return False


SERVERS: dict[str, type[Product]] = {
    PRODUCT: Product,
    PRODUCTION: Production,
    PEER: Peer,
    STOCK: Stock,
}
"""The servers of timers: those of the columns, and the product as in production."""
