"""Workers share their counts: in one process, and over Redis, by the same rules."""

import contextlib

import pytest
import redis as redis_client

from app.clock import Instant
from app.live.presence import (
    EXPIRY_MS,
    Census,
    ProcessPresence,
    RedisPresence,
)
from app.transport.messages import RECOUNT
from tests.support.waiting import patient

NOW = Instant(1_800_000_000_000)
CHANNEL = "presence-test"
LAST = b"the last"
WAIT_SECONDS = patient(5)


@pytest.fixture
def client(redis_url):
    with contextlib.closing(redis_client.Redis.from_url(redis_url)) as client:
        yield client


@pytest.fixture
def over_redis(client):
    return RedisPresence("w1", client, CHANNEL)


@pytest.fixture
def in_process():
    return ProcessPresence("w1")


@pytest.fixture(params=["in_process", "over_redis"])
def presence(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def other(client):
    return RedisPresence("w2", client, CHANNEL)


def test_before_anybody_shared_nobody_watches(presence):
    census = presence.census(NOW)

    assert census == Census({}, {})
    assert census.in_room("hall") == 0
    assert census.by_room() == {}


def test_what_was_shared_is_in_the_census(presence):
    presence.share(7, {"hall": 4, "foyer": 2}, NOW)

    assert presence.census(NOW) == Census({"w1": 7}, {"w1": {"hall": 4, "foyer": 2}})


def test_sockets_in_no_room_are_counted_as_connections(presence):
    presence.share(3, {}, NOW)

    assert presence.census(NOW) == Census({"w1": 3}, {"w1": {}})


def test_sharing_again_replaces_what_was_shared(presence):
    presence.share(7, {"hall": 4, "foyer": 2}, NOW)
    presence.share(1, {"hall": 1}, NOW)

    assert presence.census(NOW) == Census({"w1": 1}, {"w1": {"hall": 1}})


def test_counts_that_were_withdrawn_are_gone(presence):
    presence.share(7, {"hall": 4}, NOW)
    presence.withdraw()

    assert presence.census(NOW).by_room() == {}
    assert presence.census(NOW).connections == {}


def test_withdrawing_what_was_never_shared_is_no_error(presence):
    presence.withdraw()

    assert presence.census(NOW) == Census({}, {})


def test_counts_that_are_renewed_do_not_expire(presence):
    presence.share(1, {"hall": 1}, NOW)
    later = Instant(NOW + EXPIRY_MS - 1)
    presence.share(1, {"hall": 1}, later)

    assert presence.census(Instant(later + EXPIRY_MS - 1)).in_room("hall") == 1


def test_the_counts_of_all_workers_add_up(over_redis, other):
    over_redis.share(5, {"hall": 4}, NOW)
    other.share(3, {"hall": 1, "foyer": 2}, NOW)

    census = over_redis.census(NOW)
    assert census == other.census(NOW)
    assert census.connections == {"w1": 5, "w2": 3}
    assert census.in_room("hall") == 5
    assert census.by_room() == {"hall": 5, "foyer": 2}


def test_the_viewers_of_a_dead_worker_disappear_and_the_others_stay(over_redis, other):
    other.share(3, {"hall": 3}, NOW)
    later = Instant(NOW + EXPIRY_MS + 1)
    over_redis.share(1, {"hall": 1}, later)

    assert over_redis.census(later) == Census({"w1": 1}, {"w1": {"hall": 1}})


def test_a_dead_worker_is_still_counted_until_its_counts_expire(over_redis, other):
    other.share(3, {"hall": 3}, NOW)

    assert over_redis.census(Instant(NOW + EXPIRY_MS - 1)).in_room("hall") == 3


def test_the_counts_of_a_dead_worker_do_not_stay_in_redis(over_redis, client):
    over_redis.share(3, {"hall": 3}, NOW)

    ttls = [
        client.pttl(key) for key in client.scan_iter() if client.type(key) == b"hash"
    ]
    assert ttls
    assert all(0 < ttl <= EXPIRY_MS for ttl in ttls)


def test_withdrawing_leaves_the_other_workers_counts(over_redis, other):
    over_redis.share(5, {"hall": 4}, NOW)
    other.share(3, {"hall": 1}, NOW)
    over_redis.withdraw()

    assert other.census(NOW) == Census({"w2": 3}, {"w2": {"hall": 1}})


def test_a_redis_that_is_away_is_told(private_redis):
    client = redis_client.Redis.from_url(private_redis.url)
    presence = RedisPresence("w1", client, CHANNEL)
    presence.share(1, {"hall": 1}, NOW)
    private_redis.stop()

    with contextlib.closing(client):
        for call in (
            lambda: presence.share(1, {}, NOW),
            lambda: presence.census(NOW),
            presence.withdraw,
        ):
            with pytest.raises(redis_client.RedisError):
                call()


def test_counts_are_back_with_a_redis_that_came_back_empty(private_redis):
    client = redis_client.Redis.from_url(private_redis.url)
    presence = RedisPresence("w1", client, CHANNEL)
    presence.share(1, {"hall": 1}, NOW)
    private_redis.stop()
    private_redis.start()

    with contextlib.closing(client):
        assert presence.census(NOW) == Census({}, {})
        presence.share(1, {"hall": 1}, NOW)
        assert presence.census(NOW).in_room("hall") == 1


@pytest.fixture
def heard(client):
    """What workers hear of each other, since the last time it was called."""
    with contextlib.closing(client.pubsub()) as pubsub:
        pubsub.subscribe(CHANNEL)
        assert pubsub.get_message(timeout=WAIT_SECONDS)["type"] == "subscribe"

        def since():
            # What is published before this is heard before it.
            client.publish(CHANNEL, "the last")
            found = []
            while (text := pubsub.get_message(timeout=WAIT_SECONDS)["data"]) != LAST:
                found.append(text.decode())
            return found

        yield since


def test_a_change_is_announced_and_a_renewal_is_not(over_redis, heard):
    over_redis.share(1, {"hall": 1}, NOW)
    assert heard() == [RECOUNT]

    over_redis.share(1, {"hall": 1}, NOW)
    assert heard() == []

    over_redis.share(2, {"hall": 1}, NOW)
    assert heard() == [RECOUNT]


def test_a_worker_that_ends_announces_it(over_redis, heard):
    over_redis.share(1, {"hall": 1}, NOW)
    heard()

    over_redis.withdraw()

    assert heard() == [RECOUNT]
