"""One slow client harms nobody: it is cut off, and what it costs is bounded."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from app.transport.backlog import MAX_BYTES
from app.transport.link import SEND_BUFFER_BYTES
from tests.support.waiting import wait_until
from tests.system.onlookers import Onlookers
from tests.system.wire import join_packets, websocket_to

SLOW = 50
READING = 10
UPDATES = 400
# Those who read are on one thread of this process: they get time to.
IN_TURN = 20
# A description of 2 000 characters in each update: more than any buffer holds.
TEXT = "x" * 1990


@pytest.fixture
def server(server_factory):
    return server_factory(1)


def resident_bytes(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def test_viewers_that_stop_reading_are_cut_off_and_the_others_hear_everything(server):
    api = server.api()
    room = api.create_room()
    (pid,) = server.worker_pids()
    with ExitStack() as stack:
        for _ in range(SLOW):
            connection = stack.enter_context(websocket_to(server))
            for packet in join_packets(room.share_token):
                connection.send(packet)
        reading = stack.enter_context(Onlookers(server, [room.share_token] * READING))
        wait_until(lambda: len(reading.named("room-state")) == READING, "all watch", 10)
        before = resident_bytes(pid)

        for number in range(1, UPDATES + 1):
            api.update_room(room, description=f"{number:04} {TEXT}")
            if number % IN_TURN == 0:
                wait_until(
                    lambda heard=READING * number: (
                        len(reading.named("room-update")) == heard
                    ),
                    "those who read have heard all",
                    10,
                )
        grown = resident_bytes(pid) - before

    wait_until(lambda: server.read_log().count("slow-consumer") == SLOW, "the log", 10)
    assert grown < SLOW * (MAX_BYTES + 2 * SEND_BUFFER_BYTES) + 20_000_000
