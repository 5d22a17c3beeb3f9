"""A room with thousands of viewers does not keep its worker from anything else."""

import json
import re
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import pytest

from app.transport.backlog import MAX_WORKER_BYTES
from tests.engine.files import room_for_files
from tests.system.figures import show as show_figures
from tests.system.transport.raw import Connection
from tests.system.wire import Polling, join_packets

BROADCASTS = 20
LAG = re.compile(r"^live_timer_loop_lag_seconds ([0-9.e-]+)$", re.MULTILINE)


# As many as a room may hold, and nearly as much text: its state has 400 kB.
TIMERS = 500
DESCRIPTION = "x" * 480
STATE_BYTES = 350_000
JOINERS = 200
# A copy of the state for each of them would be 80 MB.
MOST_GROWTH = 30_000_000
# Half as much again as what may wait in a worker.
READING_NOTHING = 3 * MAX_WORKER_BYTES // (2 * STATE_BYTES)


@pytest.fixture
def server(server_factory):
    return server_factory(1, embedded=True)


@pytest.fixture
def api(server):
    return server.api()


@pytest.fixture
def full_room(api):
    room = api.create_room()
    for number in range(TIMERS):
        api.create_timer(room, f"No. {number}", description=DESCRIPTION)
    return room


@pytest.fixture
def resident_bytes(server):
    """Tells how much memory the worker has."""
    (pid,) = server.worker_pids()
    return lambda: int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def reorder(api, room):
    """Have the whole state told; return its revision."""
    state = api.state(room.share_token)
    ids = [timer["id"] for timer in reversed(state["timers"])]
    body = {"timerIds": ids}
    path = f"/api/rooms/{room.id}/timers/reorder"
    answer = api.request("POST", path, body, token=room.admin_token)
    assert answer.ok, answer
    return state["revision"] + 1


@pytest.mark.parametrize("transports", [["polling"], ["websocket"], None])
def test_a_full_room_reaches_standard_clients_on_every_transport(
    server, api, full_room, standard_clients, transports
):
    clients = standard_clients(server, full_room, 3, transports)

    for event in clients.wait_for_all("room-state", timeout=30):
        assert len(event.payload["timers"]) == TIMERS
    revision = reorder(api, full_room)
    clients.wait_for_all(
        "room-state", lambda payload: payload["revision"] == revision, 30
    )

    assert not clients.events("disconnect")
    assert "slow-consumer" not in server.read_log()


def test_hundreds_who_join_at_once_and_read_late_share_one_state(
    server, full_room, resident_bytes
):
    with ExitStack() as stack:
        hall = [
            stack.enter_context(Connection(server.port, 30)) for _ in range(JOINERS)
        ]
        # Whatever the first one needs is there already.
        stack.enter_context(Connection(server.port)).join(full_room.share_token)
        before = resident_bytes()
        for viewer in hall:
            viewer.open_websocket()
            viewer.ask_to_join(full_room.share_token)
        assert_they_share_one_state(hall, resident_bytes, before)

    assert "slow-consumer" not in server.read_log()


def test_hundreds_of_polls_whose_answers_are_not_read_share_one_state(
    server, full_room, resident_bytes
):
    with ExitStack() as stack:
        stack.enter_context(Connection(server.port)).join(full_room.share_token)
        before = resident_bytes()
        hall = []
        for _ in range(JOINERS):
            hall.append(viewer := stack.enter_context(Connection(server.port, 30)))
            sid = viewer.open_polling()
            viewer.post(sid, *join_packets(full_room.share_token))
            viewer.poll(sid)
        assert_they_share_one_state(hall, resident_bytes, before)

    assert "slow-consumer" not in server.read_log()


def assert_they_share_one_state(hall, resident_bytes, before):
    """All are sent the whole state, which a worker with so many bytes keeps once."""
    for viewer in hall:
        viewer.read_until(b'["room-state"')
    grown = resident_bytes() - before
    print(f"{len(hall)} cost {grown / 1e6:.1f} MB")  # noqa: T201 - for who reads the run
    for viewer in hall:
        assert len(viewer.read_until(b'["user-count"')) > STATE_BYTES
    assert grown < MOST_GROWTH


def test_clients_that_read_nothing_cannot_take_the_memory_of_their_worker(
    server, api, full_room, resident_bytes
):
    with ExitStack() as stack:
        reads = stack.enter_context(Connection(server.port, 30))
        reads.join(full_room.share_token)
        before = resident_bytes()
        for number in range(READING_NOTHING):
            # Each waits for a state that no other one has.
            api.update_room(full_room, name=f"No. {number}")
            viewer = stack.enter_context(Connection(server.port, 30))
            viewer.open_websocket()
            viewer.ask_to_join(full_room.share_token)
            viewer.read_until(b'["room-state"')
            reads.read_until(f'"No. {number}"'.encode())
        grown = resident_bytes() - before

        assert "slow-consumer" in server.read_log()
        assert not reads.has_ended()

    print(f"they cost {grown / 1e6:.1f} MB")  # noqa: T201 - for who reads the run
    assert grown < 2 * MAX_WORKER_BYTES


def test_a_client_that_polls_late_gets_the_newest_state_alone(api, full_room):
    with Polling(api) as session:
        session.post(*join_packets(full_room.share_token))
        session.poll_until('42["room-state"', 1)
        for _ in range(10):
            revision = reorder(api, full_room)

        (state,) = session.poll_until('42["room-state"', 1)

    assert json.loads(state[2:])[1]["revision"] == revision


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
