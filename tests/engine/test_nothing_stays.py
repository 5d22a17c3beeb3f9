"""Whoever comes and goes leaves nothing behind."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.crowd.crowd import Crowd
from tests.support.waiting import wait_until
from tests.system.wire import join_packets, websocket_to

AT_ONCE = 20
HALL = 500
HALLS = 40
# By then every pool and cache of the process has its size.
WARM_HALLS = 8
# A session that stayed would take 5 kB at least, a greenlet more.
LEFT_BY_EACH = 1_000


@pytest.fixture
def server(server_factory):
    return server_factory(1)


@pytest.fixture
def worker(server):
    (pid,) = server.worker_pids()
    return Path(f"/proc/{pid}")


@pytest.fixture
def room(server):
    return server.api().create_room()


def descriptors(worker):
    return len(list((worker / "fd").iterdir()))


def private_bytes(worker):
    for line in (worker / "smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no Private_Dirty")


def wait_until_nobody_is_known(server, worker, files):
    # The connection that asks, and what the pools keep, may have come meanwhile.
    wait_until(lambda: descriptors(worker) <= files + 10, "all are closed", 15)
    api = server.api()

    def counted():
        stats = api.request("GET", "/api/stats/socket").json
        return stats["connections"], stats["rooms"]

    wait_until(lambda: counted() == (0, 0), "none counted", 40)


@pytest.mark.timeout(240)
def test_twenty_thousand_viewers_who_come_and_go_leave_nothing(server, worker, room):
    files = descriptors(worker)

    def fill_and_empty_the_hall(times):
        for _ in range(times):
            with Crowd(("127.0.0.1", server.port)) as crowd:
                crowd.join([room.share_token] * HALL)
        wait_until_nobody_is_known(server, worker, files)

    fill_and_empty_the_hall(WARM_HALLS)
    warm = private_bytes(worker)
    fill_and_empty_the_hall(HALLS - WARM_HALLS)
    grown = private_bytes(worker) - warm

    print(f"{HALL * HALLS} came and went: {grown / 1e6:.1f} MB more")  # noqa: T201
    assert grown < LEFT_BY_EACH * HALL * (HALLS - WARM_HALLS)


@pytest.mark.parametrize("joins", [True, False], ids=["joined", "never joined"])
def test_whoever_leaves_in_the_middle_of_connecting_leaves_nothing(
    server, worker, room, joins
):
    files = descriptors(worker)

    def come_and_go(_):
        with websocket_to(server) as connection:
            if joins:
                for packet in join_packets(room.share_token):
                    connection.send(packet)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(come_and_go, range(1_000)))

    wait_until_nobody_is_known(server, worker, files)
