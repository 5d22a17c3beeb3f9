"""Every line goes through one pipeline, and every request has an id."""

import json
import logging
import re
from datetime import UTC, datetime

import pytest
import structlog
from flask import abort

from app.ops import logs

SHARE_TOKEN = "kX3-v_9QmZ1bT7uWpLr4Ays0"


@pytest.fixture
def lines(capsys):
    """Reads the JSON lines that were logged since the last call."""

    def read():
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    return read


def raised(text):
    with pytest.raises(ValueError, match=re.escape(text)) as caught:
        raise ValueError(text)
    return caught.value


def test_an_event_of_ours_is_one_json_line(configure, lines):
    configure(app_env="production")

    structlog.get_logger("app.live").warning("count lost", room="hall", viewers=3)

    (line,) = lines()
    timestamp = datetime.fromisoformat(line.pop("timestamp"))
    assert timestamp.tzinfo == UTC
    assert line == {
        "event": "count lost",
        "level": "warning",
        "logger": "app.live",
        "room": "hall",
        "viewers": 3,
    }


@pytest.mark.parametrize("name", ["gunicorn.error", "engineio", "sqlalchemy.pool"])
def test_a_librarys_record_looks_like_ours(configure, lines, name):
    configure(app_env="production")

    logging.getLogger(name).warning("%d workers", 4, extra={"pid": 17})

    (line,) = lines()
    assert line.pop("timestamp")
    assert line == {
        "event": "4 workers",
        "level": "warning",
        "logger": name,
        "pid": 17,
    }


def test_an_exception_is_told_with_its_traceback_on_the_same_line(configure, lines):
    configure(app_env="production")

    error = raised(f"no room at /r/{SHARE_TOKEN}")
    structlog.get_logger("app").error("failed", exc_info=error)

    (line,) = lines()
    assert "Traceback" in line["exception"]
    assert "ValueError: no room at /r/(hidden)" in line["exception"]


@pytest.mark.parametrize("app_env", ["production", "development"])
def test_no_share_token_is_written(configure, capsys, app_env):
    configure(app_env=app_env)
    ours, theirs = structlog.get_logger("app"), logging.getLogger("werkzeug")

    ours.error("asked for /r/%s", SHARE_TOKEN, share_token=SHARE_TOKEN)
    theirs.error('"GET /api/rooms/%s"', SHARE_TOKEN, extra={"sid": SHARE_TOKEN})
    theirs.error("failed", exc_info=raised(f"/r/{SHARE_TOKEN}"))

    written = capsys.readouterr().err
    assert written.count("(hidden)") == 5
    assert SHARE_TOKEN not in written


def test_development_reads_well(configure, capsys):
    configure(app_env="development")

    structlog.get_logger("app").info("ready", address="http://localhost:3000")

    written = capsys.readouterr().err
    assert "ready" in written
    assert "address=http://localhost:3000" in written


def test_what_is_below_the_level_is_left_out(configure, lines):
    configure(app_env="production", log_level="warning")

    structlog.get_logger("app").info("quiet")
    logging.getLogger("gunicorn.error").info("quiet")

    assert lines() == []


@pytest.mark.parametrize(("level", "told"), [("info", False), ("debug", True)])
def test_packets_are_told_at_debug_only(configure, lines, level, told):
    configure(app_env="production", log_level=level)

    logging.getLogger("engineio").info("received packet")

    assert bool(lines()) is told


def test_configuring_again_writes_each_line_once(configure, lines):
    configure(app_env="development")
    configure(app_env="production")

    structlog.get_logger("app").warning("once")

    assert len(lines()) == 1


def test_an_answered_request_is_one_line_that_names_its_template(app, lines):
    @app.get("/api/rooms/<share_token>")
    def room(share_token):
        return share_token

    client = app.test_client()
    answer = client.get(f"/api/rooms/{SHARE_TOKEN}?token={SHARE_TOKEN}")

    (line,) = lines()
    assert line.pop("duration_ms") >= 0
    assert line.pop("timestamp")
    assert line == {
        "caller": "anyone",
        "event": "request",
        "level": "info",
        "logger": "app.access",
        "method": "GET",
        "request_id": answer.headers["X-Request-Id"],
        "route": "/api/rooms/<share_token>",
        "status": 200,
    }


def test_a_path_that_is_no_route_is_not_logged(app, lines):
    app.test_client().get(f"/watch/{SHARE_TOKEN}")

    (line,) = lines()
    assert line["status"] == 404
    assert line["route"] == logs.NO_ROUTE
    assert SHARE_TOKEN not in json.dumps(line)


def test_a_failure_is_logged_under_the_id_that_the_caller_got(app, lines):
    @app.get("/")
    def fail():
        raise ZeroDivisionError

    answer = app.test_client().get("/")

    failure, request = lines()
    assert answer.status_code == request["status"] == 500
    assert "ZeroDivisionError" in failure["exception"]
    assert failure["request_id"] == answer.headers["X-Request-Id"]


def test_a_well_formed_id_of_the_caller_is_kept(app):
    offered = "edge-1.7_" + "x" * 55

    answer = app.test_client().get("/", headers={"X-Request-Id": offered})

    assert answer.headers["X-Request-Id"] == offered


@pytest.mark.parametrize("offered", ["", "x" * 65, "two words", "naïve", 'a"b'])
def test_any_other_id_is_replaced(app, offered):
    answer = app.test_client().get("/", headers={"X-Request-Id": offered})

    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-Id"])


def test_what_one_request_bound_is_gone_in_the_next(app, lines):
    @app.get("/bind")
    def bind():
        structlog.contextvars.bind_contextvars(room="hall")
        abort(409)

    client = app.test_client()
    first, second = client.get("/bind"), client.get("/")
    structlog.get_logger("app").info("afterwards")

    bound, unbound, afterwards = lines()
    assert bound["room"] == "hall"
    assert "room" not in unbound
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]
    assert "request_id" not in afterwards
