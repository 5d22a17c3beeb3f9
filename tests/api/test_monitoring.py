"""Health, counts and metrics: open in development, for monitors in production."""

import pytest

from tests.api.people import operator_of, signed

MONITORED = ["/metrics", "/api/stats/socket"]
METRICS_TOKEN = "for monitors only"

in_production = pytest.mark.settings(
    app_env="production", metrics_token=METRICS_TOKEN, allow_anonymous_rooms=True
)
monitored = pytest.mark.parametrize("path", MONITORED)


def test_a_healthy_server_says_so_to_anyone(api):
    answer = api.request("GET", "/health")

    assert answer.status == 200
    assert answer.json == {"status": "ok", "database": "up", "redis": "none"}


def test_nobody_connected_is_counted_as_nobody(api):
    assert api.request("GET", "/api/stats/socket").json == {
        "connections": 0,
        "rooms": 0,
        "viewers": {"byRoom": {}, "byWorker": {}},
    }


def test_viewers_are_counted_by_room_and_by_worker(api, app, room):
    audience = app.extensions["audience"]
    audience.viewers.connect("a")
    audience.viewers.connect("b")
    audience.viewers.join("a", room.id)
    audience.take_count()

    assert api.request("GET", "/api/stats/socket").json == {
        "connections": 2,
        "rooms": 1,
        "viewers": {
            "byRoom": {room.id: 1},
            "byWorker": {app.extensions["worker"]: 1},
        },
    }


def test_metrics_are_in_prometheus_s_text_format(api):
    answer = api.request("GET", "/metrics")

    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.text.splitlines()
    assert lines
    assert all(line.startswith("#") or line.rsplit(" ", 1)[1] for line in lines if line)


@monitored
def test_in_development_anyone_may_look(api, path):
    assert api.request("GET", path).status == 200
    assert api.request("GET", path, token="whatever").status == 200


@monitored
@in_production
def test_in_production_the_metrics_token_opens(api, path):
    assert api.request("GET", path, token=METRICS_TOKEN).status == 200
    lower = {"Authorization": f"bearer {METRICS_TOKEN}"}
    assert api.request("GET", path, headers=lower).status == 200


@monitored
@pytest.mark.settings(app_env="production", allow_anonymous_rooms=True)
def test_in_production_without_a_metrics_token_a_token_of_ours_opens(api, room, path):
    for token in (room.admin_token, operator_of(api, room), signed()):
        assert api.request("GET", path, token=token).status == 200


@monitored
@pytest.mark.settings(metrics_token=METRICS_TOKEN)
def test_where_a_metrics_token_is_set_it_opens_alone_in_development_too(
    api, room, path
):
    assert api.request("GET", path, token=METRICS_TOKEN).status == 200
    assert api.request("GET", path).status == 401
    assert api.request("GET", path, token=room.admin_token).status == 401


@monitored
@in_production
def test_in_production_nothing_else_opens(api, room, path):
    assert api.request("GET", path).status == 401
    near = [METRICS_TOKEN[:-1], METRICS_TOKEN + "s", "ü", "x y"]
    ours = [room.admin_token, room.refresh_token, operator_of(api, room), signed()]
    for token in near + ours:
        answer = api.request("GET", path, token=token)
        assert answer.status == 401
        assert answer.json["code"] == "unauthenticated"


@monitored
@pytest.mark.settings(app_env="production", allow_anonymous_rooms=True)
def test_where_no_metrics_token_is_set_an_empty_one_does_not_open(api, path):
    for header in ("Bearer", "Bearer ", "Bearer None", ""):
        answer = api.request("GET", path, headers={"Authorization": header})
        assert answer.status == 401


@in_production
def test_the_metrics_token_opens_nothing_else(api, room):
    for method, path in (("GET", "/api/rooms"), ("POST", "/api/auth/revoke")):
        assert api.request(method, path, token=METRICS_TOKEN).status == 401
