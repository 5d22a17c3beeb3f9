"""PostgreSQL stops and starts: commands are refused meanwhile, and nobody restarts."""

import os
import signal
from contextlib import closing, contextmanager

import pytest

from tests.live.show import wait_until_shown
from tests.support.api import Api
from tests.support.processes import children
from tests.support.senders import HttpSender
from tests.support.server import Server
from tests.support.services import Postgres, Valkey
from tests.support.waiting import wait_until
from tests.system.workers import viewers_on_each


@pytest.fixture(scope="module")
def unreliable_postgres(migrated_data):
    with Postgres(migrated_data) as server:
        yield server


@pytest.fixture(scope="module")
def shared_server(unreliable_postgres):
    with (
        Valkey() as redis,
        Server(unreliable_postgres.url, redis.url, workers=2) as server,
    ):
        server.wait_for_workers(2)
        yield server


@pytest.fixture
def postgres_server(unreliable_postgres):
    """PostgreSQL, up at the beginning of the test whatever the one before did."""
    if not unreliable_postgres.running:
        unreliable_postgres.start()
    return unreliable_postgres


@pytest.fixture
def server(shared_server, postgres_server):
    wait_until(shared_server.is_ready, "commands work")
    return shared_server


@pytest.fixture
def api(server, connect):
    return connect(server)


@pytest.fixture
def room(api):
    return api.create_room()


def create(api, room):
    path = f"/api/rooms/{room.id}/timers"
    timer = {"title": "Keynote", "duration": 60_000}
    return api.request("POST", path, timer, room.admin_token)


def test_commands_are_refused_as_a_problem_and_work_again_afterwards(
    server, api, room, postgres_server, viewer_factory
):
    viewers = viewers_on_each(server, room, viewer_factory)
    postgres_server.stop()

    refused = create(api, room)

    assert refused.status == 503
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "1"
    assert refused.json["code"] == "database-away"
    health = api.request("GET", "/health")
    assert (health.status, health.json["database"]) == (503, "down")
    refusal = viewers[0].call("request-sync")
    assert refusal["error"]["code"] == "database-away"

    postgres_server.start()
    assert wait_until(lambda: create(api, room).ok, "commands work again")
    wait_until(lambda: api.request("GET", "/health").status == 200, "health tells")
    for viewer in viewers:
        wait_until_shown(viewer, api.state(room.share_token))
        assert viewer.events("disconnect") == []


def test_a_timer_that_ended_meanwhile_is_finished_afterwards(
    server, api, room, postgres_server, viewer_factory
):
    (viewer, *_) = viewers_on_each(server, room, viewer_factory)
    api.start(room, api.create_timer(room, "Sprint", 1_500))

    postgres_server.stop()
    # Health keeps asking until the end has passed; nothing else would tell.
    ends_at = viewer.wait_until(lambda screen: screen.state()["currentTimerId"])
    ends_at = ends_at.state()["timers"][0]["endsAt"]
    wait_until(
        lambda: viewer.call("ping")["serverTime"] > ends_at, "the end has passed"
    )
    postgres_server.start()

    finished = viewer.wait_for("timer-finished", timeout=5)
    assert finished.payload["endsAt"] == ends_at
    assert viewer.events("disconnect") == []


def test_no_failure_shows_its_inside(api, room, postgres_server):
    postgres_server.stop()

    refused = create(api, room)

    for word in ("psycopg2", "Traceback", "127.0.0.1", "SELECT", "sqlalche"):
        assert word not in refused.text


@contextmanager
def hanging(postgres_server):
    """Stop every process of PostgreSQL: connected, and silent."""
    processes = [postgres_server.pid, *children(postgres_server.pid)]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def test_a_postgres_that_hangs_holds_commands_but_not_for_ever(
    server, room, postgres_server
):
    with closing(HttpSender(server.base_url, timeout=60)) as patient:
        api = Api(patient)
        assert create(api, room).ok

        with hanging(postgres_server):
            refused = create(api, room)

        assert (refused.status, refused.json["code"]) == (503, "database-away")
        assert wait_until(lambda: create(api, room).ok, "commands work again", 30)
