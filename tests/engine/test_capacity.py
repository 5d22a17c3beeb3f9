"""Viewers are bounded; beyond the bound health, commands and those inside go on."""

import json
import shutil
from contextlib import ExitStack

import pytest

from app.transport.server import MAX_FAREWELLS, RESERVED
from app.transport.sessions import ABSENCE_SECONDS
from tests.engine.impatient import ImpatientServer
from tests.support.server import Server
from tests.support.waiting import wait_until
from tests.system.onlookers import Onlookers
from tests.system.transport.raw import Connection

VIEWERS = 30
SOME = 5
# More than the kernel keeps for who does not read it.
LONG_FILE = "/api/docs/swagger-ui-bundle.js"
FULL = ("503", "application/problem+json", "server-full", True)


@pytest.fixture
def path(sqlite_template, tmp_path):
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'timers.db')}"


@pytest.fixture
def server(path):
    with Server(path, worker_connections=VIEWERS) as running:
        yield running


@pytest.fixture
def room(server):
    return server.api().create_room()


@pytest.fixture
def connect(server):
    """Opens connections: `connect()`."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(Connection(server.port, 10))


def answer(connection):
    """Return the status of an answer and what it says, once it has ended."""
    head, _, body = connection.rest().partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return (
        status.split()[1],
        headers["Content-Type"],
        json.loads(body).get("code"),
        headers["Connection"] == "close" and headers.get("Retry-After", "").isdigit(),
    )


def ask_for_websocket(connection):
    connection.request(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )


def ask_for_session(connection):
    connection.request(
        "GET /socket.io/?EIO=4&transport=polling HTTP/1.1", "Connection: close"
    )


def is_healthy(server):
    """Tell whether a connection of its own is served."""
    with Connection(server.port, 10) as connection:
        connection.request("GET /health HTTP/1.1", "Connection: close")
        return b" 200 " in connection.rest()


@pytest.mark.parametrize("ask", [ask_for_websocket, ask_for_session])
def test_beyond_the_bound_who_asks_is_told_so_and_those_inside_notice_nothing(
    server, room, connect, ask
):
    with Onlookers(server, [room.share_token] * 2) as inside:
        wait_until(lambda: len(inside.named("room-state")) == 2, "they watch")
        others = [connect() for _ in range(VIEWERS - 2)]
        for viewer in others:
            viewer.join(room.share_token)

        for _ in range(SOME):
            ask(refused := connect())
            assert answer(refused) == FULL

        assert is_healthy(server)
        server.api().update_room(room, name="Full")
        wait_until(lambda: len(inside.named("room-update")) == 2, "they are told")
        others.pop().close()
        wait_until(lambda: can_join(server, room), "there is room for another")


def can_join(server, room):
    with Connection(server.port, 10) as viewer:
        if viewer.upgrade() != 101:
            return False
        viewer.join_over(room.share_token)
        return True


BEGUN = {
    "head": b"GET /hea",
    "head that may be another worker's": b"GET /socket.io/?",
    "body": b"POST /api/rooms HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
}


@pytest.mark.parametrize("begun", BEGUN.values(), ids=BEGUN)
def test_requests_that_do_not_arrive_leave_health_and_commands_alone(
    server, room, connect, begun
):
    for _ in range(VIEWERS + RESERVED + SOME):
        connect().send(begun)

    assert is_healthy(server)
    server.api().update_room(room, name="Not full")


def test_polls_that_wait_leave_health_and_commands_alone(server, room, connect):
    for _ in range(VIEWERS):
        poll = connect()
        poll.poll(poll.open_polling())

    ask_for_session(refused := connect())

    assert answer(refused) == FULL
    assert is_healthy(server)
    server.api().update_room(room, name="Not full")


def test_connections_that_do_nothing_make_room_the_longest_idle_first(server, connect):
    first = connect()
    first.request("GET /health HTTP/1.1")
    first.read_until(b"\r\n\r\n")
    idle = [connect() for _ in range(VIEWERS + RESERVED)]

    wait_until(first.has_ended, "the longest idle one is closed")

    for _ in range(SOME):
        assert is_healthy(server)
    assert not idle[-1].has_ended()


def test_where_all_are_busy_a_connection_is_turned_away_at_once(server, connect):
    def read_no_answer():
        busy.append(connection := connect())
        connection.request(f"GET {LONG_FILE} HTTP/1.1")

    def ask():
        refused = connect()
        refused.request("GET /health HTTP/1.1", "Connection: close")
        return answer(refused)

    busy = []
    for _ in range(VIEWERS + RESERVED):
        read_no_answer()
    # One whose request had not begun yet may have made room.
    while ask() != FULL:
        read_no_answer()

    # However many come and stay, none is left waiting.
    for each in [connect() for _ in range(2 * MAX_FAREWELLS)]:
        wait_until(each.has_ended, "it is turned away")
    for connection in busy:
        connection.close()
    wait_until(lambda: is_healthy(server), "there is room again")


def test_sessions_whose_clients_are_away_make_room(server, connect):
    sessions = connect()
    gone = [sessions.open_polling() for _ in range(VIEWERS)]
    ask_for_session(refused := connect())
    assert answer(refused) == FULL

    def is_admitted():
        with Connection(server.port, 10) as viewer:
            ask_for_session(viewer)
            return b" 200 " in viewer.rest()

    wait_until(is_admitted, "one who is away makes room", ABSENCE_SECONDS + 10)

    sessions.poll(gone[0])
    assert sessions.status() == 400


@pytest.fixture
def impatient(path):
    with ImpatientServer(path) as running:
        yield running


@pytest.mark.parametrize("transports", [["polling"], ["websocket"]])
def test_a_session_that_never_joined_has_its_transport_ended(
    impatient, standard_clients, transports
):
    nowhere = impatient.api().create_room()
    impatient.api().delete_room(nowhere)

    clients = standard_clients(impatient, nowhere, 1, transports)

    # Not "io server disconnect", after which it would stay away.
    left = clients.wait_for("disconnect", timeout=20)
    assert left.payload["reason"] in ("transport close", "transport error")
    wait_until(lambda: len(clients.events("connect")) > 1, "it is back", 20)


def test_a_session_that_left_its_room_stays(impatient, standard_clients):
    api = impatient.api()
    rooms = [api.create_room() for _ in range(2)]
    stays = standard_clients(impatient, rooms[0])
    stays.wait_for("room-state")
    api.delete_room(rooms[0])
    stays.wait_for("room-deleted")
    api.delete_room(rooms[1])

    # Whoever comes later and never joins is gone before.
    leaves = standard_clients(impatient, rooms[1])
    leaves.wait_for("disconnect", timeout=20)

    assert not stays.events("disconnect")
