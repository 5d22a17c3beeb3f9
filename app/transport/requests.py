"""Limits for what arrives before a request is understood."""

import re
from collections.abc import Iterable
from typing import BinaryIO

MAX_HEADER_BYTES = 32 * 1024
# From the first byte of a request to its last header.
ARRIVAL_SECONDS = 10
# For the first byte on a new connection, and on one that is kept alive.
FIRST_SECONDS = 10
IDLE_SECONDS = 75
# From the first byte of a request to the last of its body.
WHOLE_SECONDS = 30
# For the next bytes of a body, and for a client to take the next bytes of an answer.
STALL_SECONDS = 30


_HEADER_LINE = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\0\r\n]*)?\r?\n")
_LENGTH = re.compile(r"[0-9]{1,18}")


class MalformedHeadersError(ValueError):
    """Headers that end too early, or that two servers could read differently."""


class OversizedHeadersError(ValueError):
    """A request whose headers are longer than a server should read."""


class LimitedLines:
    """Hands on the header lines of `source`, at most `maximum` bytes of them."""

    def __init__(self, source: BinaryIO, maximum: int = MAX_HEADER_BYTES) -> None:
        self._source = source
        self._left = maximum

    def readline(self, size: int = -1) -> bytes:
        """Return the next line.

        Raises:
            OversizedHeadersError: there is more than the maximum.
            MalformedHeadersError: it is no header, or only the beginning of one.
        """
        limit = self._left + 1 if size < 0 else min(size, self._left + 1)
        line = self._source.readline(limit)
        self._left -= len(line)
        if self._left < 0:
            raise OversizedHeadersError
        if not _HEADER_LINE.fullmatch(line):
            raise MalformedHeadersError("no header line")
        return line


def check_framing(headers: Iterable[tuple[str, str]], version: str) -> None:
    """Make sure that there are no two opinions on where a request ends.

    A proxy with another opinion would take what one client sends for the beginning of
    the next one's request.

    Raises:
        MalformedHeadersError: there are.
    """
    found = [(name.lower(), value.strip().lower()) for name, value in headers]
    lengths = [value for name, value in found if name == "content-length"]
    codings = [value for name, value in found if name == "transfer-encoding"]
    if len(lengths) + len(codings) > 1:
        raise MalformedHeadersError("more than one length")
    if lengths and not _LENGTH.fullmatch(lengths[0]):
        raise MalformedHeadersError("the length is no number")
    if codings and (codings[0] != "chunked" or version != "HTTP/1.1"):
        raise MalformedHeadersError("the transfer coding is unknown")
    if ("upgrade", "websocket") in found and [*codings, *lengths] not in ([], ["0"]):
        raise MalformedHeadersError("a WebSocket has no body before it")
