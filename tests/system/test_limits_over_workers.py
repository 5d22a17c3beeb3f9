"""Limits hold over all workers, and each worker's while Redis is away."""

import itertools

import pytest

from tests.support.waiting import wait_until
from tests.system.workers import apis_on_each

LIMIT = 60
LIMITS = {"rate_limit_enabled": True, "rate_limit_rooms": f"{LIMIT} per hour"}


def create(api):
    return api.request("POST", "/api/rooms", {"name": "R"})


def let_through(api, most=LIMIT + 1):
    """Create rooms until it is refused, and return how many were created."""
    for created in range(most):
        answer = create(api)
        if answer.status == 429:
            return created
        assert answer.status == 201
    return most


@pytest.fixture
def server(server_factory, private_redis):
    server = server_factory(redis_url=private_redis.url, **LIMITS)
    server.wait_for_workers(2)
    return server


@pytest.fixture
def apis(server, connect):
    return apis_on_each(server, connect)


def test_workers_count_together(apis):
    first, second = apis
    # One worker's count is exact.
    assert let_through(first) == LIMIT

    # The other one knows after its first answer, or a little later.
    assert let_through(second) < LIMIT // 2
    refused = create(second)
    assert refused.status == 429
    assert refused.headers["ratelimit-remaining"] == "0"
    assert 0 < int(refused.headers["retry-after"]) <= 3600


def test_a_worker_that_takes_another_one_s_place_knows_what_was_counted(
    apis, server, connect
):
    first, _ = apis
    assert let_through(first) == LIMIT
    server.reload(2)

    assert let_through(connect(server)) < LIMIT // 2


def remaining(api):
    """Create a room, and return how many more may be."""
    answer = create(api)
    assert answer.status == 201
    return int(answer.headers["ratelimit-remaining"])


@pytest.mark.parametrize("away", ["kill", "freeze"])
def test_workers_count_together_again_when_redis_is_back(
    server_factory, private_redis, connect, away
):
    limits = {**LIMITS, "rate_limit_rooms": "100000 per hour"}
    server = server_factory(redis_url=private_redis.url, **limits)
    server.wait_for_workers(2)
    first, second = apis_on_each(server, connect)
    getattr(private_redis, away)()
    assert [remaining(first) for _ in range(20)] == list(range(99_999, 99_979, -1))
    assert [remaining(second) for _ in range(3)] == [99_999, 99_998, 99_997]

    if away == "kill":
        private_redis.start()
    else:
        private_redis.thaw()

    # Nobody asks the first one any more: it tells Redis by itself what it counted.
    since = itertools.count(4)
    wait_until(
        lambda: remaining(second) == 100_000 - 20 - next(since),
        "the second worker knows",
    )
