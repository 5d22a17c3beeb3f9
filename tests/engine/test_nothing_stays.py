"""Whoever comes and goes leaves nothing behind."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.engine.arrivals import hasty, mute, polling, straight, upgraded
from tests.engine.counting import CountingServer, kept
from tests.support.crowd.crowd import Crowd
from tests.support.environment import variable
from tests.support.waiting import wait_until

AT_ONCE = 20
VISITS = 600
HALL = 500
HALLS = 40
# By then every pool and cache of the process has its size.
WARM_HALLS = 8
# A session that stayed would take 5 kB at least, a greenlet more.
LEFT_BY_EACH = 1_000
NOBODY = dict.fromkeys(
    ("links", "sessions", "environments", "clients", "sockets", "watched rooms"), 0
)


@pytest.fixture
def server(postgres_url, redis_url):
    with CountingServer(postgres_url, redis_url) as server:
        yield server


@pytest.fixture
def worker(server):
    (pid,) = server.worker_pids()
    return Path(f"/proc/{pid}")


@pytest.fixture
def api(server):
    return server.api()


@pytest.fixture
def room(api):
    return api.create_room()


def descriptors(worker):
    return len(list((worker / "fd").iterdir()))


def private_bytes(worker):
    for line in (worker / "smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no Private_Dirty")


@pytest.fixture
def wait_until_nobody_is_known(api, worker, room):
    """Waits until the worker keeps what it kept before anybody came."""
    files, greenlets = descriptors(worker), kept(api)["greenlets"]

    def nothing_is_kept():
        counts = kept(api)
        # One more is the pinger, which begins with the first client.
        return counts.pop("greenlets") <= greenlets + 1 and counts == NOBODY

    def nobody_is_counted():
        stats = api.request("GET", "/api/stats/socket").json
        return stats["connections"] == stats["rooms"] == 0

    def wait():
        # What the pools of connections keep may have come meanwhile.
        wait_until(lambda: descriptors(worker) <= files + 10, "all are closed", 15)
        wait_until(nothing_is_kept, "nothing is kept", 15)
        wait_until(nobody_is_counted, "none counted", 40)

    return wait


@pytest.mark.skipif(
    variable("COVERAGE_PROCESS_CONFIG") is not None,
    reason="coverage keeps something for each greenlet",
)
def test_twenty_thousand_viewers_who_come_and_go_leave_nothing(
    server, worker, api, room, wait_until_nobody_is_known
):
    def fill_and_empty_the_hall(times):
        for _ in range(times):
            with Crowd(("127.0.0.1", server.port)) as crowd:
                crowd.join([room.share_token] * HALL)
                here = kept(api)
                assert here["links"] == here["sessions"] == here["sockets"] == HALL
        wait_until_nobody_is_known()

    fill_and_empty_the_hall(WARM_HALLS)
    warm = private_bytes(worker)
    fill_and_empty_the_hall(HALLS - WARM_HALLS)
    grown = private_bytes(worker) - warm

    print(f"{HALL * HALLS} came and went: {grown / 1e6:.1f} MB more")  # noqa: T201
    assert grown < LEFT_BY_EACH * HALL * (HALLS - WARM_HALLS)


@pytest.mark.parametrize("come", [straight, upgraded, polling, hasty, mute])
def test_however_viewers_come_and_go_they_leave_nothing(
    server, room, wait_until_nobody_is_known, come
):
    def come_and_go(_):
        with ExitStack() as visit:
            come(visit, server, room)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(come_and_go, range(VISITS)))

    wait_until_nobody_is_known()
