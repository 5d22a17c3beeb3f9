"""The server of one listening socket in a worker."""

import logging
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from gevent.pywsgi import WSGIServer

from app.transport.handler import Handler
from app.transport.handover import Address, Switchboard


class Server(WSGIServer):
    """gevent's server, which can be told to finish.

    Attributes:
        idle: the connections on which no request has begun.
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
        **options: Any,
    ) -> None:
        super().__init__(
            listener,
            application=application,
            handler_class=Handler,
            log=None,
            error_log=logging.getLogger("app.transport.server"),
            **options,
        )
        self._application = application
        self.max_body_bytes: int = application.config["MAX_CONTENT_LENGTH"]
        self.switchboard = switchboard
        self.idle: set[Handler] = set()
        self.stopping = False

    @property
    def busy(self) -> int:
        """How many connections there are."""
        return 0 if self.pool is None else len(self.pool)

    def is_origin_allowed(self, environ: Mapping[str, Any]) -> bool:
        """Ask Engine.IO, which would refuse only after the 101."""
        engine = self._application.extensions["socketio"].server.eio
        allowed = engine._cors_allowed_origins(environ)
        return allowed is None or environ["HTTP_ORIGIN"] in allowed

    def adopt(self, connection: socket.socket, address: Address) -> None:
        """Serve a connection that another worker accepted."""
        if self.full():
            connection.close()
        else:
            self.do_handle(connection, address)

    def finish(self) -> None:
        """Accept nothing more, and end what is idle."""
        self.stopping = True
        self.close()
        for handler in list(self.idle):
            with suppress(OSError):
                handler.socket.shutdown(socket.SHUT_RDWR)
