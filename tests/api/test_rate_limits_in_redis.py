"""Limits are counted in Redis, and without it still answered."""

import pytest

from app import create_app
from tests.support.api import Api
from tests.support.senders import in_process

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def sharing(settings_factory, private_redis):
    """Two applications over one Redis, as two workers are."""
    settings = settings_factory(
        rate_limit_enabled=True,
        rate_limit_rooms="3 per minute",
        redis_url=private_redis.url,
    )
    return [Api(in_process(create_app(settings).test_client())) for _ in range(2)]


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
