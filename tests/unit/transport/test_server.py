"""A server that is told to finish: whoever has come is answered, and nobody waits."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, ClassVar

import gevent
import pytest
from gevent import socket

from app.transport import requests, server
from app.transport.server import Server
from tests.support.waiting import patient

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"


class Application:
    """Answers everything with 200."""

    config: ClassVar = {"MAX_CONTENT_LENGTH": 100}

    def __call__(self, _environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]


@pytest.fixture
def listening() -> Iterator[Server]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    address = listener.getsockname()
    listening = Server(
        listener,
        application=Application(),
        switchboard=SimpleNamespace(worker="w-1"),
        max_connections=10,
    )
    listening.start()
    listening.bound_to = address
    yield listening
    listening.stop(timeout=patient(5))


@pytest.fixture
def client(listening: Server) -> Iterator[socket.socket]:
    """A connection that the server has accepted, and on which nothing was said."""
    with socket.create_connection(listening.bound_to, patient(5)) as connection:
        wait_until_idle(listening)
        yield connection


def wait_until_idle(listening: Server) -> None:
    with gevent.Timeout(patient(5)):
        while not list(listening.idle):
            gevent.sleep(0.001)


def test_a_connection_that_was_accepted_just_now_has_its_request_answered(
    listening: Server, client: socket.socket
):
    listening.finish()
    client.sendall(GET)

    answer = client.recv(1000)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"Connection: close\r\n" in answer
    assert client.recv(1000) == b""


def test_a_connection_that_other_workers_hand_over_late_is_served(listening: Server):
    ours, client = socket.socketpair()
    listening.finish()

    listening.adopt(ours, ("192.0.2.7", 4711))
    client.sendall(GET)

    client.settimeout(patient(5))
    assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert client.recv(1000) == b""
    client.close()


def test_a_connection_that_was_served_before_is_ended_at_once(
    listening: Server, client: socket.socket
):
    client.sendall(GET)
    assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
    wait_until_idle(listening)

    listening.finish()

    assert client.recv(1000) == b""


@pytest.mark.parametrize("handed_over", [False, True])
def test_whoever_says_nothing_is_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch, listening: Server, handed_over: bool
):
    monkeypatch.setattr(server, "LAST_SECONDS", 0.05)
    monkeypatch.setattr(requests, "LAST_SECONDS", 0.05)
    if handed_over:
        ours, client = socket.socketpair()
        listening.finish()
        listening.adopt(ours, ("192.0.2.7", 4711))
    else:
        client = socket.create_connection(listening.bound_to)
        wait_until_idle(listening)
        listening.finish()

    client.settimeout(patient(5))
    assert client.recv(1000) == b""
    client.close()
