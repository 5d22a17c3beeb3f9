"""A WebSocket that costs no greenlet while nothing happens.

After the handshake the connection leaves its greenlet: a watcher of the event loop
reads it, and whoever has a frame for it writes the frame straight to the socket. Only
a client whose socket is full has a backlog, which a second watcher empties.
"""

import logging
import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gevent
from gevent import get_hub

from app.transport import frames, parcels
from app.transport.assembly import Assembler, Received
from app.transport.backlog import Backlog, Ledger
from app.transport.frames import RefusedFrameError
from app.transport.parcels import Parcel
from app.transport.rarely import Rarely

# No more: frames may have six bytes, and all that are read are handled at once.
READ_BYTES = 4 * 1024
# The kernel keeps about twice as much for each client; frames here are small.
SEND_BUFFER_BYTES = 32 * 1024
# Messages of one client that may wait for their handlers.
MAX_INBOX = 64
_READ, _WRITE = 1, 2
# The kernel's limit for one call.
_MAX_PIECES = 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

_log = logging.getLogger(__name__)

OnMessage = Callable[[str | bytes], None]
AtOnce = Callable[[str | bytes], bool]
OnClosed = Callable[[], None]


class Link:
    """One client's connection, non-blocking.

    Attributes:
        slow: the clients that were cut off, over all links and polls, because they took
            too little.
        open_count: how many links there are.
    """

    __slots__ = (
        "_assembler",
        "_at_once",
        "_backlog",
        "_held",
        "_inbox",
        "_ledger",
        "_on_closed",
        "_on_message",
        "_reader",
        "_socket",
        "_writer",
    )

    slow = Rarely(_log, "slow-consumer")
    open_count = 0

    def __init__(
        self,
        connection: socket.socket,
        max_message_bytes: int,
        *,
        at_once: AtOnce,
        on_message: OnMessage,
        on_closed: OnClosed,
        ledger: Ledger,
    ) -> None:
        """Own `connection`, a plain socket; nothing happens before `start`.

        Args:
            connection: becomes non-blocking.
            max_message_bytes: the longest message of a client.
            at_once: called with each message first, in the event loop; must not wait;
                tells whether that was all there is to do.
            on_message: called with each other message, in order, in a greenlet.
            on_closed: called once, in a greenlet, when the connection is gone.
            ledger: bounds what waits for all clients of the worker.
        """
        connection.setblocking(False)
        Link.open_count += 1
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self._socket: socket.socket | None = connection
        self._assembler = Assembler(max_message_bytes)
        self._backlog: Backlog | None = None
        self._held: list[Parcel] | None = None
        self._inbox: deque[str | bytes] | None = None
        self._at_once = at_once
        self._on_message = on_message
        self._on_closed = on_closed
        self._ledger = ledger
        self._reader: Any = get_hub().loop.io(connection.fileno(), _READ)
        self._writer: Any = None

    def start(self, already_read: bytes) -> None:
        """Read from now on, beginning with what was read before."""
        if already_read:
            self._take(already_read)
        if self._socket is not None:
            self._reader.start(self._on_readable)

    def write(self, parcel: Parcel) -> None:
        """Send a parcel, now or as soon as the client takes it; never waits.

        A client that is too far behind is cut off.
        """
        if self._held is not None:
            self._held.append(parcel)
        else:
            self._write([parcel])

    def hold(self) -> None:
        """Keep the frames that are written until `release`."""
        if self._held is None:
            self._held = []

    def release(self) -> None:
        """Send the frames that were kept, in one piece."""
        held, self._held = self._held, None
        if held:
            self._write(held)

    def close(self, farewell: bytes = b"") -> None:
        """End the connection, after a last frame if the client takes it at once."""
        if self._socket is None:
            return
        connection, self._socket = self._socket, None
        Link.open_count -= 1
        if farewell and not self._backlog:
            with suppress(OSError):
                connection.send(farewell)
        if self._backlog is not None:
            self._backlog.clear()
        self._stop_watching()
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
        gevent.spawn(self._on_closed)

    def abort(self) -> None:
        """End the connection at once, whatever is still to be sent."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE
                )
        self.close()

    def _write(self, news: list[Parcel]) -> None:
        connection = self._socket
        if connection is None:
            return
        sent = 0
        if not self._backlog:
            try:
                sent = _send(connection, news)
            except BlockingIOError:
                sent = 0
            except OSError:
                self.close()
                return
        for parcel in news:
            if sent < parcel.length:
                self._wait_for_client(parcel, sent)
            sent = max(0, sent - parcel.length)

    def _stop_watching(self) -> None:
        for watcher in (self._reader, self._writer):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self._reader = self._writer = self._backlog = None

    def _wait_for_client(self, parcel: Parcel, sent: int) -> None:
        if self._socket is None:
            return
        if self._backlog is None:
            self._backlog = Backlog(self._ledger, self._cut_off)
        if not self._backlog.add(parcel, sent):
            self._cut_off()
            return
        if self._writer is None:
            self._writer = get_hub().loop.io(self._socket.fileno(), _WRITE)
            self._writer.start(self._on_writable)
        self._ledger.relieve()

    def _cut_off(self) -> None:
        if self._backlog is not None:
            Link.slow.note(waiting_bytes=self._backlog.size)
        self.abort()

    def _on_writable(self) -> None:
        connection, backlog = self._socket, self._backlog
        if connection is None or backlog is None:
            return
        try:
            while backlog:
                backlog.took(connection.sendmsg(backlog.buffers()))
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        self._writer.stop()
        self._writer.close()
        self._writer = self._backlog = None

    def _on_readable(self) -> None:
        if self._socket is None:
            return
        try:
            data = self._socket.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self._take(data)
        else:
            self.close()

    def _take(self, data: bytes) -> None:
        try:
            for received in self._assembler.feed(data):
                self._dispatch(received)
                if self._socket is None:
                    # What follows a farewell does not count.
                    return
        except RefusedFrameError as error:
            _log.info("WebSocket frame refused: %s", error)
            payload = frames.close_payload(error.code, str(error))
            self.close(frames.frame(frames.CLOSE, payload))

    def _dispatch(self, received: Received) -> None:
        if received.opcode == frames.TEXT:
            self._deliver(received.payload.decode())
        elif received.opcode == frames.BINARY:
            self._deliver(received.payload)
        elif received.opcode == frames.PING:
            self.write(parcels.frame(frames.PONG, received.payload))
        elif received.opcode == frames.CLOSE:
            answer = frames.close_answer(received.payload)
            self.close(frames.frame(frames.CLOSE, answer))

    def _deliver(self, message: str | bytes) -> None:
        if self._at_once(message):
            return
        if self._inbox is None:
            self._inbox = deque((message,))
            gevent.spawn(self._empty_inbox)
        elif len(self._inbox) < MAX_INBOX:
            self._inbox.append(message)
        else:
            _log.info("a client sends faster than it is answered")
            self.abort()

    def _empty_inbox(self) -> None:
        # One greenlet for as long as there are messages: they keep their order.
        while self._inbox:
            self._on_message(self._inbox.popleft())
        self._inbox = None


def _send(connection: socket.socket, news: list[Parcel]) -> int:
    if len(news) == 1 and len(news[0].pieces) == 1:
        return connection.send(news[0].pieces[0])
    pieces = [piece for parcel in news for piece in parcel.pieces]
    return connection.sendmsg(pieces[:_MAX_PIECES])
