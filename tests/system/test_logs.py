"""In production every line of the log is JSON, tells the request, and keeps secrets."""

import json

import pytest

from app.clock import now
from app.ops.log_limits import REFUSED
from tests.live.show import Show
from tests.support.waiting import wait_until
from tests.system.workers import WEBSOCKET

MONITOR = "the monitor's own token, which only operations know"


@pytest.fixture(scope="module")
def production(single_factory):
    with single_factory(
        app_env="production", allow_anonymous_rooms=True, metrics_token=MONITOR
    ) as server:
        yield server


@pytest.fixture
def played(production, connect, viewer_factory):
    """A whole show over every way in, with what goes wrong; its room, log and ids."""
    api = connect(production)
    room = api.create_room("Main stage")
    viewers = [viewer_factory(production, room, **how) for how in (WEBSOCKET, {})]
    show = Show(api, room)
    show.start("Greeting")
    for viewer in viewers:
        viewer.wait_for("timer-finished")
        viewer.call("join-room", {"shareToken": room.share_token, "extra": 1})
    answers = [
        api.request("GET", f"/api/rooms/{room.share_token}"),
        api.request("GET", f"/api/rooms/{room.share_token}/"),
        api.request("GET", f"/nowhere?token={room.admin_token}"),
        api.request("GET", f"/api/rooms?token={room.share_token}"),
        api.request("PUT", f"/api/rooms/{room.id}", token=f"{room.admin_token}x"),
        api.request("POST", f"/api/rooms/{room.id}/timers", [1], room.admin_token),
        api.request("GET", "/metrics", token=MONITOR),
    ]
    rotated = api.request(
        "POST", f"/api/rooms/{room.id}/share-token", token=room.admin_token
    )
    ids = [answer.headers["x-request-id"] for answer in [*answers, rotated]]
    wait_until(lambda: ids[-1] in production.read_log(), "the last line is written")
    secrets = [
        room.share_token,
        rotated.json["shareToken"],
        room.admin_token,
        room.refresh_token,
        MONITOR,
    ]
    return production.read_log(), ids, secrets


def test_every_line_is_json_with_a_level_a_time_and_an_event(played):
    log, _, _ = played
    for line in log.splitlines():
        assert json.loads(line).keys() >= {"level", "timestamp", "event"}, line


def test_every_request_has_its_own_id_in_answer_and_log(played):
    log, ids, _ = played
    entries = [json.loads(line) for line in log.splitlines()]
    requests = [each for each in entries if each["event"] == "request"]

    assert len(set(ids)) == len(ids)
    assert set(ids) <= {each["request_id"] for each in requests}
    for each in requests:
        assert each.keys() >= {"request_id", "method", "route", "status", "duration_ms"}


def test_no_line_holds_a_token(played):
    log, _, secrets = played
    for secret in secrets:
        assert secret not in log
    # Nor any other JSON Web Token: this is how each begins.
    assert "eyJ" not in log


def test_a_show_without_failures_logs_no_error(played):
    log, _, _ = played
    levels = {json.loads(line)["level"] for line in log.splitlines()}

    assert levels <= {"debug", "info", "warning"}
    assert "Traceback" not in log


def test_a_caller_s_own_request_id_is_kept(production, connect):
    named = {"X-Request-Id": "show-control-17"}

    answer = connect(production).request("GET", "/health", headers=named)

    assert answer.headers["x-request-id"] == "show-control-17"
    wait_until(lambda: "show-control-17" in production.read_log(), "it is logged")


def test_strangers_fill_the_log_only_so_far_and_hide_no_command(
    single_factory, connect
):
    """Of its own server, whose budgets are full."""
    flood = 1500
    with single_factory(app_env="production", allow_anonymous_rooms=True) as server:
        api, began = connect(server), now()
        room = api.create_room()
        timer = api.create_timer(room)
        junk = [
            ("GET", "/nowhere", None),
            ("GET", "/api/rooms", "junk"),
            ("GET", "/socket.io/?EIO=4&transport=polling&sid=a-0.gone", None),
            ("GET", "/socket.io/?EIO=4&transport=pigeon", None),
            ("POST", "/api/rooms", "junk"),
        ]
        for number in range(flood):
            method, path, token = junk[number % len(junk)]
            assert api.request(method, path, token=token).status >= 400
            if number % 100 == 0:
                api.reset(room, timer)
        last = api.request("GET", "/health", headers={"X-Request-Id": "the-last"})
        assert last.status == 200
        wait_until(lambda: "the-last" in server.read_log(), "the last line is written")
        entries = [json.loads(line) for line in server.read_log().splitlines()]
        seconds = (now() - began) / 1000

    requests = [entry for entry in entries if entry["event"] == "request"]
    refused = [entry for entry in requests if entry["status"] >= 400]
    resets = [entry for entry in requests if entry["route"].endswith("/reset")]
    assert len(resets) == flood / 100
    assert {entry["caller"] for entry in resets} == {"owner"}
    assert REFUSED.burst <= len(refused) <= REFUSED.burst + REFUSED.per_second * seconds
    # Nothing that they caused is an error.
    assert {entry["level"] for entry in entries} <= {"debug", "info", "warning"}
