"""Workers exchange their counts when something changed, and else seldom."""

import contextlib

import pytest
import redis as redis_client

from app.live import audience as counting
from tests.support.waiting import wait_until

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def workers(settings_factory, app_factory, redis_url):
    """The audiences of two workers that were started and have seen each other."""
    settings = settings_factory(redis_url=redis_url)
    audiences = [app_factory(settings).extensions["audience"] for _ in range(2)]
    for audience in [*audiences, *audiences]:
        audience.take_count()
    return audiences


@pytest.fixture
def client(redis_url):
    with contextlib.closing(redis_client.Redis.from_url(redis_url)) as client:
        yield client


def asked(client):
    """How often Redis was asked anything, but for this."""
    stats = client.info("commandstats")
    return sum(each["calls"] for name, each in stats.items() if name != "cmdstat_info")


def join(audience, sid, room="hall"):
    audience.viewers.connect(sid)
    audience.viewers.join(sid, room)


def test_while_nothing_changes_redis_is_asked_nothing_until_the_refresh(
    workers, client, monkeypatch
):
    first, _ = workers
    join(first, "a")
    first.take_count()
    # However slow this machine is.
    monkeypatch.setattr(counting, "REFRESH_MS", 3_600_000)
    before = asked(client)

    for _ in range(10):
        first.take_count()

    assert asked(client) == before


def test_what_did_not_change_is_renewed_in_time(workers, client, monkeypatch):
    first, second = workers
    join(first, "a")
    first.take_count()
    client.flushdb()
    monkeypatch.setattr(counting, "REFRESH_MS", 0)

    first.take_count()
    second.take_count()

    assert second.count("hall") == 1


def test_a_change_is_shared_at_once(workers):
    first, second = workers
    join(first, "a")
    first.take_count()

    second.look_around()
    second.take_count()

    assert second.count("hall") == 1
    assert second.census.connections == first.census.connections


def test_who_was_told_to_look_around_looks_once(workers, client, monkeypatch):
    first, _ = workers
    monkeypatch.setattr(counting, "REFRESH_MS", 3_600_000)
    first.look_around()
    first.take_count()
    before = asked(client)

    first.take_count()

    assert asked(client) == before


def test_a_redis_that_was_away_is_asked_at_the_next_count(
    settings_factory, app_factory, private_redis, monkeypatch
):
    settings = settings_factory(redis_url=private_redis.url)
    first, second = (app_factory(settings).extensions["audience"] for _ in range(2))
    monkeypatch.setattr(counting, "REFRESH_MS", 3_600_000)
    private_redis.stop()
    join(first, "a")
    first.take_count()
    private_redis.start()

    first.take_count()

    def second_knows():
        second.take_count()
        return second.count("hall") == 1

    wait_until(second_knows, "the other worker counts the viewer")
