"""The standard client works on any number of workers, whichever one it meets."""

import pytest

from tests.support.waiting import wait_until
from tests.unit.ops.edge import Edge, one_machine

WORKERS = 3
CLIENTS = 100
UPDATES = 20
TRANSPORTS = {
    "default": None,
    "polling": ["polling"],
    "websocket": ["websocket"],
}


@pytest.fixture
def server(server_factory):
    return server_factory(WORKERS, trusted_proxies=1)


@pytest.fixture
def edge(server):
    """The nginx of deploy/, which keeps its connections to the workers."""
    with Edge(one_machine(f"127.0.0.1:{server.port}")) as running:
        yield running


def assert_all_get_every_update(hall, api, room):
    hall.wait_for_all("room-state", timeout=30)
    for number in range(UPDATES):
        api.update_room(room, name=f"No. {number}")
    last = api.state(room.share_token)["revision"]
    hall.wait_for_all("room-update", lambda p: p["revision"] == last, timeout=30)

    assert hall.events("connect_error") == []
    assert hall.events("disconnect") == []
    heard = {viewer: [] for viewer in range(hall.count)}
    for event in hall.events("room-update"):
        heard[event.viewer].append(event.payload["revision"])
    expected = list(range(last - UPDATES + 1, last + 1))
    assert all(revisions == expected for revisions in heard.values())


@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=TRANSPORTS)
def test_every_client_gets_every_update_in_order(server, standard_clients, transports):
    api = server.api()
    room = api.create_room()
    hall = standard_clients(server, room, CLIENTS, transports)

    assert_all_get_every_update(hall, api, room)


@pytest.mark.parametrize("transports", [None, ["polling"]], ids=["default", "polling"])
def test_the_same_through_nginx_with_connections_kept_alive(
    server, edge, standard_clients, transports
):
    api = server.api()
    room = api.create_room()
    hall = standard_clients(edge, room, CLIENTS, transports)

    assert_all_get_every_update(hall, api, room)


def assert_all_reach(hall, api, room):
    api.update_room(room, name="The last word")
    last = api.state(room.share_token)["revision"]

    def arrived():
        states = [*hall.events("room-state"), *hall.events("room-update")]
        return len({e.viewer for e in states if e.payload["revision"] >= last})

    wait_until(lambda: arrived() == hall.count, "all are up to date", 20)


def test_clients_of_a_killed_worker_go_on_elsewhere(server, standard_clients):
    api = server.api()
    room = api.create_room()
    hall = standard_clients(server, room, 30)
    hall.wait_for_all("room-state", timeout=30)

    server.kill_worker(server.worker_pids()[0])

    assert_all_reach(hall, server.api(), room)


def test_clients_go_on_while_gunicorn_is_reloaded(server, standard_clients):
    api = server.api()
    room = api.create_room()
    hall = standard_clients(server, room, 30)
    hall.wait_for_all("room-state", timeout=30)

    server.reload(WORKERS)

    assert_all_reach(hall, server.api(), room)
