"""One connection, with an application that notes what it is entered with."""

import errno
import fcntl
import logging
import termios
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from gevent import socket

from app.transport import handler, requests
from app.transport.handler import Handler
from tests.support.waiting import patient

# Longer than who takes it slowly, below, is waited for at once.
LONG = 2 * 1024 * 1024
CLOSE = b"\r\nConnection: close\r\n\r\n"
PUT = b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"


class Served:
    """A connection that is served in a greenlet; `entered` holds environments."""

    def __init__(self, address: Any = ("192.0.2.7", 4711), **server: Any) -> None:
        self.fails_with: BaseException | None = None
        # An iterator's length is not known before it ends.
        self.answer: Iterable[bytes] | None = None
        self.entered: list[dict[str, Any]] = []
        ours, self.client = socket.socketpair()
        self.client.settimeout(patient(5))
        known = {
            "application": self._application,
            "arriving": set(),
            "get_environ": dict,
            "idle": set(),
            "is_origin_allowed": lambda _environ: True,
            "max_body_bytes": 100,
            "refusal": lambda _environ: None,
            "stopping": False,
            "switchboard": SimpleNamespace(worker="w-1"),
        }
        self.handler = Handler(ours, address, SimpleNamespace(**(known | server)))
        self.greenlet = gevent.spawn(self.handler.handle)

    def wait_for_head(self) -> None:
        """Wait until a head was read, and its body is waited for."""
        with gevent.Timeout(patient(5)):
            while self.handler.environ is None:
                gevent.sleep(0.001)

    def rest(self) -> bytes:
        """Return what comes until the server closes its half."""
        received = b""
        while data := self.client.recv(4096):
            received += data
        return received

    def _application(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        self.entered.append(environ)
        if self.fails_with is not None:
            raise self.fails_with
        if self.answer is not None:
            start_response("200 OK", [])
            return self.answer
        start_response("204 No Content", [])
        return []


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Opens connections, which are over with the test."""
    opened: list[Served] = []

    def open_one(**options: Any) -> Served:
        opened.append(Served(**options))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.client.close()
        connection.greenlet.join(5)
        assert connection.greenlet.ready()


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    """A connection of a client with an address."""
    return serve()


def test_the_application_is_entered_with_the_whole_body(served: Served):
    served.client.sendall(PUT + b"hel")
    served.wait_for_head()
    assert not served.entered

    served.client.sendall(b"lo")

    assert served.client.recv(100).startswith(b"HTTP/1.1 204 ")
    (environ,) = served.entered
    assert environ["wsgi.input"].read() == b"hello"
    assert environ["CONTENT_LENGTH"] == "5"
    assert environ["REMOTE_ADDR"] == "192.0.2.7"
    assert environ["REMOTE_PORT"] == "4711"


@pytest.mark.parametrize(
    ("limit", "sent"),
    [
        ("WHOLE_SECONDS", PUT + b"hel"),
        ("ARRIVAL_SECONDS", PUT[:20]),
        ("ARRIVAL_SECONDS", b"GET /socket.io/?EIO=4"),
    ],
    ids=["body", "head", "head that may be another worker's"],
)
def test_a_request_that_takes_too_long_is_a_408_and_never_served(
    monkeypatch: pytest.MonkeyPatch, served: Served, limit: str, sent: bytes
):
    monkeypatch.setattr(requests, limit, 0.05)

    served.client.sendall(sent)

    assert served.rest().startswith(b"HTTP/1.1 408 ")
    assert not served.entered


@pytest.mark.parametrize("limit", ["LINGER_SECONDS", "LINGER_BYTES"])
def test_who_goes_on_sending_after_a_refusal_is_not_listened_to_for_long(
    monkeypatch: pytest.MonkeyPatch, served: Served, limit: str
):
    monkeypatch.setattr(handler, limit, 0.05 if limit == "LINGER_SECONDS" else 1)

    served.client.sendall(b"no request\r\n")
    assert served.rest().startswith(b"HTTP/1.1 400 ")
    if limit == "LINGER_BYTES":
        served.client.sendall(b"more of it")

    served.greenlet.join(5)
    assert served.greenlet.ready()


def test_a_client_that_takes_nothing_of_an_answer_is_let_go(served: Served):
    served.client.sendall(b"no request\r\n")
    served.client.close()

    served.greenlet.join(5)
    assert served.greenlet.ready()


def test_a_worker_that_ends_says_so_with_the_answer(served: Served):
    served.client.sendall(PUT)
    served.wait_for_head()
    served.handler.server.stopping = True
    served.client.sendall(b"hello")

    assert b"\r\nConnection: close\r\n" in served.rest()


def test_a_worker_that_ends_serves_nobody_who_comes_now(serve):
    connection = serve(stopping=True)

    assert connection.rest() == b""


def test_who_comes_over_a_unix_socket_has_no_address(serve):
    connection = serve(address="")
    connection.client.sendall(PUT + b"hello")

    assert connection.client.recv(100).startswith(b"HTTP/1.1 204 ")
    assert "REMOTE_ADDR" not in connection.entered[0]


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (ValueError("a defect"), logging.ERROR),
        (OSError(errno.ETIMEDOUT, "the client is gone"), logging.INFO),
        (gevent.GreenletExit(), None),
    ],
    ids=["a defect", "a lost connection", "an end"],
)
def test_a_defect_is_an_error_and_a_lost_connection_is_none(
    served: Served, caplog: pytest.LogCaptureFixture, error, level
):
    caplog.set_level(logging.INFO)
    served.fails_with = error

    served.client.sendall(PUT + b"hello")

    assert served.client.recv(100).startswith(b"HTTP/1.1 500 ")
    served.client.close()
    served.greenlet.join(5)
    levels = [each.levelno for each in caplog.records if each.name == handler.__name__]
    assert levels == ([] if level is None else [level])


def test_an_application_that_does_not_take_its_websocket_ends_it(served: Served):
    served.client.sendall(
        b"GET /socket.io/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )

    answer = served.rest()

    assert answer.startswith(b"HTTP/1.1 101 ")
    assert answer.endswith(b"\x88\x02\x03\xe8")
    assert served.entered[0]["wsgi.websocket"] is None


def test_an_answer_of_unknown_length_comes_in_chunks(served: Served):
    served.answer = iter([b"hello"])

    served.client.sendall(PUT.replace(b"\r\n\r\n", CLOSE) + b"hello")

    assert served.rest().endswith(b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n")


def test_an_answer_of_unknown_length_ends_with_the_connection_of_a_client_of_old(
    served: Served,
):
    served.answer = iter([b"hello"])

    served.client.sendall(b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")

    head, _, body = served.rest().partition(b"\r\n\r\n")
    assert head.endswith(b"\r\nConnection: close")
    assert body == b"hello"


def test_little_of_an_answer_that_is_not_read_is_left_to_the_kernel(served: Served):
    served.answer = [bytes(LONG)]

    served.client.sendall(b"GET /a HTTP/1.1\r\nHost: x" + CLOSE)
    while not (held := waiting_in(served.client)) or held < waiting_in(served.client):
        gevent.sleep(0.05)

    assert held < 100 * 1024
    assert len(served.rest()) > LONG


def waiting_in(connection: socket.socket) -> int:
    """Return how much has come that nobody has read."""
    return int.from_bytes(fcntl.ioctl(connection, termios.FIONREAD, bytes(4)), "little")


def test_who_takes_a_long_answer_slowly_is_not_cut_off(
    monkeypatch: pytest.MonkeyPatch, serve: Callable[..., Served]
):
    monkeypatch.setattr(requests, "STALL_SECONDS", 1.0)
    served = serve()
    served.answer = [bytes(LONG)]

    served.client.sendall(b"GET /a HTTP/1.1\r\nHost: x" + CLOSE)
    received = 0
    while data := served.client.recv(64 * 1024):
        received += len(data)
        gevent.sleep(0.05)

    assert received > LONG


def test_the_head_of_an_answer_of_unknown_length_has_no_body(served: Served):
    served.answer = iter([])

    served.client.sendall(b"HEAD /a HTTP/1.1\r\nHost: x" + CLOSE)

    head, _, body = served.rest().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body == b""
