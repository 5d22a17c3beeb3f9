"""A worker that dies costs its viewers a moment, and nobody a finish."""

from collections import Counter
from contextlib import ExitStack

import pytest

from app.clock import now
from app.live.presence import EXPIRY_MS, REFRESH_MS
from tests.live.show import wait_until_shown
from tests.support.server import Server
from tests.support.services import Valkey
from tests.support.waiting import patient_ms
from tests.system.figures import show as show_figures
from tests.system.sql import move_ends, start_timers_that_end_in
from tests.system.wire import join_packets, websocket_to
from tests.system.workers import WEBSOCKET, alone, apis_on_each, viewers_on_each

WORKERS = 2
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def stored(database_factory):
    return database_factory()


@pytest.fixture(scope="module")
def shared_server(stored):
    with Valkey() as redis, Server(stored, redis.url, workers=WORKERS) as server:
        yield server


@pytest.fixture
def server(shared_server):
    """The server with all its workers: gunicorn replaces those that a test killed."""
    shared_server.wait_for_workers(WORKERS)
    return shared_server


@pytest.fixture
def room(server, connect):
    return connect(server).create_room()


def test_finishes_still_come_once_and_within_three_seconds(
    server, room, stored, connect, viewer_factory
):
    later = now() + HOUR_MS
    timers = start_timers_that_end_in(stored, [room], 30, later)
    viewers = viewers_on_each(server, room, viewer_factory)
    victim, _ = server.worker_pids()
    started = connect(server).create_timer(room, "Started by the dying", 2_000)
    apis_on_each(server, connect)[0].start(room, started)
    move_ends(stored, timers, later - (now() + 2_000))

    server.kill_worker(victim)

    survivor = viewers[1]
    survivor.wait_until(
        lambda screen: (
            len(screen.state()["timers"]) == 31
            and all(t["status"] == "finished" for t in screen.state()["timers"])
        ),
        timeout=8,
    )
    survivor.call("ping")
    finishes = survivor.events("timer-finished")
    told = Counter(event.payload["id"] for event in finishes)
    assert set(told.values()) == {1}
    # A worker that lags heals a room with its state, which replaces news on the way.
    healed = {
        timer["id"]
        for state in survivor.events("room-state")
        for timer in state.payload["timers"]
        if timer["status"] == "finished"
    }
    assert told.keys() | healed == {*timers, started["id"]}
    late = [event.at - event.payload["endsAt"] for event in finishes]
    show_figures("Finishes after a worker was killed", late)
    assert max(late) <= patient_ms(3_000)


def test_another_worker_takes_its_place_and_its_viewers_come_back(
    server, room, connect, viewer_factory
):
    api = connect(server)
    timer = api.create_timer(room, "Keynote")
    orphan, witness = viewers_on_each(server, room, viewer_factory)
    victim, survivor = server.worker_pids()

    server.kill_worker(victim)

    orphan.wait_for("disconnect")
    commander = connect(server)
    commander.update_timer(room, timer, title="Said meanwhile")
    for viewer in (orphan, witness):
        viewer.wait_until(
            lambda screen: screen.timer(timer["id"])["title"] == "Said meanwhile"
        )
    workers = server.wait_for_workers(WORKERS)
    assert victim not in workers
    assert survivor in workers
    assert witness.events("disconnect") == []


def test_the_viewers_of_a_killed_worker_are_not_counted_for_ever(
    server, room, viewer_factory
):
    victim, survivor = server.worker_pids()
    with alone(server, survivor):
        witness = viewer_factory(server, room, **WEBSOCKET)
    with ExitStack() as stack:
        with alone(server, victim):
            lost = stack.enter_context(websocket_to(server))
        for packet in join_packets(room.share_token):
            lost.send(packet)
        witness.wait_for("user-count", lambda payload: payload["count"] == 2)
        since = len(witness.recording)

        server.kill_worker(victim)

        witness.wait_for(
            "user-count",
            lambda payload: payload["count"] == 1,
            timeout=(EXPIRY_MS + REFRESH_MS) / 1000 + 5,
            since=since,
        )


def test_commands_through_the_others_go_on(server, room, connect):
    killed, other = apis_on_each(server, connect)
    timer = killed.create_timer(room, "Keynote")

    server.kill_worker(server.worker_pids()[0])

    for number in range(20):
        assert other.update_timer(room, timer, title=str(number))["title"] == str(
            number
        )


def test_a_show_survives_the_death_of_every_worker(
    server, room, connect, viewer_factory
):
    api = connect(server)
    timer = api.start(room, api.create_timer(room, "Keynote", 4_000))
    viewers = viewers_on_each(server, room, viewer_factory)

    for pid in server.worker_pids():
        server.kill_worker(pid)

    server.wait_for_workers(WORKERS)
    for viewer in viewers:
        finished = viewer.wait_for("timer-finished", timeout=12)
        assert finished.payload["endsAt"] == timer["endsAt"]
        wait_until_shown(viewer, connect(server).state(room.share_token))
