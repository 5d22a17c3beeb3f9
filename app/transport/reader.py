"""A connection's incoming bytes, read in blocks, with nothing hidden.

The standard library's buffered reader does not tell whether it holds bytes already; a
connection may be handed to another worker only when none are held here.
"""

import math
import socket
import time

from app.transport import requests
from app.transport.requests import (
    ChunkedBody,
    Head,
    HeadParser,
    RefusedRequestError,
    TooLargeError,
)

BLOCK_BYTES = 16 * 1024


class ConnectionReader:
    """Reads requests from a connection, and then what follows them.

    Attributes:
        deadline: until when bytes are waited for, by the monotonic clock.
    """

    def __init__(self, connection: socket.socket) -> None:
        """Read from `connection`, which stays the caller's to close."""
        self.deadline = math.inf
        self._connection = connection
        self._held = bytearray()

    @property
    def holds_bytes(self) -> bool:
        """Whether bytes were taken from the connection that nobody has read yet."""
        return bool(self._held)

    def skip_empty_lines(self, at_most: int = requests.MAX_EMPTY_LINES) -> int:
        """Drop the empty lines before a request, as far as they are held.

        Returns how many.
        """
        count, size = 0, len(requests.LINE_END)
        while count < at_most and self._held.startswith(
            requests.LINE_END, count * size
        ):
            count += 1
        del self._held[: count * size]
        return count

    def read_head(self) -> Head:
        """Read the next request as far as its body.

        Raises:
            RefusedRequestError: it is none, or only the beginning of one.
            TimeoutError: it does not arrive in time.
            OSError: the connection failed.
        """
        parser, fed, empty_lines = HeadParser(), 0, requests.MAX_EMPTY_LINES
        while True:
            if not fed:
                empty_lines -= self.skip_empty_lines(empty_lines)
            # Whole lines only, so that what is wrong with one is known for certain.
            end = self._held.find(requests.HEAD_END, max(0, fed - 2))
            stop = end + 4 if end >= 0 else self._held.rfind(b"\n") + 1
            self._check_size(stop if end >= 0 else len(self._held))
            if stop > fed:
                parser.feed(bytes(self._held[fed:stop]))
                fed = stop
            if end >= 0:
                del self._held[:fed]
                return parser.head()
            if not self._fill():
                raise RefusedRequestError("the head was cut off")

    def read_body(self, head: Head, maximum: int) -> bytes:
        """Read the whole body of the request that has `head`.

        Raises:
            TooLargeError: it has more than `maximum` bytes.
            RefusedRequestError: it is malformed, or only the beginning of one.
            TimeoutError: it does not arrive in time.
            OSError: the connection failed.
        """
        if head.length is None:
            return self._read_chunks(ChunkedBody(maximum))
        if head.length > maximum:
            raise TooLargeError
        body = self.read(head.length)
        if len(body) < head.length:
            raise RefusedRequestError("the body was cut off")
        return body

    def read(self, size: int) -> bytes:
        """Return `size` bytes, fewer at the end of the connection.

        Raises:
            TimeoutError: they do not arrive in time.
            OSError: the connection failed.
        """
        while len(self._held) < size and self._fill():
            pass
        return self._taken(size)

    def take_held(self) -> bytes:
        """Take what was read from the connection and not asked for yet."""
        return self._taken(len(self._held))

    def _read_chunks(self, body: ChunkedBody) -> bytes:
        while True:
            del self._held[: body.feed(self._held)]
            if body.complete:
                return body.value()
            if not self._fill():
                raise RefusedRequestError("the body was cut off")

    def _check_size(self, arrived: int) -> None:
        line = self._held.find(b"\n", 0, requests.MAX_REQUEST_LINE + 1) + 1 or arrived
        requests.check_size(line, arrived - line)

    def _fill(self) -> bool:
        left = self.deadline - time.monotonic()
        if left <= 0:
            # Whoever sends a byte now and then would never meet a time-out.
            raise TimeoutError("it took too long to arrive")
        self._connection.settimeout(min(left, requests.STALL_SECONDS))
        try:
            block = self._connection.recv(BLOCK_BYTES)
        finally:
            self._connection.settimeout(requests.STALL_SECONDS)
        self._held += block
        return bool(block)

    def _taken(self, size: int) -> bytes:
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken
