"""A worker that ends sends its clients elsewhere."""

import signal
import threading
import time
from collections.abc import Callable

import pytest

from tests.support.javascript import StandardClients
from tests.support.server import Server
from tests.support.waiting import wait_until
from tests.system.transport.raw import Connection

# More than even a busy machine needs for ending at once.
GRACE_SECONDS = 60


@pytest.fixture
def server(server_factory: Callable[..., Server]) -> Server:
    return server_factory(embedded=True, graceful_timeout_ms=GRACE_SECONDS * 1000)


def test_a_worker_without_work_ends_at_once(server: Server):
    began = time.monotonic()

    assert server.stop(GRACE_SECONDS) == 0
    assert time.monotonic() - began < GRACE_SECONDS / 2


def test_a_worker_does_not_wait_for_idle_connections(server: Server):
    with Connection(server.port) as connection:
        connection.request("GET /health HTTP/1.1")
        assert connection.status() == 200
        began = time.monotonic()

        assert server.stop(GRACE_SECONDS) == 0
        assert time.monotonic() - began < GRACE_SECONDS / 2


def test_a_websocket_is_closed_with_a_frame(server: Server):
    with Connection(server.port) as connection:
        connection.open_websocket()
        began = time.monotonic()

        assert server.stop(GRACE_SECONDS) == 0
        assert time.monotonic() - began < GRACE_SECONDS / 2
        assert connection.close_code() == 1000


def test_a_poll_that_waits_is_answered(server: Server):
    with Connection(server.port) as connection:
        connection.request("GET /socket.io/?EIO=4&transport=polling HTTP/1.1")
        connection.read_until(b'"sid":"')
        sid = connection.read_until(b'"')[:-1].decode()
        connection.read_until(b"}")
        poll = f"GET /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1"
        connection.request(poll)

        assert server.stop(GRACE_SECONDS) == 0
        assert b"200 OK" in connection.rest()


def accepts(server: Server) -> bool:
    try:
        with Connection(server.port):
            return True
    except ConnectionRefusedError:
        return False


def test_a_request_under_way_is_finished(server: Server):
    with Connection(server.port) as connection:
        body = '{"name": "Main hall"}'
        connection.request(
            "POST /api/rooms HTTP/1.1",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        )
        stopping = threading.Thread(target=server.stop, args=[GRACE_SECONDS])
        stopping.start()
        wait_until(lambda: not accepts(server), "no connection is accepted")
        connection.send(body.encode())

        assert connection.status() == 201
        stopping.join()


def test_standard_clients_connect_again_to_the_next_worker(
    server: Server, standard_clients: Callable[..., StandardClients]
):
    clients = standard_clients(server, server.api().create_room(), 10)
    clients.wait_for_all("joined")
    before = len(clients.events())

    server.signal(signal.SIGHUP)

    clients.wait_for_all("joined", since=before, timeout=20)


def test_standard_clients_that_only_poll_connect_again_to_the_next_worker(
    server: Server, standard_clients: Callable[..., StandardClients]
):
    room = server.api().create_room()
    clients = standard_clients(server, room, 10, transports=["polling"])
    clients.wait_for_all("joined")
    before = len(clients.events())

    server.signal(signal.SIGHUP)

    clients.wait_for_all("joined", since=before, timeout=20)
