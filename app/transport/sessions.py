"""Engine.IO's sessions, with what python-engineio 4.15.1 gets wrong put right."""

from functools import partial
from typing import Any

import engineio.socket
import socketio
from engineio.exceptions import EngineIOError
from engineio.packet import NOOP, Packet
from engineio.payload import Payload

from app.transport.handover import new_session_id
from app.transport.incoming import StrictPacket, close_on_malformed

# A client may gather that many packets while its last POST is under way; Engine.IO's
# own limit of 16 is too low for a burst of clock pings.
MAX_POSTED_PACKETS = 64


class MalformedPayloadError(EngineIOError):  # type: ignore[misc]
    """A POST that is no Engine.IO payload; answered with 400, and the session ends."""


class Session(engineio.socket.Socket):  # type: ignore[misc]
    """A client's session, over long-polling or a WebSocket."""

    _websocket: Any = None

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Receive the packets that a client posted.

        Raises:
            EngineIOError: they cannot be decoded, or are too many or too long; the
                base would answer 200 and drop them all.
        """
        try:
            super().handle_post_request(environ)
        except ValueError as error:
            raise MalformedPayloadError(str(error)) from error

    def close(
        self, wait: bool = True, abort: bool = False, reason: str | None = None
    ) -> None:
        """End the session; never wait, or a client that does not poll holds us."""
        del wait
        super().close(wait=False, abort=abort, reason=reason)
        if reason == self.server.reason.PING_TIMEOUT and self._websocket is not None:
            # Or the socket and its greenlets stay until TCP gives up.
            self._websocket.abort()

    def send_elsewhere(self) -> None:
        """End the transport so that the client connects again by itself.

        A client that is told to disconnect, by Socket.IO or by Engine.IO's own CLOSE,
        stays away for good; one that loses its transport comes back.
        """
        if not self.upgraded:
            # A poll that waits is answered; the next one finds no session.
            self.queue.put(Packet(NOOP))
        self.close(abort=True, reason=self.server.reason.TRANSPORT_CLOSE)
        if self._websocket is not None and self._websocket.stuck:
            self._websocket.abort()

    def _websocket_handler(self, ws: Any) -> Any:
        self._websocket = ws._sock
        try:
            return super()._websocket_handler(ws)
        finally:
            self._websocket = None


def harden(server: socketio.Server, worker: str) -> None:
    """Make `server` and its sessions behave as this module says.

    Session ids begin with the id of their `worker`.

    The classes of sessions and payloads are Engine.IO's for the whole process.
    """
    engineio.socket.Socket = Session
    Payload.max_decode_packets = MAX_POSTED_PACKETS
    server.packet_class = StrictPacket
    server.eio.generate_id = partial(new_session_id, worker)
    close_on_malformed(server)


def sweep(server: socketio.Server) -> int:
    """Disconnect the clients whose session Engine.IO no longer has; return how many.

    python-socketio forgets nobody who leaves while the connect handler runs: without
    this they stay in their rooms for good. Call it every now and then.
    """
    gone = [
        (eio_sid, namespace)
        for namespace in list(server.manager.get_namespaces())
        for sid, eio_sid in server.manager.get_participants(namespace, None)
        if server.manager.is_connected(sid, namespace) and _is_gone(server, eio_sid)
    ]
    for eio_sid, namespace in gone:
        reason = server.reason.TRANSPORT_CLOSE
        server._handle_disconnect(eio_sid, namespace, reason)
        server.environ.pop(eio_sid, None)
    return len(gone)


def _is_gone(server: socketio.Server, eio_sid: str) -> bool:
    session = server.eio.sockets.get(eio_sid)
    return session is None or bool(session.closed)
