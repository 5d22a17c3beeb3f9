"""A server that is told to stop or to reload loses no command and no viewer."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException

import pytest

from tests.live.show import wait_until_shown
from tests.support.waiting import wait_until
from tests.system.sql import sessions, take_revision, transaction

# What the servers of the tests have; gunicorn kills a worker that takes longer.
GRACE_SECONDS = 5


@pytest.fixture
def server(server_factory):
    server = server_factory(workers=2)
    server.wait_for_workers(2)
    return server


@pytest.fixture
def room(server, connect):
    return connect(server).create_room()


def test_sigterm_lets_a_running_request_finish(server, room, postgres_url, connect):
    api = connect(server)
    timer = api.create_timer(room, "Keynote")
    with ThreadPoolExecutor(1) as pool:
        with transaction(postgres_url) as cursor:
            take_revision(cursor, room)
            waiting = pool.submit(api.start, room, timer)
            wait_until(lambda: sessions(postgres_url, "wait_event_type = 'Lock'"))
            server.signal(signal.SIGTERM)
            wait_until(lambda: not accepts(server), "no more connections")
        assert waiting.result()["status"] == "running"

    assert server.stop(GRACE_SECONDS + 1) == 0


def accepts(server):
    return server.is_ready()


def test_sigterm_ends_within_the_grace_however_many_watch(
    server, room, standard_clients
):
    hall = standard_clients(server, room, 100, transports=["websocket"])
    hall.wait_for_all("room-state")

    assert server.stop(GRACE_SECONDS + 1) == 0


@pytest.mark.parametrize("transports", [["websocket"], None], ids=["websocket", "any"])
def test_standard_clients_come_back_by_themselves_after_a_restart(
    server_factory, connect, standard_clients, transports
):
    workers = 2 if transports else 1
    server = server_factory(workers=workers)
    room = connect(server).create_room()
    options = {"reconnectionDelay": 100, "reconnectionDelayMax": 500}
    hall = standard_clients(server, room, 10, transports=transports, **options)
    hall.wait_for_all("room-state")
    if not transports:
        hall.wait_for_all("upgrade")
    since = len(hall.recording)

    assert server.stop() == 0
    gone = hall.wait_for_all("disconnect", since=since)
    server.start()

    assert {event.payload["reason"] for event in gone} == {"transport close"}
    hall.wait_for_all("connect", since=since)
    connect(server).update_room(room, name="After the restart")
    hall.wait_for_all("room-state", since=since)
    wait_until(
        lambda: (
            {
                event.viewer
                for event in hall.events(since=since)
                if isinstance(event.payload, dict)
                and event.payload.get("name") == "After the restart"
            }
            == set(range(10))
        ),
        "all see the change",
    )


def test_whoever_opens_a_connection_during_a_reload_is_answered(server):
    over = threading.Event()

    def ask_all_the_time():
        answers = []
        while not over.is_set():
            answers.append(server.is_ready())
        return answers

    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(ask_all_the_time) for _ in range(2)]
        try:
            for _ in range(3):
                server.reload(2)
        finally:
            over.set()
        answers = [answer for each in asking for answer in each.result()]

    assert len(answers) >= 10
    assert all(answers)


def test_sighup_reloads_while_commands_go_on(server, room, connect, viewer_factory):
    api = connect(server)
    timer = api.create_timer(room, "Keynote")
    viewer = viewer_factory(
        server, room, transports=["websocket"], reconnection_delay=0.05
    )
    over, answered, broken = threading.Event(), [], []

    def command_all_the_time():
        number = 0
        while not over.is_set():
            number += 1
            key = {"Idempotency-Key": f"command-{number}"}
            while number not in answered:
                try:
                    api.update_timer(room, timer, title=f"No. {number}", headers=key)
                    answered.append(number)
                except (OSError, HTTPException):
                    # The worker ended the connection: what every client retries.
                    broken.append(number)

    with ThreadPoolExecutor(1) as pool:
        commands = pool.submit(command_all_the_time)
        server.reload(2, timeout=15)
        over.set()
        commands.result()

    assert answered == list(range(1, len(answered) + 1))
    # A worker that is slow to end may meet a client more than once.
    assert len(broken) <= 10
    final = connect(server).state(room.share_token)
    assert final["timers"][0]["title"] == f"No. {answered[-1]}"
    wait_until_shown(viewer, final, timeout=10)
