"""A full hall opens the page at once: each worker reads the room about once."""

import time

import pytest

from tests.support.crowd.crowd import Crowd
from tests.support.room_reads import log_statements, room_reads
from tests.support.server import Server
from tests.support.waiting import patient
from tests.system.figures import show as show_figures

VIEWERS = 2_000
WORKERS = 2
TIMERS = 5
# A worker may read once more than it must where a change and a join cross.
SPARE = 2
CALM_SECONDS = 2


@pytest.fixture
def witness(private_postgres):
    """A database that logs its statements: the witness of what the server reads."""
    log_statements(private_postgres)
    return private_postgres


@pytest.fixture
def server(witness, private_redis):
    with Server(witness.url, private_redis.url, WORKERS) as server:
        server.wait_for_workers(WORKERS)
        yield server


def test_two_thousand_viewers_cost_one_read_for_each_worker_and_revision(
    server, witness
):
    api = server.api()
    room = api.create_room()
    timers = [api.create_timer(room, f"Talk {number}") for number in range(TIMERS)]
    before = room_reads(witness)

    with Crowd(("127.0.0.1", server.port)) as crowd:
        begun = time.monotonic()
        crowd.join([room.share_token] * (VIEWERS // 2))
        crowd.watch_until_told(api.start(room, timers[0])["revision"])
        crowd.join([room.share_token] * (VIEWERS // 2))
        seconds = time.monotonic() - begun
        crowd.wait_for_count(VIEWERS)
        revisions = {viewer.revision for viewer in crowd.viewers.values()}

    read = room_reads(witness) - before
    show_figures(f"{VIEWERS} joined, with {read} reads of the room", [1000 * seconds])
    assert revisions == {api.state(room.share_token)["revision"]}
    assert WORKERS <= read <= 2 * WORKERS + SPARE
    assert seconds < patient(CALM_SECONDS)
