"""The server of one listening socket in a worker."""

import logging
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import gevent
from gevent import Timeout
from gevent.pool import Pool
from gevent.pywsgi import WSGIServer

from app.transport.admission import FULL
from app.transport.handler import Handler
from app.transport.handover import Address, Switchboard
from app.transport.link import Link
from app.transport.rarely import Rarely
from app.transport.requests import LAST_SECONDS
from app.transport.upgrades import Refusal

# Connections besides those of viewers, which health and commands come on.
RESERVED = 100
# At a time, those that are told that there is no room; others are closed at once.
MAX_FAREWELLS = 50
_FAREWELL_SECONDS = 1.0
_READ_BYTES = 16 * 1024


_full = Rarely(logging.getLogger(__name__), "a connection was refused: all are busy")
_NO_ROOM = b"".join(
    (
        b"HTTP/1.1 503 Service Unavailable\r\n",
        *(f"{name}: {value}\r\n".encode() for name, value in FULL.all_headers()),
        b"\r\n",
        FULL.body,
    )
)


class Unoccupied:
    """Connections that are served nothing at the moment, the longest first."""

    def __init__(self) -> None:
        self._handlers: dict[Handler, None] = {}

    def __iter__(self) -> Iterator[Handler]:
        return iter(list(self._handlers))

    def add(self, handler: Handler) -> None:
        """Note that a connection is one of them from now on."""
        self._handlers[handler] = None

    def discard(self, handler: Handler) -> None:
        """Note that it is not, or is gone."""
        self._handlers.pop(handler, None)


class Server(WSGIServer):
    """gevent's server, which can be told to finish.

    Attributes:
        idle: the connections on which no request has begun.
        arriving: those on which one has begun, and is not there as a whole.
        max_connections: how many there may be, WebSockets included.
        max_body_bytes: the longest body that a request may have: the application's own.
        switchboard: passes connections to the workers that own their sessions.
        stopping: whether connections end with the request that they carry.
    """

    def __init__(
        self,
        listener: Any,
        *,
        application: Any,
        switchboard: Switchboard,
        max_connections: int,
        **options: Any,
    ) -> None:
        # Of any size: gevent would leave what it has no place for unanswered.
        self._served = Pool()
        super().__init__(
            listener,
            application=application,
            handler_class=Handler,
            spawn=self._served,
            log=None,
            error_log=logging.getLogger("app.transport.server"),
            **options,
        )
        self._application = application
        self.max_body_bytes: int = application.config["MAX_CONTENT_LENGTH"]
        self.switchboard = switchboard
        self.max_connections = max_connections
        self.idle = Unoccupied()
        self.arriving = Unoccupied()
        self.stopping = False
        self._farewells = 0

    @property
    def busy(self) -> int:
        """How many connections there are that carry requests."""
        return len(self._served)

    @property
    def _engine(self) -> Any:
        return self._application.extensions["socketio"].server.eio

    def is_origin_allowed(self, environ: Mapping[str, Any]) -> bool:
        """Ask Engine.IO, which would refuse only after the 101."""
        allowed = self._engine._cors_allowed_origins(environ)
        return allowed is None or environ["HTTP_ORIGIN"] in allowed

    def refusal(self, environ: Mapping[str, Any]) -> Refusal | None:
        """Return why a request for a WebSocket is not served, if so."""
        refusal: Refusal | None = self._engine.admission.refusal(environ)
        return refusal

    def adopt(self, connection: socket.socket, address: Address) -> None:
        """Serve a connection that another worker accepted."""
        self.do_handle(connection, address)

    def do_handle(self, *args: Any) -> None:
        """Serve a connection, in the place of an unoccupied one if there is no other.

        Most requests are there as soon as they begin: who never ends them keeps no
        other client out.
        """
        if self._has_room() or self._close_one_of(self.idle, self.arriving):
            # gevent forgets its own way once it accepts no more, while other workers
            # still hand over connections of sessions that end here.
            self._served.spawn(self._serve, *args)
        else:
            self._turn_away(args[0])

    def _serve(self, connection: Any, address: Address) -> None:
        try:
            self.handle(connection, address)
        finally:
            connection.close()

    def _has_room(self) -> bool:
        return self.busy + Link.open_count < self.max_connections

    def _close_one_of(self, *kinds: Unoccupied) -> bool:
        for unoccupied in kinds:
            for handler in unoccupied:
                _end_if_among(unoccupied, handler)
                return True
        return False

    def _turn_away(self, connection: Any) -> None:
        _full.note(connections=self.max_connections)
        if self._farewells < MAX_FAREWELLS:
            self._farewells += 1
            gevent.spawn(self._say_farewell, connection)
        else:
            connection.close()

    def _say_farewell(self, connection: Any) -> None:
        # Closed with a request unread, it would be reset, and the answer lost.
        try:
            with suppress(OSError), Timeout(_FAREWELL_SECONDS, TimeoutError):
                connection.sendall(_NO_ROOM)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(_READ_BYTES):
                    pass
        finally:
            self._farewells -= 1
            connection.close()

    def finish(self) -> None:
        """Accept nothing more, and end what is idle.

        Connections that were accepted just now have a moment for their one request.
        """
        self.stopping = True
        self.close()
        for handler in self.idle:
            if handler.is_new:
                gevent.spawn_later(LAST_SECONDS, _end_if_among, self.idle, handler)
            else:
                _end_if_among(self.idle, handler)


def _end_if_among(unoccupied: Unoccupied, handler: Handler) -> None:
    if handler in unoccupied:
        unoccupied.discard(handler)
        with suppress(OSError):
            handler.socket.shutdown(socket.SHUT_RDWR)
