"""Workers count by themselves, and learn from Redis what the others counted."""

import time

import gevent
import pytest
import redis
from limits import parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from app.auth.settled_counts import SettledCounts, storage_uri
from tests.support.waiting import patient

KEY = "subject:a/commands"


@pytest.fixture
def worker(redis_url):
    """Makes what each worker has."""
    return lambda: SettledCounts(storage_uri(redis_url))


def count(storage, times, key=KEY, seconds=60):
    for _ in range(times):
        total = storage.incr(key, seconds)
    return total


def settle(*workers):
    for one in workers:
        assert one.settle()


def test_a_worker_s_own_count_is_exact_and_asks_nobody(worker, redis_url):
    assert [worker().incr(KEY, 60), count(worker(), 100)] == [1, 100]
    assert redis.Redis.from_url(redis_url).dbsize() == 0


def test_after_settling_each_knows_what_all_counted(worker):
    first, second, third = worker(), worker(), worker()
    count(first, 5)
    count(second, 7)
    settle(first, second)

    assert first.get(KEY) == 5
    assert second.get(KEY) == 12
    assert count(first, 1) == 6
    settle(first)
    assert first.get(KEY) == 13
    assert count(third, 1) == 1
    settle(third)
    assert third.get(KEY) == 14


def test_settling_again_counts_nothing_twice(worker):
    first, second = worker(), worker()
    count(first, 5)
    settle(first, first)
    count(first, 1)
    settle(first, first)
    count(second, 1)
    settle(second)

    assert second.get(KEY) == 7


def test_a_worker_that_follows_another_one_knows_what_it_counted(worker):
    ended = worker()
    count(ended, 9)
    settle(ended)

    follower = worker()
    count(follower, 1)
    settle(follower)

    assert follower.get(KEY) == 10


def test_a_window_of_all_workers_ends_with_the_first_one_s(worker):
    first, second = worker(), worker()
    count(first, 1, seconds=40)
    settle(first)
    count(second, 1, seconds=60)
    assert second.get_expiry(KEY) - first.get_expiry(KEY) > 10

    settle(second)

    assert abs(second.get_expiry(KEY) - first.get_expiry(KEY)) < patient(0.1)


def test_nothing_stays_in_redis_after_the_window(worker, redis_url):
    first = worker()
    count(first, 1, seconds=40)
    settle(first)
    client = redis.Redis.from_url(redis_url)
    (key,) = client.keys()

    assert 0 < client.pttl(key) <= 40_000


def test_more_keys_than_fit_into_one_call_are_settled(worker):
    first, second = worker(), worker()
    for number in range(1_100):
        count(first, 1, f"key {number}")
        count(second, 2, f"key {number}")
    settle(first, second)

    assert {second.get(f"key {number}") for number in range(1_100)} == {3}


def test_a_key_that_was_forgotten_is_counted_on_by_the_others(worker):
    first, second = worker(), worker()
    count(first, 5)
    settle(first)
    first.clear(KEY)
    count(first, 1)
    count(second, 1)
    settle(first, second)

    assert second.get(KEY) == 7


@pytest.mark.parametrize("away", ["kill", "freeze"])
def test_counting_goes_on_without_redis_and_is_settled_when_it_is_back(
    private_redis, away, caplog
):
    caplog.set_level("INFO")
    first, second = (SettledCounts(storage_uri(private_redis.url)) for _ in range(2))
    count(first, 3)
    settle(first)
    getattr(private_redis, away)()

    count(first, 2)
    assert not first.settle()
    assert not first.settle()
    assert count(first, 1) == 6

    if away == "kill":
        private_redis.start()
    else:
        private_redis.thaw()
    count(second, 1)
    settle(first, second)
    assert second.get(KEY) == 7
    # Once for each change, however often it was tried.
    assert [
        one.message for one in caplog.records if one.name == "app.auth.settled_counts"
    ] == [
        "limits are counted by each worker",
        "limits are counted together again",
    ]


def wait_until(condition):
    """Let the greenlets of this process run until the condition is true."""
    end = time.monotonic() + patient(2)
    while not condition():
        assert time.monotonic() < end
        gevent.sleep(0.01)


def known_to(other):
    """Return what another worker knows, without counting anything."""
    other.incr(KEY, 60, amount=0)
    other.settle()
    return other.get(KEY)


@pytest.fixture
def running():
    """Runs a storage beside the test, in greenlets."""
    greenlets = []

    def run(storage):
        greenlets.append(gevent.spawn(storage.run))
        return storage

    yield run
    gevent.killall(greenlets)


def test_it_settles_by_itself_whenever_something_was_counted(worker, running):
    first, second = running(worker()), worker()
    for total in (1, 2, 3):
        count(first, 1)
        wait_until(lambda total=total: known_to(second) == total)


def test_it_settles_by_itself_once_redis_is_back(private_redis, running, caplog):
    first, second = (SettledCounts(storage_uri(private_redis.url)) for _ in range(2))
    private_redis.kill()
    running(first)
    count(first, 4)
    wait_until(lambda: "limits are counted by each worker" in caplog.text)

    private_redis.start()

    wait_until(lambda: known_to(second) == 4)


def test_a_worker_alone_has_nobody_to_settle_with():
    storage = storage_from_string(storage_uri(None))
    limiter, limit = FixedWindowRateLimiter(storage), parse("2 per minute")

    storage.start()

    assert [limiter.hit(limit, "a") for _ in range(3)] == [True, True, False]
    assert storage.settle()
    assert storage.check()
    assert storage.reset() == 1
    assert limiter.hit(limit, "a")
