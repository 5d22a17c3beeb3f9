"""Whoever comes and goes leaves nothing behind."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.waiting import wait_until
from tests.system.wire import join_packets, websocket_to

CONNECTIONS = 2_000
AT_ONCE = 20


@pytest.fixture
def server(server_factory):
    return server_factory(1)


def descriptors(pid):
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def test_thousands_who_come_and_go_leave_nothing_behind(server):
    api = server.api()
    room = api.create_room()
    (pid,) = server.worker_pids()
    before = descriptors(pid)

    def come_and_go(number):
        with websocket_to(server) as connection:
            if number % 2:
                for packet in join_packets(room.share_token):
                    connection.send(packet)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(come_and_go, range(CONNECTIONS)))

    # The connection of `api`, and what the pools keep, may have come meanwhile.
    wait_until(lambda: descriptors(pid) <= before + 10, "all are closed", 15)

    def counted():
        return api.request("GET", "/api/stats/socket").json

    wait_until(
        lambda: counted()["connections"] == counted()["rooms"] == 0, "none counted", 40
    )
