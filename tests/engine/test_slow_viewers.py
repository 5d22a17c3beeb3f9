"""One slow client harms nobody: it is cut off, and what it costs is bounded."""

import re
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median

import pytest

from app.transport.backlog import MAX_BYTES
from app.transport.link import SEND_BUFFER_BYTES
from tests.support.crowd.commands import descriptions
from tests.support.crowd.crowd import Crowd
from tests.support.waiting import patient_ms, wait_until
from tests.system.figures import show as show_figures
from tests.system.transport.raw import Connection

SLOW = 50
READING = 450
# With and without them in turn: what else the machine does meets both alike.
ROUNDS = 3
# In each update, so that fifty who read nothing fill their buffers before long.
CHARACTERS = 1_990
ALONE = 50
MOST_UPDATES = 600
CUT_OFF = re.compile(r"^live_timer_slow_consumers_total ([0-9.e+]+)$", re.MULTILINE)
MOST_GROWTH = SLOW * (MAX_BYTES + 2 * SEND_BUFFER_BYTES) + 20_000_000


@pytest.fixture
def server(server_factory):
    return server_factory(1)


@pytest.fixture
def room(server):
    return server.api().create_room()


@pytest.fixture
def updates(server, room):
    """Commands, each of which makes an update as long as that."""
    timer = server.api().create_timer(room, "Keynote")
    address = ("127.0.0.1", server.port)
    with closing(descriptions(address, room, timer, CHARACTERS)) as commands:
        yield commands


@pytest.fixture
def resident_bytes(server):
    """Tells how much memory the worker has."""
    (pid,) = server.worker_pids()
    return lambda: int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


@pytest.fixture
def reading(server, room, updates):
    """Those who read."""
    with Crowd(("127.0.0.1", server.port)) as crowd:
        crowd.join([room.share_token] * READING)
        crowd.wait_for_count(READING)
        yield crowd


@pytest.fixture
def deliver(reading, updates):
    """Makes an update, and answers how long the last of them waited for it, in ms."""
    return lambda: 1000 * reading.deliver(updates).last


@pytest.mark.parametrize(
    "rounds",
    [
        pytest.param(1, id="busy"),
        pytest.param(ROUNDS, id="calm", marks=pytest.mark.soak),
    ],
)
def test_fifty_who_stop_reading_are_cut_off_and_cost_the_others_nothing(
    server, room, resident_bytes, reading, deliver, rounds
):
    api = server.api()

    def cut_off():
        return int(float(CUT_OFF.search(api.request("GET", "/metrics").text)[1]))

    def are_counted(goal):
        return lambda: cut_off() == goal

    def deliver_until_all_are_cut_off(goal):
        times = []
        while cut_off() < goal and len(times) < MOST_UPDATES:
            times.append(deliver())
            memory.append(resident_bytes())
        return times

    alone, beside, memory = [], [], []
    for number in range(1, rounds + 1):
        alone += [deliver() for _ in range(ALONE)]
        memory.append(resident_bytes())
        with ExitStack() as stack:
            slow = [stack.enter_context(Connection(server.port)) for _ in range(SLOW)]
            for viewer in slow:
                viewer.join(room.share_token)
            reading.wait_for_count(READING + SLOW)

            beside += deliver_until_all_are_cut_off(number * SLOW)

            wait_until(are_counted(number * SLOW), "they are counted")
            for viewer in slow:
                wait_until(viewer.has_ended, "a slow viewer's connection has ended")
        reading.wait_for_count(READING)
    alone += [deliver() for _ in range(ALONE)]

    ratio, grown = median(beside) / median(alone), max(memory) - memory[0]
    show_figures(f"The last of {READING} who read, beside {SLOW} who do not", beside)
    show_figures("Without those", alone)
    print(  # noqa: T201 - figures for whoever reads the run
        f"{ratio:.2f} times as long; {len(beside) / rounds:.0f} updates until they "
        f"were cut off; memory grew by {grown / 1e6:.1f} MB of {MOST_GROWTH / 1e6:.0f}"
    )
    # Those of one moment are one line.
    assert 0 < server.read_log().count("slow-consumer") < rounds * SLOW
    assert grown < MOST_GROWTH
    assert max(beside) < patient_ms(1_000)
    assert rounds == 1 or ratio < 3
