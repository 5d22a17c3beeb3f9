"""Limits for what arrives before a request is understood."""

from typing import BinaryIO

MAX_HEADER_BYTES = 32 * 1024
# From the first byte of a request to its last header.
ARRIVAL_SECONDS = 10
# For the first byte on a new connection, and on one that is kept alive.
FIRST_SECONDS = 10
IDLE_SECONDS = 75
# For the next bytes of a body, and for a client to take the next bytes of an answer.
STALL_SECONDS = 30


class OversizedHeadersError(ValueError):
    """A request whose headers are longer than a server should read."""


class LimitedLines:
    """Hands on the lines of `source`, but no more than `maximum` bytes of them."""

    def __init__(self, source: BinaryIO, maximum: int = MAX_HEADER_BYTES) -> None:
        self._source = source
        self._left = maximum

    def readline(self, size: int = -1) -> bytes:
        """Return the next line.

        Raises:
            OversizedHeadersError: there is more than the maximum.
        """
        limit = self._left + 1 if size < 0 else min(size, self._left + 1)
        line = self._source.readline(limit)
        self._left -= len(line)
        if self._left < 0:
            raise OversizedHeadersError
        return line
