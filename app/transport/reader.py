"""A connection's incoming bytes, read in blocks, with nothing hidden.

The standard library's buffered reader does not tell whether it holds bytes already; a
connection may be handed to another worker only when none are held here.
"""

import math
import socket
import time

BLOCK_BYTES = 16 * 1024


class ConnectionReader:
    """What `gevent.pywsgi` and `geventwebsocket` read a connection with.

    Attributes:
        closed: whether reading has ended for good.
        deadline: until when bytes are waited for, by the monotonic clock.
        failed: whether bytes were wanted that did not come.
    """

    def __init__(self, connection: socket.socket) -> None:
        """Read from `connection`, which stays the caller's to close."""
        self.closed = False
        self.deadline = math.inf
        self.failed = False
        self._connection = connection
        self._held = bytearray()

    @property
    def holds_bytes(self) -> bool:
        """Whether bytes were taken from the connection that nobody has read yet."""
        return bool(self._held)

    def readline(self, size: int = -1) -> bytes:
        """Return bytes up to the next line feed, at most `size`, fewer at the end.

        Raises:
            OSError: the connection failed, or gave nothing for its time-out.
        """
        searched = 0
        while True:
            end = self._held.find(b"\n", searched)
            if end >= 0:
                return self._taken(end + 1 if size < 0 else min(end + 1, size))
            if 0 <= size <= len(self._held):
                return self._taken(size)
            searched = len(self._held)
            if not self._fill():
                return self._taken(len(self._held))

    def read(self, size: int = -1) -> bytes:
        """Return `size` bytes, fewer at the end of the connection; all if negative.

        Raises:
            OSError: the connection failed, or gave nothing for its time-out.
        """
        while (size < 0 or len(self._held) < size) and self._fill():
            pass
        return self._taken(len(self._held) if size < 0 else size)

    def take_held(self) -> bytes:
        """Take what was read from the connection and not asked for yet."""
        return self._taken(len(self._held))

    def close(self) -> None:
        """Drop what is held."""
        self.closed = True
        self._held.clear()

    def _fill(self) -> bool:
        self.failed = True
        if time.monotonic() > self.deadline:
            # Whoever sends a byte now and then would never meet a time-out.
            raise TimeoutError("it took too long to arrive")
        block = self._connection.recv(BLOCK_BYTES)
        self.failed = not block
        self._held += block
        return bool(block)

    def _taken(self, size: int) -> bytes:
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken
