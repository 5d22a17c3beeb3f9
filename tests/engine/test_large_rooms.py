"""A room with thousands of viewers does not keep its worker from anything else."""

import re
from contextlib import ExitStack
from statistics import median

import pytest

from tests.engine.files import room_for_files
from tests.system.figures import show as show_figures
from tests.system.transport.raw import Connection

BROADCASTS = 20
LAG = re.compile(r"^live_timer_loop_lag_seconds ([0-9.e-]+)$", re.MULTILINE)


# As much as a room may hold of them: its state has more than a megabyte.
TIMERS = 500
DESCRIPTION = "x" * 2_000


@pytest.fixture
def server(server_factory):
    return server_factory(1, embedded=True)


def test_a_room_as_full_as_it_may_be_can_be_watched(server):
    api = server.api()
    room = api.create_room()
    for number in range(TIMERS):
        api.create_timer(room, f"No. {number}", description=DESCRIPTION)

    with Connection(server.port) as viewer:
        viewer.join(room.share_token)
        api.update_room(room, name="Full")
        viewer.read_until(b'"Full"')

    assert "slow-consumer" not in server.read_log()


# On a calm machine, telling 5 000 in one piece takes longer than 20 ms. That telling is
# done in slices is proved in tests/unit/transport/test_deliveries.py as well.
@pytest.mark.parametrize(
    ("viewers", "lag_seconds"),
    [
        pytest.param(1_000, 1, id="busy"),
        pytest.param(5_000, 0.02, id="calm", marks=pytest.mark.soak),
    ],
)
def test_telling_thousands_leaves_the_loop_to_others(server, viewers, lag_seconds):
    room_for_files(viewers)
    api = server.api()
    room = api.create_room()
    with ExitStack() as stack:
        hall = []
        for _ in range(viewers):
            hall.append(viewer := stack.enter_context(Connection(server.port)))
            viewer.join(room.share_token)
        lags = []
        for number in range(BROADCASTS):
            api.update_room(room, name=f"No. {number}")
            lags.append(float(LAG.search(api.request("GET", "/metrics").text)[1]))
        for viewer in hall:
            viewer.read_until(f'"No. {BROADCASTS - 1}"'.encode())

    show_figures("The loop's lag", [1000 * lag for lag in lags])
    assert median(lags) < lag_seconds
