"""Departures: a client that closes its connection is noticed while nothing is sent."""

from collections.abc import Iterator

import gevent
import pytest
from gevent import socket
from gevent.event import Event

from app.transport.departures import noticed

WAIT_SECONDS = 5


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_connection_that_is_closed_is_noticed(
    pair: tuple[socket.socket, socket.socket],
):
    gone = Event()
    with noticed(pair[0], gone.set):
        pair[1].close()
        assert gone.wait(WAIT_SECONDS)


def test_bytes_are_no_departure_and_stay_to_be_read(
    pair: tuple[socket.socket, socket.socket],
):
    gone = Event()
    with noticed(pair[0], gone.set):
        pair[1].sendall(b"next")
        gevent.sleep(0.01)

    assert not gone.is_set()
    assert pair[0].recv(10) == b"next"


def test_a_connection_that_fails_is_noticed():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        theirs = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    gone = Event()
    with ours, noticed(ours, gone.set):
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        theirs.close()
        assert gone.wait(WAIT_SECONDS)


def test_afterwards_nothing_is_noticed(pair: tuple[socket.socket, socket.socket]):
    gone = Event()
    with noticed(pair[0], gone.set):
        pass
    pair[1].close()
    gevent.sleep(0.01)

    assert not gone.is_set()


def test_a_connection_that_is_not_known_never_departs():
    with noticed(None, lambda: pytest.fail("it has not")):
        gevent.sleep(0)
