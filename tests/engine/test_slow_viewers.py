"""One slow client harms nobody: it is cut off, and what it costs is bounded."""

from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median

import pytest

from app.transport.backlog import MAX_BYTES
from app.transport.link import SEND_BUFFER_BYTES
from tests.support.crowd.commands import descriptions
from tests.support.crowd.crowd import Crowd
from tests.system.wire import join_packets, websocket_to

SLOW = 50
READING = 450
# In each update, so that fifty who read nothing fill their buffers before long.
CHARACTERS = 1_990
ALONE = 60
MOST_UPDATES = 600


@pytest.fixture
def server(server_factory):
    return server_factory(1)


def resident_bytes(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


@pytest.mark.timeout(120)
def test_fifty_who_stop_reading_are_cut_off_and_cost_the_others_nothing(server):
    api = server.api()
    room = api.create_room()
    timer = api.create_timer(room, "Keynote")
    (pid,) = server.worker_pids()
    address = ("127.0.0.1", server.port)

    def cut_off():
        return server.read_log().count("slow-consumer")

    with (
        Crowd(address) as reading,
        closing(descriptions(address, room, timer, CHARACTERS)) as updates,
        ExitStack() as slow,
    ):
        reading.join([room.share_token] * READING)
        alone = [reading.deliver(updates).last for _ in range(ALONE)]
        for _ in range(SLOW):
            connection = slow.enter_context(websocket_to(server))
            for packet in join_packets(room.share_token):
                connection.send(packet)
        reading.wait_for_count(READING + SLOW)
        before = peak = resident_bytes(pid)

        beside = []
        while cut_off() < SLOW and len(beside) < MOST_UPDATES:
            beside.append(reading.deliver(updates).last)
            peak = max(peak, resident_bytes(pid))
        alone += [reading.deliver(updates).last for _ in range(ALONE)]

    ratio = median(beside) / median(alone)
    grown = (peak - before) / 1e6
    print(  # noqa: T201 - figures for whoever reads the run
        f"{SLOW} cut off after {len(beside)} updates; memory grew by {grown:.1f} MB; "
        f"the last of {READING} readers after {1000 * median(beside):.1f} ms, "
        f"{ratio:.2f} times as long as without them"
    )
    assert cut_off() == SLOW
    assert peak - before < SLOW * (MAX_BYTES + 2 * SEND_BUFFER_BYTES) + 20_000_000
    assert ratio < 2
