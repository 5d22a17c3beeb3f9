"""What gunicorn loads for the stock column: the product without `app/transport`.

Broadcasts go through python-socketio's own Redis manager, and the worker is the one of
gevent-websocket. What the product does above that is the same.
"""

from gevent import monkey

monkey.patch_all()

from collections.abc import Callable  # noqa: E402 - after patching, as in wsgi.py
from typing import Any  # noqa: E402

import gevent  # noqa: E402
import socketio  # noqa: E402
from psycopg2.extensions import set_wait_callback  # noqa: E402

import app as product  # noqa: E402
from app.config import load  # noqa: E402
from app.db.engine import wait_for_postgres  # noqa: E402
from app.transport.messages import NAMESPACE, Broadcast  # noqa: E402


class StockManager(socketio.RedisManager):  # type: ignore[misc] # python-socketio has no types
    """python-socketio's manager, with the methods that the product calls."""

    published = dropped = received = reconnects = 0

    def __init__(self, url: str, channel: str) -> None:
        super().__init__(url, channel=channel)
        self.deliver: Callable[[Broadcast], None] = self.fan_out
        self.on_subscribed: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Say that messages may have been lost until now."""
        gevent.spawn(self.on_subscribed)

    def stop(self) -> None:
        """End nothing: the worker ends."""

    def broadcast(self, broadcast: Broadcast) -> None:
        """Tell this worker's clients, then the other workers, as `emit` does."""
        self.deliver(broadcast)
        self._publish(
            {
                "method": "emit",
                "event": broadcast.event,
                "data": [broadcast.data],
                "binary": False,
                "namespace": NAMESPACE,
                "room": broadcast.room,
                "skip_sid": None,
                "callback": None,
                "host_id": self.host_id,
            }
        )

    def fan_out(self, broadcast: Broadcast) -> None:
        """Tell this worker's clients."""
        socketio.Manager.emit(
            self,
            broadcast.event,
            broadcast.data,
            namespace=NAMESPACE,
            room=broadcast.room,
        )

    def tell(self, sid: str, event: str, data: Any) -> None:
        """Tell one client of this worker."""
        self.server.emit(event, data, to=sid)

    def keep(self, sid: str) -> None:
        """Do nothing: stock sessions last, whatever they are for."""

    def emit(
        self, event: str, data: Any, namespace: str, room: str, **options: Any
    ) -> None:
        """Emit within this worker; the base would tell Redis of each joining viewer."""
        options.pop("ignore_queue", None)
        socketio.Manager.emit(self, event, data, namespace, room, **options)


set_wait_callback(wait_for_postgres)
product.RedisManager = StockManager  # type: ignore[attr-defined] # the factory's only switch
app = product.create_app(load())
