"""One connection, with an application that notes what it is entered with."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from gevent import socket

from app.transport import handler, requests
from app.transport.handler import Handler

PUT = b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"


class Served:
    """A connection that is served in a greenlet; `entered` holds environments."""

    def __init__(self, **server: Any) -> None:
        self.entered: list[dict[str, Any]] = []
        ours, self.client = socket.socketpair()
        self.client.settimeout(5)
        known = {
            "application": self._application,
            "get_environ": dict,
            "idle": set(),
            "max_body_bytes": 100,
            "stopping": False,
            "switchboard": SimpleNamespace(worker="w-1"),
        }
        self.handler = Handler(
            ours, ("192.0.2.7", 4711), SimpleNamespace(**known, **server)
        )
        self.greenlet = gevent.spawn(self.handler.handle)

    def wait_for_head(self) -> None:
        """Wait until a head was read, and its body is waited for."""
        with gevent.Timeout(5):
            while self.handler.environ is None:
                gevent.sleep(0.001)

    def rest(self) -> bytes:
        """Return what comes until the server closes its half."""
        received = b""
        while data := self.client.recv(4096):
            received += data
        return received

    def _application(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.entered.append(environ)
        start_response("204 No Content", [])
        return []


@pytest.fixture
def served() -> Iterator[Served]:
    connection = Served()
    yield connection
    connection.client.close()
    connection.greenlet.join(5)
    assert connection.greenlet.ready()


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
    [("WHOLE_SECONDS", PUT + b"hel"), ("ARRIVAL_SECONDS", PUT[:20])],
    ids=["body", "head"],
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
