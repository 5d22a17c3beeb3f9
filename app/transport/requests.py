"""What may arrive as a request: its limits, its head, and where its body ends.

llhttp (through httptools, in its strict mode) decides what is HTTP/1.1. What it leaves
to a server is decided here, from the bytes as they came: one opinion on where a request
ends, one host, one form of target (RFC 9110, RFC 9112).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from httptools import (
    HttpParserError,
    HttpParserInvalidMethodError,
    HttpParserUpgrade,
    HttpRequestParser,
)

MAX_REQUEST_LINE = 8 * 1024
MAX_HEADER_BYTES = 32 * 1024
# Empty lines before a request, of clients that end a body with one (RFC 9112, 2.2).
MAX_EMPTY_LINES = 8
# From the first byte of a request to its last header.
ARRIVAL_SECONDS = 10
# For the first byte on a new connection, and on one that is kept alive.
FIRST_SECONDS = 10
IDLE_SECONDS = 75
# For the first byte on a new connection of a worker that is about to end.
LAST_SECONDS = 1
# From the first byte of a request to the last of its body.
WHOLE_SECONDS = 30
# For a client to take the next bytes of an answer.
STALL_SECONDS = 30

# Stands in the environment of a request whose body was not read: the status of the
# answer that the application owes it, and nothing else.
REFUSED = "app.transport.refused"

LINE_END = b"\r\n"
HEAD_END = b"\r\n\r\n"

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE = re.compile(rb"(%b) ([!-~]+) HTTP/(\d)\.(\d)\r\n" % _TOKEN)
# RFC 3986's uri-host and port; user names are for no server to take (RFC 9110, 4.2.4).
_HOST = re.compile(
    r"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+)(?::\d{0,5})?"
)
_ABSOLUTE = re.compile(r"https?://([^/?]*)(/[^?]*)?(\?.*)?", re.IGNORECASE)
_LENGTH = re.compile(r"[0-9]{1,18}")
_MAX_SIZE_DIGITS = 16
_NEWEST = "HTTP/1.1"
_VERSIONS = ("HTTP/1.0", _NEWEST)
# The body is there: how it came is nothing for the application.
_FRAMING = ("content-length", "transfer-encoding", "trailer", "expect")
_JOINTS = {"cookie": "; "}
# The white space that HTTP knows, and no other.
_SPACE = " \t"
# Of the bytes as they came, not of what they mean.
_WIRE = "latin-1"


class RefusedRequestError(ValueError):
    """What arrived cannot be served; nothing after it is a request.

    Attributes:
        status: the answer's status.
    """

    def __init__(self, reason: str, status: str = "400 Bad Request") -> None:
        """Say why, for whoever debugs; the client learns the status alone."""
        super().__init__(reason)
        self.status = status

    @property
    def code(self) -> int:
        """The status as a number."""
        return int(self.status[:3])


class TooLargeError(RefusedRequestError):
    """A body that is longer than bodies may be."""

    def __init__(self) -> None:
        """Answer 413."""
        super().__init__("the body is too long", "413 Content Too Large")


@dataclass(frozen=True, slots=True)
class Head:
    """A request as far as its body.

    Attributes:
        variables: what WSGI's environment says of it; neither a length nor a transfer
            coding.
        length: how long its body is; `None` where it says so itself, in chunks.
        has_length: whether there is a body, be it empty.
        keeps_alive: whether the client wants to send another on this connection.
        expects_continue: whether it sends the body only when asked to.
    """

    variables: dict[str, str]
    length: int | None
    has_length: bool
    keeps_alive: bool
    expects_continue: bool

    @property
    def version(self) -> str:
        """The protocol's version, as it stands in a request line."""
        return self.variables["SERVER_PROTOCOL"]


class HeadParser:
    """Reads the head of one request, line by line or at once."""

    def __init__(self) -> None:
        """Wait for the request line."""
        self._found = _Found()
        self._parser = HttpRequestParser(self._found)
        self._line: tuple[str, str, str] | None = None

    def feed(self, lines: bytes) -> None:
        """Take the next lines, whole ones; none after the empty one that ends the head.

        Raises:
            RefusedRequestError: they are not those of a request.
        """
        if self._line is None:
            self._line = _request_line(lines)
        try:
            self._parser.feed_data(lines)
        except HttpParserUpgrade:
            # Whether it becomes another protocol is decided later, and not by llhttp.
            pass
        except HttpParserInvalidMethodError as error:
            raise _unknown_method() from error
        except HttpParserError as error:
            raise RefusedRequestError(str(error)) from error

    def head(self) -> Head:
        """Return the head, once its last line was taken.

        Raises:
            RefusedRequestError: it is no whole head, or two servers could read it
                differently.
        """
        if self._line is None or not self._found.complete:
            raise RefusedRequestError("the head has no end")
        method, target, version = self._line
        fields = _fields(self._found.headers)
        length = _length(fields, version)
        _check_host(fields, version)
        path, query, authority = _target(target, method)
        variables = _variables(fields)
        variables |= {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, _WIRE),
            "QUERY_STRING": query,
            "SERVER_PROTOCOL": version,
        }
        if authority is not None:
            # RFC 9112, section 3.2.2.
            variables["HTTP_HOST"] = authority
        options = tokens(variables.get("HTTP_CONNECTION", ""))
        new = version == _NEWEST
        return Head(
            variables=variables,
            length=length,
            has_length=bool({"content-length", "transfer-encoding"} & fields.keys()),
            keeps_alive="close" not in options and (new or "keep-alive" in options),
            expects_continue=new
            and "100-continue" in tokens(",".join(fields.get("expect", []))),
        )


class ChunkedBody:
    """Decodes a chunked body (RFC 9112, section 7.1), no further than its end."""

    def __init__(self, maximum: int) -> None:
        """Take a body of at most `maximum` bytes, framed by no more than as many.

        Trailers and what chunks say of themselves are read, bounded and dropped.
        """
        self._found = _Found()
        self._parser = HttpRequestParser(self._found)
        self._parser.feed_data(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        self._bytes_left = maximum
        self._framing_left = maximum
        self._chunk_left = 0
        self._in_trailers = False

    @property
    def complete(self) -> bool:
        """Whether all of the body was taken; what follows is not part of it."""
        return self._found.ended

    def value(self) -> bytes:
        """Return what was decoded."""
        return b"".join(self._found.body)

    def feed(self, data: bytes | bytearray) -> int:
        """Take as much of `data` as can be understood; return how many bytes that is.

        Raises:
            RefusedRequestError: it is no chunked body, or a longer one than allowed.
        """
        taken = 0
        while not self.complete:
            size = self._next_piece(data, taken)
            if not size:
                break
            self._take(bytes(data[taken : taken + size]))
            taken += size
        return taken

    def _next_piece(self, data: bytes | bytearray, start: int) -> int:
        # llhttp does not tell where it stopped: so it gets a line, or data of a chunk.
        if self._chunk_left:
            return min(self._chunk_left, len(data) - start)
        end = data.find(b"\n", start) + 1
        if (end or len(data)) - start > self._framing_left:
            raise TooLargeError
        return max(0, end - start)

    def _take(self, piece: bytes) -> None:
        try:
            self._parser.feed_data(piece)
        except HttpParserError as error:
            raise RefusedRequestError(str(error)) from error
        if self._chunk_left:
            self._chunk_left -= len(piece)
            return
        self._framing_left -= len(piece)
        if not self._in_trailers:
            self._begin_chunk(piece.partition(b";")[0].rstrip(b"\r\n"))

    def _begin_chunk(self, digits: bytes) -> None:
        if len(digits) > _MAX_SIZE_DIGITS:
            raise RefusedRequestError("the size of a chunk is too long")
        size = int(digits, 16)
        if size > self._bytes_left:
            raise TooLargeError
        self._bytes_left -= size
        self._in_trailers = not size
        self._chunk_left = size and size + len(LINE_END)


class _Found:
    """What llhttp finds: it calls these methods by their names."""

    __slots__ = ("body", "complete", "ended", "headers")

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.complete = False
        self.body: list[bytes] = []
        self.ended = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.complete:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self.complete = True

    def on_body(self, data: bytes) -> None:
        self.body.append(data)

    def on_message_complete(self) -> None:
        self.ended = True


def check_size(line: int, headers: int) -> None:
    """Make sure that a head is no longer than allowed, as far as it has arrived.

    Raises:
        RefusedRequestError: its request line or its headers are too long.
    """
    if line > MAX_REQUEST_LINE:
        raise RefusedRequestError("the request line is too long", "414 URI Too Long")
    if headers > MAX_HEADER_BYTES:
        raise RefusedRequestError(
            "the headers are too long", "431 Request Header Fields Too Large"
        )


def tokens(value: str) -> frozenset[str]:
    """Return the members of a header that is a list of names, in small letters."""
    return frozenset(member.strip(_SPACE).lower() for member in value.split(","))


def _request_line(head: bytes) -> tuple[str, str, str]:
    match = _REQUEST_LINE.match(head)
    if match is None:
        raise RefusedRequestError("no request line")
    method, target, major, minor = (part.decode(_WIRE) for part in match.groups())
    version = f"HTTP/{major}.{minor}"
    if version not in _VERSIONS:
        raise RefusedRequestError(
            "another version of HTTP", "505 HTTP Version Not Supported"
        )
    if method == "CONNECT":
        raise _unknown_method()
    return method, target, version


def _unknown_method() -> RefusedRequestError:
    return RefusedRequestError("an unknown method", "501 Not Implemented")


def _fields(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in headers:
        text = value.decode(_WIRE).strip(_SPACE)
        fields.setdefault(name.decode(_WIRE).lower(), []).append(text)
    return fields


def _length(fields: dict[str, list[str]], version: str) -> int | None:
    """Return how long the body is, `None` where it says so itself.

    A proxy with another opinion would take what one client sends for the beginning of
    the next one's request: so there is one length, or none.
    """
    lengths = fields.get("content-length", [])
    codings = fields.get("transfer-encoding", [])
    if len(lengths) + len(codings) > 1:
        raise RefusedRequestError("more than one length")
    length: int | None = 0
    if codings:
        _check_coding(codings[0], version)
        length = None
    elif lengths:
        if not _LENGTH.fullmatch(lengths[0]):
            raise RefusedRequestError("the length is no number")
        length = int(lengths[0])
    if length != 0 and "websocket" in tokens(",".join(fields.get("upgrade", []))):
        raise RefusedRequestError("a WebSocket has no body before it")
    return length


def _check_coding(coding: str, version: str) -> None:
    if version != _NEWEST:
        raise RefusedRequestError("a client of old sends no chunks")
    if coding.lower() != "chunked":
        # llhttp lets pass what ends with it.
        raise RefusedRequestError("an unknown transfer coding", "501 Not Implemented")


def _check_host(fields: dict[str, list[str]], version: str) -> None:
    hosts = fields.get("host", [])
    if not hosts and version != _NEWEST:
        return
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        raise RefusedRequestError("not one host")


def _target(target: str, method: str) -> tuple[str, str, str | None]:
    """Return the path, the query, and the host where the target names it."""
    authority = None
    if not target.startswith("/"):
        if target == "*" and method == "OPTIONS":
            return target, "", None
        match = _ABSOLUTE.fullmatch(target)
        if match is None or not _HOST.fullmatch(match[1]):
            raise RefusedRequestError("no target")
        authority, target = match[1], (match[2] or "/") + (match[3] or "")
    if "#" in target:
        raise RefusedRequestError("a fragment is not for servers")
    path, _, query = target.partition("?")
    return path, query, authority


def _variables(fields: dict[str, list[str]]) -> dict[str, str]:
    # A name with "_" would be taken for the one with "-".
    variables = {
        "HTTP_" + name.replace("-", "_").upper(): _JOINTS.get(name, ",").join(values)
        for name, values in fields.items()
        if "_" not in name and name not in _FRAMING
    }
    if "HTTP_CONTENT_TYPE" in variables:
        variables["CONTENT_TYPE"] = variables.pop("HTTP_CONTENT_TYPE")
    return variables
