"""Limits ask Redis nothing, and are exact within a worker without it.

How workers count together is in `tests/system/test_limits_over_workers.py`.
"""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.clock import now
from tests.support.api import Api
from tests.support.senders import in_process
from tests.support.waiting import patient, patient_ms

LIMITS = {"rate_limit_enabled": True, "rate_limit_rooms": "3 per minute"}
pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def app(settings_factory, app_factory, private_redis):
    return app_factory(settings_factory(**LIMITS, redis_url=private_redis.url))


def create(api):
    return api.request("POST", "/api/rooms", {"name": "R"}).status


@pytest.mark.parametrize("away", ["kill", "freeze"])
def test_each_counts_for_itself_while_redis_is_away(api, private_redis, away):
    assert create(api) == 201
    getattr(private_redis, away)()

    assert [create(api) for _ in range(3)] == [201, 201, 429]


@pytest.mark.parametrize("away", ["kill", "freeze"])
def test_nobody_waits_or_fails_who_asks_in_the_moment_when_redis_goes(
    app, private_redis, away
):
    together = Barrier(8)

    def ask(_):
        api = Api(in_process(app.test_client()))
        together.wait(patient(10))
        begun = now()
        return create(api), now() - begun

    getattr(private_redis, away)()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))

    assert {status for status, _ in answers} == {201, 429}
    assert max(lasted for _, lasted in answers) < patient_ms(2_000)
