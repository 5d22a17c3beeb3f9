"""A WebSocket of gevent-websocket that reads no more than it must."""

import os
import socket
from contextlib import suppress
from typing import Any

from gevent.monkey import get_original
from geventwebsocket import websocket
from geventwebsocket.exceptions import WebSocketError

from app.transport import frames
from app.transport.frames import Head, MessageLimit, RefusedFrameError

_PlainSocket: type[socket.socket] = get_original("socket", "socket")


class WebSocket(websocket.WebSocket):  # type: ignore[misc]
    """The server's end of a WebSocket until its handshake is over and it is detached.

    Unlike its base, it checks the length that a frame declares before reading it, and
    ends the TCP connection when it closes.
    """

    closed: bool
    detached = False
    environ: dict[str, Any] | None

    def __init__(
        self,
        environ: dict[str, Any],
        stream: websocket.Stream,
        handler: Any,
        max_message_bytes: int,
    ) -> None:
        """Serve a message of at most `max_message_bytes`, however many its frames."""
        super().__init__(environ, stream, handler)
        self._connection: socket.socket = handler.socket
        self._limit = MessageLimit(max_message_bytes)

    def detach(self) -> tuple[socket.socket, bytes]:
        """Take the connection away from its greenlet, with what was read too early.

        Nothing more goes through this object; the handler ends without a farewell.
        """
        held = self.handler.rfile.take_held()
        connection = _PlainSocket(fileno=os.dup(self._connection.fileno()))
        self.closed = True
        self.detached = True
        self.environ = None
        return connection, held

    def settimeout(self, seconds: float) -> None:
        """End the connection when a read or write gets nowhere for `seconds`.

        Engine.IO calls it with the longest silence of a client that is alive.
        """
        self._connection.settimeout(seconds)

    def read_frame(self) -> tuple[websocket.Header, bytes]:
        """Read the next frame; refuse it before its payload is read.

        Raises:
            WebSocketError: the client is gone, or was sent away with a close code.
        """
        try:
            head, length = self._read_head()
        except RefusedFrameError as error:
            raise self._refused(error) from error
        mask = self._exactly(frames.MASK_BYTES)
        header = websocket.Header(head.fin, head.opcode, 0, length)
        return header, frames.unmask(self._exactly(length), mask)

    def handle_close(self, _header: websocket.Header, payload: bytes) -> None:
        """Answer the client's goodbye.

        Raises:
            WebSocketError: it must not be sent so.
        """
        try:
            answer = frames.close_answer(payload)
        except RefusedFrameError as error:
            raise self._refused(error) from error
        self.close(int.from_bytes(answer))

    def validate_utf8(self, payload: bytes) -> None:
        """Leave it to the decoding of the whole message, which is in C."""

    def close(self, code: int = 1000, message: str | bytes | None = None) -> None:
        """Say goodbye, and end the TCP connection."""
        if self.closed:
            return
        with suppress(WebSocketError):
            self.send_frame(frames.close_payload(code, message), frames.CLOSE)
        self.closed = True
        self.environ = None
        # Wakes a reader; the handler closes the file descriptor.
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def _refused(self, error: RefusedFrameError) -> WebSocketError:
        self.logger.info("WebSocket frame refused: %s", error)
        self.close(error.code, str(error))
        return WebSocketError(str(error))

    def _read_head(self) -> tuple[Head, int]:
        head = frames.parse_head(self._exactly(2))
        length = head.length(self._exactly(head.length_bytes))
        self._limit.admit(head, length)
        return head, length

    def _exactly(self, count: int) -> bytes:
        data: bytes = self.raw_read(count) if count else b""
        if len(data) != count:
            raise WebSocketError("the client is gone")
        return data
