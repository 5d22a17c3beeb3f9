"""The reader of a connection."""

import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transport import requests
from app.transport.reader import ConnectionReader
from app.transport.requests import RefusedRequestError, TooLargeError

GET = b"GET /one HTTP/1.1\r\nHost: x\r\n\r\n"
PUT = b"PUT /two HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
POST = (
    b"POST /three HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
)
UPGRADE = (
    b"GET /four HTTP/1.1\r\nHost: x\r\n"
    b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
)


class Wire:
    """A connection: what the test sends, and the reader of its other end."""

    def __init__(self, ours: socket.socket, theirs: socket.socket) -> None:
        self.reader = ConnectionReader(ours)
        self._theirs = theirs

    def send(self, data: bytes) -> None:
        """Send, and send nothing more."""
        self._theirs.sendall(data)
        self._theirs.shutdown(socket.SHUT_WR)

    def request(self, maximum: int = 1000) -> tuple[str, bytes]:
        """Return the path and the body of the next request."""
        head = self.reader.read_head()
        path = head.variables["PATH_INFO"]
        return path, self.reader.read_body(head, maximum)


@pytest.fixture
def wire() -> Iterator[Wire]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Wire(ours, theirs)


@pytest.mark.parametrize("empty", [b"", b"\r\n", b"\r\n\r\n"])
def test_requests_that_come_at_once_are_read_one_after_another(wire: Wire, empty):
    wire.send(empty + GET + empty + PUT + POST + empty + GET)

    assert wire.request() == ("/one", b"")
    assert wire.request() == ("/two", b"hello")
    assert wire.request() == ("/three", b"hello")
    assert wire.request() == ("/one", b"")
    assert not wire.reader.holds_bytes


@given(st.lists(st.integers(0, len(GET + PUT + POST)), max_size=8))
def test_requests_are_the_same_however_their_bytes_arrive(cuts):
    data = b"\r\n" + GET + PUT + POST
    with socket.socket() as closed:
        wire = Wire(closed, closed)
    pieces = [
        data[start:end]
        for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), None], strict=True)
    ]

    class Arriving:
        def settimeout(self, seconds):
            assert 0 < seconds <= requests.STALL_SECONDS

        def recv(self, size):
            while pieces:
                if piece := pieces.pop(0):
                    return piece
            return b""

    wire.reader = ConnectionReader(Arriving())

    read = [wire.request() for _ in range(3)]

    assert read == [("/one", b""), ("/two", b"hello"), ("/three", b"hello")]


def test_what_follows_a_request_is_left_for_whoever_takes_it(wire: Wire):
    wire.send(UPGRADE + b"\x81\x80frames")

    assert wire.request() == ("/four", b"")
    assert wire.reader.holds_bytes
    assert wire.reader.read(2) == b"\x81\x80"
    assert wire.reader.take_held() == b"frames"
    assert not wire.reader.holds_bytes


def test_a_body_comes_before_the_other_protocol_that_a_request_asks_for(wire: Wire):
    upgrade = b"\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    wire.send(PUT.replace(b"\r\n\r\n", upgrade) + GET)

    assert wire.request() == ("/two", b"hello")
    assert wire.request() == ("/one", b"")


def test_fewer_bytes_are_read_at_the_end(wire: Wire):
    wire.send(b"half")

    assert wire.reader.read(5) == b"half"
    assert wire.reader.read(5) == b""


@pytest.mark.parametrize("request_", [GET, PUT, POST], ids=["head", "length", "chunks"])
def test_a_request_that_was_cut_off_is_refused_wherever_that_was(request_: bytes):
    for count in range(len(request_)):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            wire = Wire(ours, theirs)
            wire.send(request_[:count])

            with pytest.raises(RefusedRequestError) as refusal:
                wire.request()
            assert refusal.value.code == 400


@pytest.mark.parametrize("request_", [PUT, POST], ids=["length", "chunks"])
def test_a_body_over_the_maximum_is_refused(wire: Wire, request_: bytes):
    wire.send(request_)

    with pytest.raises(TooLargeError):
        wire.request(maximum=4)


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (b"GET /" + b"a" * requests.MAX_REQUEST_LINE, 414),
        (b"GET /" + b"a" * requests.MAX_REQUEST_LINE + b" HTTP/1.1\r\n", 414),
        (GET[:-2] + b"X: " + b"a" * requests.MAX_HEADER_BYTES, 431),
        (GET[:-2] + b"X: y\r\n" * 7000 + b"\r\n", 431),
        (b"\r\n" * (requests.MAX_EMPTY_LINES + 1) + GET, 400),
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),
    ],
)
def test_no_more_is_read_of_a_head_than_it_may_have(wire: Wire, start, status):
    wire.send(start)

    with pytest.raises(RefusedRequestError) as refusal:
        wire.request()
    assert refusal.value.code == status


def test_empty_lines_are_dropped_as_far_as_they_are_allowed(wire: Wire):
    wire.send(b"\r\n" * (requests.MAX_EMPTY_LINES) + GET)

    assert wire.reader.read(0) == b""
    assert wire.reader.skip_empty_lines() == 0
    assert wire.request() == ("/one", b"")


def test_nothing_is_waited_for_after_the_deadline(wire: Wire):
    wire.send(GET)
    wire.reader.deadline = 0

    with pytest.raises(TimeoutError):
        wire.request()
