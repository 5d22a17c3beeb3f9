"""Engine.IO's sessions, with what python-engineio 4.15.1 gets wrong put right."""

import logging
from functools import partial
from typing import Any

import engineio.socket
import socketio
from engineio.exceptions import EngineIOError, SocketIsClosedError
from engineio.packet import NOOP, PING, Packet
from engineio.payload import Payload
from geventwebsocket.exceptions import WebSocketError

from app.transport import frames
from app.transport.handover import new_session_id
from app.transport.incoming import StrictPacket, close_on_malformed
from app.transport.link import Link
from app.transport.pinger import Pinger

# A client may gather that many packets while its last POST is under way; Engine.IO's
# own limit of 16 is too low for a burst of clock pings.
MAX_POSTED_PACKETS = 64
# What may wait for a client that polls, before the packet that is one too many: a
# room's state may be as large as it is, but not be asked for again and again unread.
MAX_QUEUED_BYTES = 256 * 1024
# What a packet takes besides its text.
_PACKET_BYTES = 256

_PING_FRAME = frames.frame(frames.TEXT, b"2")
_GOODBYE = frames.frame(frames.CLOSE, frames.close_payload(1000, ""))
_PONG, _UPGRADE = "3", "5"
_PROBE, _PROBE_ANSWER = "2probe", "3probe"
_NO_ENVIRON: dict[str, Any] = {}
_log = logging.getLogger(__name__)


class MalformedPayloadError(EngineIOError):  # type: ignore[misc]
    """A POST that is no Engine.IO payload; answered with 400, and the session ends."""


class Session(engineio.socket.Socket):  # type: ignore[misc]
    """A client's session, over long-polling or a WebSocket.

    A WebSocket is a `Link`: no greenlet reads it, writes it or pings it.
    """

    connected: bool
    # Engine.IO keeps a time here; to us it only matters whether a ping is unanswered.
    last_ping: Any
    _link: Link | None = None
    _queued_bytes = 0

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Receive the packets that a client posted.

        Raises:
            EngineIOError: they cannot be decoded, are too many or too long, or did not
                arrive; the base would answer 200 and drop them all.
        """
        if "CONTENT_LENGTH" not in environ:
            raise MalformedPayloadError("a POST tells its length")
        try:
            super().handle_post_request(environ)
        except (OSError, ValueError) as error:
            raise MalformedPayloadError(str(error)) from error

    def send(self, packet: Packet) -> None:
        """Send a packet to the client; never waits.

        Raises:
            SocketIsClosedError: the session has ended.
        """
        if self.closed:
            raise SocketIsClosedError
        if self._link is None:
            self._queue_up(packet)
        else:
            self._link.write(framed(packet))

    def send_encoded(self, frame: bytes, packet: Packet) -> None:
        """Send a packet that is already framed for WebSockets; never waits.

        A session that has just ended takes it and drops it.
        """
        if self._link is not None:
            self._link.write(frame)
        elif not self.closed:
            self._queue_up(packet)

    def _queue_up(self, packet: Packet) -> None:
        if self.queue.empty():
            self._queued_bytes = 0
        if self._queued_bytes > MAX_QUEUED_BYTES:
            Link.note_slow(self._queued_bytes)
            self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)
            return
        self._queued_bytes += _PACKET_BYTES + len(packet.data or "")
        self.queue.put(packet)

    def hold(self) -> None:
        """Keep what is sent from now on, so that it leaves in one piece at `release`.

        Nothing may wait before `release` is called.
        """
        if self._link is not None:
            self._link.hold()

    def release(self) -> None:
        """Send what was kept."""
        if self._link is not None:
            self._link.release()

    def close(
        self, wait: bool = True, abort: bool = False, reason: str | None = None
    ) -> None:
        """End the session; never wait, or a client that does not poll holds us."""
        del wait
        super().close(wait=False, abort=abort, reason=reason)
        self.server.sockets.pop(self.sid, None)
        # Each knows the other: let go of it, so that both are gone at once.
        link, self._link = self._link, None
        if link is None:
            return
        if reason == self.server.reason.PING_TIMEOUT:
            link.abort()
        else:
            link.close(_GOODBYE)

    def send_elsewhere(self) -> None:
        """End the transport so that the client connects again by itself.

        A client that is told to disconnect, by Socket.IO or by Engine.IO's own CLOSE,
        stays away for good; one that loses its transport comes back.
        """
        if not self.upgraded:
            # A poll that waits is answered; the next one finds no session.
            self.queue.put(Packet(NOOP))
        self.close(abort=True, reason=self.server.reason.TRANSPORT_CLOSE)

    def schedule_ping(self) -> None:
        """Have the client asked, after the interval, whether it is still there."""
        if self.last_ping:
            self.last_ping = None
            self.server.pinger.add(self)

    def check_ping_timeout(self) -> bool:
        """Leave it to the pinger; tell that the session may send.

        Raises:
            SocketIsClosedError: the session has ended.
        """
        if self.closed:
            raise SocketIsClosedError
        return True

    def ping(self) -> None:
        """Ask the client whether it is still there."""
        if not self.closed:
            self.last_ping = True
            self.send_encoded(_PING_FRAME, Packet(PING))

    def has_answered(self) -> bool:
        """Tell whether the client answered the latest ping, or the session ended."""
        return self.closed or not self.last_ping

    def give_up(self) -> None:
        """End the session of a client that is gone without a word."""
        self.close(abort=True, reason=self.server.reason.PING_TIMEOUT)

    def _websocket_handler(self, ws: Any) -> list[bytes]:
        websocket = ws._sock
        websocket.settimeout(self.server.ping_interval + self.server.ping_timeout)
        if self.connected and not self._upgrade(ws):
            return []
        connection, held = websocket.detach()
        link = Link(
            connection,
            self.server.max_http_buffer_size,
            at_once=self._take_pong,
            on_message=self._take,
            on_closed=self._lose_link,
        )
        self.connected = self.upgraded = True
        self.upgrading = False
        while not self.queue.empty():
            packet = self.queue.get_nowait()
            if packet is not None:
                link.write(framed(packet))
        self._link = link
        link.start(held)
        return []

    def _upgrade(self, ws: Any) -> bool:
        # Engine.IO protocol 4, "Upgrading": the client probes, we answer and release
        # its poll, and it says when it has switched.
        self.upgrading = True
        try:
            if ws.wait() != _PROBE:
                return False
            ws.send(_PROBE_ANSWER)
            self.queue.put(Packet(NOOP))
            # Another connection may have probed as well, and been faster.
            return ws.wait() == _UPGRADE and not (self.closed or self.upgraded)
        except (OSError, WebSocketError):
            return False
        finally:
            self.upgrading = False

    def _take_pong(self, message: str | bytes) -> bool:
        if message != _PONG:
            return False
        self.schedule_ping()
        return True

    def _take(self, message: str | bytes) -> None:
        try:
            self.receive(Packet(encoded_packet=message))
        except (EngineIOError, ValueError) as error:
            _log.info("malformed packet: %s", error)
            self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)
        except Exception:  # noqa: BLE001 - handled: reported, and its session ends
            _log.exception("a packet could not be handled")
            self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)

    def _lose_link(self) -> None:
        self.close(abort=True, reason=self.server.reason.TRANSPORT_CLOSE)


def framed(packet: Packet) -> bytes:
    """Return a packet as a WebSocket frame."""
    encoded = packet.encode()
    if isinstance(encoded, bytes):
        return frames.frame(frames.BINARY, encoded)
    return frames.frame(frames.TEXT, encoded.encode())


def harden(server: socketio.Server, worker: str) -> None:
    """Make `server` and its sessions behave as this module says.

    Session ids begin with the id of their `worker`.

    The classes of sessions and payloads are Engine.IO's for the whole process.
    """
    engineio.socket.Socket = Session
    Payload.max_decode_packets = MAX_POSTED_PACKETS
    server.packet_class = StrictPacket
    # What a client sends is handled in its order, and no faster than it is answered:
    # else each event would begin a greenlet, as many as a client likes.
    server.async_handlers = False
    server.eio.pinger = Pinger(server.eio.ping_interval, server.eio.ping_timeout)
    # Its task would look at every session again and again; the pinger does that.
    server.eio.start_service_task = False
    server.eio.on("connect", partial(_connect, server))
    server.eio.generate_id = partial(new_session_id, worker)
    close_on_malformed(server)


def _connect(server: socketio.Server, eio_sid: str, _environ: dict[str, Any]) -> Any:
    # python-socketio keeps it for as long as the session lives, and it holds the
    # request with its buffers; the product's handlers ask for nothing of it.
    return server._handle_eio_connect(eio_sid, _NO_ENVIRON)


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
