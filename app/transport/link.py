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

from app.transport import frames
from app.transport.assembly import Assembler, Received
from app.transport.backlog import Backlog
from app.transport.frames import RefusedFrameError

# No more: frames may have six bytes, and all that are read are handled at once.
READ_BYTES = 4 * 1024
# The kernel keeps about twice as much for each client; frames here are small.
SEND_BUFFER_BYTES = 32 * 1024
# Messages of one client that may wait for their handlers.
MAX_INBOX = 64
_READ, _WRITE = 1, 2
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

_log = logging.getLogger(__name__)

OnMessage = Callable[[str | bytes], None]
AtOnce = Callable[[str | bytes], bool]
OnClosed = Callable[[], None]


class Link:
    """One client's connection, non-blocking.

    Attributes:
        slow: how many clients were cut off, over all links, because they took too
            little.
    """

    __slots__ = (
        "_assembler",
        "_at_once",
        "_backlog",
        "_held",
        "_inbox",
        "_on_closed",
        "_on_message",
        "_reader",
        "_socket",
        "_writer",
    )

    slow = 0

    def __init__(
        self,
        connection: socket.socket,
        max_message_bytes: int,
        *,
        at_once: AtOnce,
        on_message: OnMessage,
        on_closed: OnClosed,
    ) -> None:
        """Own `connection`, a plain socket; nothing happens before `start`.

        Args:
            connection: becomes non-blocking.
            max_message_bytes: the longest message of a client.
            at_once: called with each message first, in the event loop; must not wait;
                tells whether that was all there is to do.
            on_message: called with each other message, in order, in a greenlet.
            on_closed: called once, in a greenlet, when the connection is gone.
        """
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self._socket: socket.socket | None = connection
        self._assembler = Assembler(max_message_bytes)
        self._backlog: Backlog | None = None
        self._held: list[bytes] | None = None
        self._inbox: deque[str | bytes] | None = None
        self._at_once = at_once
        self._on_message = on_message
        self._on_closed = on_closed
        self._reader: Any = get_hub().loop.io(connection.fileno(), _READ)
        self._writer: Any = None

    def start(self, already_read: bytes) -> None:
        """Read from now on, beginning with what was read before."""
        if already_read:
            self._take(already_read)
        if self._socket is not None:
            self._reader.start(self._on_readable)

    def write(self, frame: bytes) -> None:
        """Send a whole frame, now or as soon as the client takes it; never waits.

        A client that is too far behind is cut off.
        """
        if self._socket is None:
            return
        if self._held is not None:
            self._held.append(frame)
            return
        if self._backlog:
            self._wait_for_client(frame, 0)
            return
        try:
            sent = self._socket.send(frame)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close()
            return
        if sent < len(frame):
            self._wait_for_client(frame, sent)

    def hold(self) -> None:
        """Keep the frames that are written until `release`."""
        if self._held is None:
            self._held = []

    def release(self) -> None:
        """Send the frames that were kept, in one piece."""
        held, self._held = self._held, None
        if held:
            self.write(b"".join(held))

    def close(self, farewell: bytes = b"") -> None:
        """End the connection, after a last frame if the client takes it at once."""
        if self._socket is None:
            return
        connection, self._socket = self._socket, None
        if farewell and not self._backlog:
            with suppress(OSError):
                connection.send(farewell)
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

    @classmethod
    def note_slow(cls, waiting_bytes: int) -> None:
        """Count and log a client that is cut off because it takes too little."""
        cls.slow += 1
        _log.warning("slow-consumer", extra={"waiting_bytes": waiting_bytes})

    def _stop_watching(self) -> None:
        for watcher in (self._reader, self._writer):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self._reader = self._writer = self._backlog = None

    def _wait_for_client(self, frame: bytes, sent: int) -> None:
        if self._backlog is None:
            self._backlog = Backlog()
        if not self._backlog.add(frame, sent):
            Link.note_slow(self._backlog.size)
            self.abort()
        elif self._writer is None and self._socket is not None:
            self._writer = get_hub().loop.io(self._socket.fileno(), _WRITE)
            self._writer.start(self._on_writable)

    def _on_writable(self) -> None:
        connection, backlog = self._socket, self._backlog
        if connection is None or backlog is None:
            return
        try:
            while backlog:
                backlog.took(connection.send(backlog.first()))
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
            self.write(frames.frame(frames.PONG, received.payload))
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
