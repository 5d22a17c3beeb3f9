"""Limits are counted in Redis, and without it still answered."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.extensions import limiter
from app.instants import now
from tests.support.api import Api
from tests.support.senders import in_process
from tests.support.waiting import patient, patient_ms

LIMITS = {"rate_limit_enabled": True, "rate_limit_rooms": "3 per minute"}
pytestmark = pytest.mark.database("sqlite")


@pytest.fixture(autouse=True)
def unaware():
    """The limiter, which all applications of a process share, misses no Redis yet."""
    yield
    limiter._storage_dead = False


@pytest.fixture
def sharing(settings_factory, app_factory, private_redis):
    """Two applications over one Redis, as two workers are."""
    settings = settings_factory(**LIMITS, redis_url=private_redis.url)
    return [Api(in_process(app_factory(settings).test_client())) for _ in range(2)]


def create(api):
    return api.request("POST", "/api/rooms", {"name": "R"}).status


def test_workers_count_together(sharing):
    first, second = sharing

    assert [create(api) for api in (first, second, first, second)] == [
        201,
        201,
        201,
        429,
    ]


@pytest.mark.parametrize("away", ["kill", "freeze"])
def test_each_counts_for_itself_while_redis_is_away(sharing, private_redis, away):
    first, _ = sharing
    assert create(first) == 201
    getattr(private_redis, away)()

    # The request that finds Redis gone may count twice.
    answers = [create(first) for _ in range(4)]
    assert answers[0] == 201
    assert answers[-1] == 429
    assert set(answers) == {201, 429}


@pytest.mark.parametrize("away", ["kill", "freeze"])
def test_nobody_waits_or_fails_who_asks_in_the_moment_when_redis_goes(
    settings_factory, app_factory, private_redis, away
):
    """Each request finds out by itself that Redis is away, all at the same time."""
    app = app_factory(settings_factory(**LIMITS, redis_url=private_redis.url))
    together = Barrier(8)

    def ask(_):
        api = Api(in_process(app.test_client()))
        together.wait(patient(10))
        begun = now()
        return create(api), now() - begun

    getattr(private_redis, away)()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))

    assert {status for status, _ in answers} <= {201, 429}
    assert max(lasted for _, lasted in answers) < patient_ms(2_000)
