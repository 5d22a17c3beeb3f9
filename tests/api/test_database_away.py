"""While the database is away the answer says so, and not that a token is invalid."""

import pytest

from app.config import load
from tests.support.api import Api
from tests.support.environment import product_settings
from tests.support.senders import in_process
from tests.support.waiting import wait_until


@pytest.fixture
def api(private_postgres, app_factory, tmp_path):
    """A client of an application whose database can be stopped."""
    settings = product_settings(tmp_path, database_url=private_postgres.url)
    return Api(in_process(app_factory(load(settings)).test_client()))


def requests_of(room, timer):
    """Requests of every kind, each with a valid token and a key of its own."""
    body = {"title": "Talk", "duration": 60_000}
    requests = [
        ("POST", "/api/rooms", {"name": "Hall"}, None),
        ("POST", "/api/rooms", {"name": "Hall"}, room.admin_token),
        ("GET", "/api/rooms", None, room.admin_token),
        ("GET", f"/api/rooms/{room.share_token}", None, None),
        ("PUT", f"/api/rooms/{room.id}", {"name": "Hall"}, room.admin_token),
        ("POST", f"/api/rooms/{room.id}/timers", body, room.admin_token),
        ("POST", f"/api/rooms/{room.id}/tokens", None, room.admin_token),
        ("POST", f"/api/timers/{timer['id']}/start", None, room.admin_token),
        ("POST", "/api/auth/refresh", None, room.refresh_token),
    ]
    return [
        (*request, {"Idempotency-Key": f"request-number-{number}"})
        for number, request in enumerate(requests)
    ]


def test_every_request_is_told_to_come_back_and_then_works(
    api, room, timer, private_postgres
):
    requests = requests_of(room, timer)
    private_postgres.stop()

    for request in requests:
        answer = api.request(*request)
        assert answer.status == 503, request
        assert answer.json["code"] == "database-away"
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) > 0
    health = api.request("GET", "/health")
    assert (health.status, health.json["database"]) == (503, "down")

    private_postgres.start()
    assert wait_until(lambda: api.request("GET", "/health").ok)
    for request in requests:
        answer = api.request(*request)
        assert answer.ok, (request, answer.text)


def test_what_needs_no_database_is_answered_all_the_same(api, private_postgres):
    private_postgres.stop()

    for path in ("/api/docs", "/api/openapi.json", "/metrics", "/"):
        assert api.request("GET", path).status < 400


def test_a_bad_token_is_a_bad_token_all_the_same(api, private_postgres):
    private_postgres.stop()

    assert api.request("GET", "/api/rooms", token="forged").status == 401
    assert api.request("GET", "/api/rooms").status == 401


def test_connections_that_the_database_dropped_are_replaced(
    api, room, timer, private_postgres
):
    private_postgres.stop()
    private_postgres.start()

    assert api.start(room, timer)["status"] == "running"
