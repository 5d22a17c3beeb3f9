"""Which worker a request belongs to, and how its connection gets there."""

import socket
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from app.transport import handover
from app.transport.handover import Switchboard

WAIT_SECONDS = 5


@pytest.mark.parametrize(
    ("line", "owner"),
    [
        (b"GET /socket.io/?EIO=4&transport=polling&sid=a-1f.x_y HTTP/1.1", "a-1f"),
        (b"POST /socket.io/?sid=m2-3.abc&EIO=4 HTTP/1.1", "m2-3"),
        (b"GET http://x:80/socket.io/?sid=m2-3.abc HTTP/1.1", "m2-3"),
        (b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1", None),
        (b"GET /socket.io/?EIO=4&sid=without-a-worker HTTP/1.1", None),
        (b"GET /socket.io/?EIO=4&sid=../../etc.x HTTP/1.1", None),
        (b"GET /api/rooms?sid=a-1.x HTTP/1.1", None),
        (b"GET http://x/api/socket.io/?sid=a-1.x HTTP/1.1", None),
        (b"GET / HTTP/1.1\r\nX: /socket.io/?sid=a-1.x", None),
        (b"", None),
    ],
)
def test_a_session_id_in_the_request_line_names_its_worker(line, owner):
    assert handover.owner_of(line) == owner


@pytest.mark.parametrize("whole", [b"GET /socket.io/?sid=a-1.x", b"POST /socket.io/?E"])
def test_what_has_arrived_of_a_line_may_name_a_worker_from_its_first_byte(whole):
    assert all(
        handover.may_name_owner(whole[:length]) for length in range(1, len(whole) + 1)
    )
    assert not handover.may_name_owner(b"GET /api/rooms")
    assert not handover.may_name_owner(b"DELETE ")


def test_a_new_session_id_names_its_worker_and_cannot_be_guessed():
    first, second = (handover.new_session_id("a-1") for _ in range(2))

    assert first != second
    assert handover.owner_of(f"GET /socket.io/?sid={first} ".encode()) == "a-1"


@pytest.mark.parametrize("room", ["", "hall", "6f1b0c0e-6d0f-4b7c-9d53-4a3f0e7a5d11"])
def test_a_clients_name_is_told_from_a_rooms(room):
    assert handover.is_session_id(handover.new_session_id("a-1f"))
    assert not handover.is_session_id(room)


@pytest.fixture
def boards(tmp_path: Path) -> Iterator[tuple[Switchboard, Switchboard]]:
    made = Switchboard(tmp_path, "a-1"), Switchboard(tmp_path, "a-2")
    yield made
    for board in made:
        board.close()


def test_a_connection_that_cannot_be_served_is_not_the_last_one(
    boards: tuple[Switchboard, Switchboard],
):
    sender, owner = boards
    served = []

    def serve(connection: socket.socket, address: object) -> None:
        served.append(connection)
        if len(served) == 1:
            raise RuntimeError

    running = gevent.spawn(owner.run, serve)
    for _ in range(2):
        ours, client = socket.socketpair()
        with ours, client:
            assert sender.send(ours, None, "a-2")

    with gevent.Timeout(WAIT_SECONDS):
        while len(served) < 2:
            gevent.sleep(0)
    running.kill()
    for connection in served:
        connection.close()


def test_a_connection_goes_to_its_owner_with_every_byte_unread(
    boards: tuple[Switchboard, Switchboard],
):
    sender, owner = boards
    served = []
    running = gevent.spawn(
        owner.run, lambda connection, address: served.append((connection, address))
    )
    ours, client = socket.socketpair()
    client.sendall(b"GET /socket.io/")

    assert sender.send(ours, ("127.0.0.1", 5), "a-2")
    ours.close()

    with gevent.Timeout(WAIT_SECONDS):
        while not served:
            gevent.sleep(0)
    running.kill()
    connection, address = served[0]
    assert address == ("127.0.0.1", 5)
    assert connection.recv(100) == b"GET /socket.io/"
    connection.sendall(b"answer")
    assert client.recv(100) == b"answer"
    assert (sender.sent, owner.received) == (1, 1)
    connection.close()
    client.close()


def test_a_connection_whose_owner_is_gone_stays(
    boards: tuple[Switchboard, Switchboard],
):
    sender, owner = boards
    ours, client = socket.socketpair()
    owner.close()

    with ours, client:
        assert not sender.send(ours, None, "a-2")
        assert not sender.send(ours, None, "a-9")
    assert sender.kept == 2


def test_a_stale_socket_of_a_dead_worker_is_in_nobodys_way(tmp_path: Path):
    dead = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    dead.bind(str(tmp_path / "a-1"))
    dead.close()
    sender = Switchboard(tmp_path, "a-2")
    ours, client = socket.socketpair()

    with ours, client:
        assert not sender.send(ours, None, "a-1")
    Switchboard(tmp_path, "a-1").close()
    sender.close()
    assert list(tmp_path.iterdir()) == []
