"""Engine.IO's sessions, with what python-engineio 4.15.1 gets wrong put right.

`hardening.harden` has a server use them.
"""

import logging
import math
import socket
import time
from contextlib import suppress
from typing import Any

import engineio.socket
from engineio.exceptions import EngineIOError, QueueEmpty, SocketIsClosedError
from engineio.packet import NOOP, PING, Packet
from geventwebsocket.exceptions import WebSocketError

from app.transport import departures, frames, parcels, upgrades
from app.transport.backlog import Backlog
from app.transport.departures import CONNECTION
from app.transport.link import Link
from app.transport.parcels import Parcel
from app.transport.polling import Answer, Bell

# A client that polls is taken to be away when it has not polled for so long. The next
# count of viewers, within a second, is then without it.
ABSENCE_SECONDS = 4.0

_PING = parcels.of_packet(Packet(PING))
_NOOP = parcels.of_packet(Packet(NOOP))
_GOODBYE = frames.frame(frames.CLOSE, frames.close_payload(1000, ""))
_PONG, _UPGRADE = "3", "5"
_PROBE, _PROBE_ANSWER = "2probe", "3probe"
# In the place of a connection that is not known.
_UNKNOWN = object()
_log = logging.getLogger(__name__)


class MalformedPayloadError(EngineIOError):  # type: ignore[misc]
    """A POST that is no Engine.IO payload; answered with 400, and the session ends."""


class OverlapError(EngineIOError):  # type: ignore[misc]
    """A request beside another of its kind; answered with 400, and the session ends.

    No client sends one: it would not know in which order to take the answers.
    """


class Session(engineio.socket.Socket):  # type: ignore[misc]
    """A client's session, over long-polling or a WebSocket.

    A WebSocket is a `Link`: no greenlet reads it, writes it or pings it.

    Attributes:
        wanted: whether the session has a purpose; one that gets none in time is ended.
        away: whether the client polls, and has not for a while.
    """

    wanted = False
    away = False
    connected: bool
    # Engine.IO keeps a time here; to us it only matters whether a ping is unanswered.
    last_ping: Any
    # Rung when there is something to poll, and by Engine.IO when the session ends.
    queue: Bell
    _link: Link | None = None
    _outbox: Backlog | None = None
    # The connection of the poll that waits or is being answered.
    _poll: Any = None
    _polled_at = -math.inf
    _posting = False

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        """Receive the packets that a client posted.

        Raises:
            EngineIOError: they cannot be decoded, are too many or too long, or did not
                arrive; the base would answer 200 and drop them all. Or others are being
                posted already.
        """
        if "CONTENT_LENGTH" not in environ:
            raise MalformedPayloadError("a POST tells its length")
        if self._posting:
            raise OverlapError
        self._posting = True
        try:
            super().handle_post_request(environ)
        except (OSError, ValueError) as error:
            raise MalformedPayloadError(str(error)) from error
        finally:
            self._posting = False

    def handle_get_request(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a poll as soon as there is something, or upgrade to a WebSocket.

        Raises:
            EngineIOError: a poll waits already, or there was nothing for too long.
        """
        if upgrades.is_wanted(environ) or self.upgrading or self.upgraded:
            return super().handle_get_request(environ, start_response)
        if self._poll is not None:
            raise OverlapError
        self._poll = environ.get(CONNECTION, _UNKNOWN)
        self._come_back()
        try:
            with departures.noticed(environ.get(CONNECTION), self.queue.set):
                answer = Answer(self.poll() or [_NOOP], self._end_poll)
            start_response("200 OK", answer.headers(self.server._cors_headers(environ)))
        except BaseException:
            self._end_poll()
            raise
        return answer

    def receive(self, packet: Packet) -> None:
        """Handle a packet of the client; what follows its goodbye counts for nothing.

        Raises:
            UnknownPacketError: clients send no such packet.
        """
        if not self.closed:
            super().receive(packet)

    def poll(self) -> list[Parcel]:
        """Wait for packets and take them; none where the session or its client is gone.

        Raises:
            QueueEmpty: there was nothing for longer than pings take.
        """
        if not self._outbox and not self.closed:
            patience = self.server.ping_interval + self.server.ping_timeout
            if not self.queue.wait(patience):
                raise QueueEmpty
        self.queue.clear()
        taken = self._outbox.take() if self._outbox else []
        if self._poll is None:
            # Engine.IO's own, for the first packet.
            self._end_poll()
        return taken

    def _end_poll(self) -> None:
        self._poll = None
        if self._outbox is not None:
            self._outbox.done()
            if self.closed:
                self._outbox.clear()
            if self.upgraded:
                self._outbox = None
        self._note_poll()

    def _note_poll(self) -> None:
        self._polled_at = time.monotonic()
        self.server.absences.add(self)

    def miss(self) -> None:
        """Take a client that has not polled for a while to be away."""
        silent = time.monotonic() - self._polled_at
        is_here = self._link is not None or self._poll is not None
        if is_here or self.away or self.closed or silent < ABSENCE_SECONDS:
            return
        self.away = True
        self.server.away[self.sid] = self
        self.server.note_presence(self.sid, False)

    def _come_back(self) -> None:
        if self.away:
            self.away = False
            self.server.away.pop(self.sid, None)
            self.server.note_presence(self.sid, True)

    def leave_unless_wanted(self) -> None:
        """End the transport of a session that has no purpose."""
        if not self.wanted and not self.closed:
            self.send_elsewhere()

    def send(self, packet: Packet) -> None:
        """Send a packet to the client; never waits.

        Raises:
            SocketIsClosedError: the session has ended.
        """
        if self.closed:
            raise SocketIsClosedError
        self.send_parcel(parcels.of_packet(packet))

    def send_parcel(self, parcel: Parcel) -> None:
        """Send what may be on its way to others as well; never waits.

        A session that has just ended takes it and drops it.
        """
        if self._link is not None:
            self._link.write(parcel)
        elif not self.closed:
            self._queue_up(parcel)

    def _queue_up(self, parcel: Parcel) -> None:
        if self._outbox is None:
            self._outbox = Backlog(self.server.ledger, self._cut_off)
        if not self._outbox.add(parcel):
            self._cut_off()
            return
        self.queue.set()
        self.server.ledger.relieve()

    def _cut_off(self) -> None:
        if self._outbox is not None:
            Link.slow.note(waiting_bytes=self._outbox.size)
            self._outbox.clear()
        self._end_answer()
        self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)

    def _end_answer(self) -> None:
        # The client may be taking it byte by byte.
        if self._poll not in (None, _UNKNOWN):
            with suppress(OSError):
                self._poll.shutdown(socket.SHUT_RDWR)

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
        self.server.away.pop(self.sid, None)
        if self._outbox is not None and self._poll is None:
            self._outbox.clear()
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
            self.send_parcel(_NOOP)
        self.close(abort=True, reason=self.server.reason.TRANSPORT_CLOSE)

    def schedule_ping(self) -> None:
        """Have the client asked, after the interval, whether it is still there."""
        if self.last_ping:
            self.last_ping = None
            self.server.pinger.add(self)

    def ping(self) -> None:
        """Ask the client whether it is still there."""
        if not self.closed:
            self.last_ping = True
            self.send_parcel(_PING)

    def has_answered(self) -> bool:
        """Tell whether the client answered the latest ping, or the session ended."""
        return self.closed or not self.last_ping

    def give_up(self) -> None:
        """End the session of a client that is gone without a word."""
        self._end_answer()
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
            ledger=self.server.ledger,
        )
        self.connected = self.upgraded = True
        self.upgrading = False
        # From here on it is closed with the session, should the worker be too full.
        self._link = link
        if self._outbox is not None:
            for parcel in self._outbox.take():
                # What was to end a poll, which was not there.
                if parcel is not _NOOP:
                    link.write(parcel)
            if self._poll is None:
                self._outbox.done()
                self._outbox = None
            # Else it counts what a poll is still being answered, until that ends.
        self._come_back()
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
            self.send_parcel(_NOOP)
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
