"""Noticing that a client has gone while nothing is sent either way."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gevent import get_hub

# In a request's environment: the connection that it came on, gevent's.
CONNECTION = "app.transport.connection"
_READ = 1


@contextmanager
def noticed(connection: Any, call: Callable[[], None]) -> Iterator[None]:
    """Call something as soon as the client closes its connection, while this lasts.

    A client that closes only its half is taken to be gone, as proxies take it.

    Args:
        connection: of which nobody reads meanwhile; None is never closed.
        call: in the event loop; must not wait.
    """
    if connection is None:
        yield
        return
    watcher = get_hub().loop.io(connection.fileno(), _READ)

    def look() -> None:
        # Bytes are a request that was sent ahead: they hide whatever follows.
        watcher.stop()
        try:
            flags = socket.MSG_PEEK | socket.MSG_DONTWAIT
            is_gone = not connection._sock.recv(1, flags)
        except OSError:
            is_gone = True
        if is_gone:
            call()

    watcher.start(look)
    try:
        yield
    finally:
        watcher.stop()
        watcher.close()
