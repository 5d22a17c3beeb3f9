"""What clients can make the server write is bounded, in lines and in bytes."""

import json
import logging

import pytest
import structlog
from flask import Flask, g

from app.auth.identity import Identity, Role
from app.ops import log_limits, logs
from app.ops.log_limits import OTHER, REFUSED, SERVED, LineLimits


class Clock:
    """Tells the seconds that a test sets."""

    seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock(monkeypatch):
    return Clock()


@pytest.fixture
def limits(clock):
    return LineLimits(clock)


@pytest.fixture
def lines(capsys):
    """Reads the JSON lines that were logged since the last call."""

    def read():
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    return read


def record(msg="malformed packet: %s", lineno=7, level=logging.INFO, name="app.x"):
    return logging.LogRecord(name, level, "x.py", lineno, msg, (), None)


def answered(status, caller="anyone"):
    said = {"event": "request", "status": status, "caller": caller}
    return record(said, name="app.access")


def admitted(limits, times, make):
    return sum(limits.admits(make()) for _ in range(times))


def test_of_each_kind_so_many_lines_are_told_and_then_so_many_a_second(limits, clock):
    assert admitted(limits, 1000, record) == OTHER.burst
    clock.seconds += 2
    assert admitted(limits, 1000, record) == 2 * OTHER.per_second
    clock.seconds += 3600
    assert admitted(limits, 1000, record) == OTHER.burst


def test_no_kind_hides_another(limits):
    admitted(limits, 1000, record)
    admitted(limits, 1000, lambda: answered(401))

    assert limits.admits(record(lineno=8))
    assert limits.admits(record({"event": "swept"}))
    assert limits.admits(answered(200))
    assert limits.admits(answered(503))
    assert limits.admits(answered(409, "operator"))


def test_what_an_owner_or_operator_did_is_always_told(limits):
    for caller in ("owner", "operator"):
        assert admitted(limits, 5000, lambda: answered(200, caller)) == 5000  # noqa: B023
        assert admitted(limits, 5000, lambda: answered(429, caller)) <= REFUSED.burst  # noqa: B023


def test_a_hall_that_loads_its_pages_is_told_of_longer_than_refusals(limits):
    assert admitted(limits, 5000, lambda: answered(200)) == SERVED.burst
    assert admitted(limits, 5000, lambda: answered(404)) == REFUSED.burst


def test_the_text_of_a_client_makes_no_kind_of_its_own(limits):
    texts = (record(f"Invalid session {number}") for number in range(1000))
    assert sum(map(limits.admits, texts)) == OTHER.burst


def test_kinds_without_end_share_what_is_left(limits):
    events = (record({"event": f"event {number}"}) for number in range(100_000))
    most = log_limits._MOST_KINDS + OTHER.burst
    assert sum(map(limits.admits, events)) <= most


def test_what_was_left_out_is_counted_and_told_every_ten_seconds(limits, clock):
    def told():
        return [(one.of, one.lines, one.levelno) for one in limits.summaries()]

    admitted(limits, OTHER.burst + 30, lambda: record(level=logging.WARNING))
    assert told() == []
    clock.seconds += 10
    assert told() == [("malformed packet: %s", 30, logging.WARNING)]
    assert told() == []
    admitted(limits, 1000, record)
    clock.seconds += 9
    assert told() == []
    clock.seconds += 1
    left_out = 1000 - 10 * OTHER.per_second
    assert told() == [("malformed packet: %s", left_out, logging.WARNING)]


def test_a_flood_makes_few_lines_and_the_next_line_tells_of_the_rest(
    configure, lines, monkeypatch, clock
):
    monkeypatch.setattr(logs, "LineLimits", lambda: LineLimits(clock))
    configure(app_env="production")
    for number in range(5000):
        logging.getLogger("app.transport").info("connection lost: %s", number)
    assert len(lines()) == OTHER.burst

    clock.seconds += 10
    structlog.get_logger("app").info("ready")

    summary, ready = lines()
    assert ready["event"] == "ready"
    summary.pop("timestamp")
    assert summary == {
        "event": "lines suppressed",
        "level": "info",
        "logger": "app.ops.log_limits",
        "lines": 5000 - OTHER.burst,
        "of": "connection lost: %s",
    }


def test_at_debug_every_line_is_written(configure, lines):
    configure(app_env="production", log_level="debug")
    for _ in range(200):
        logging.getLogger("app.transport").info("connection lost")

    assert len(lines()) == 200


def requests(app, times, method="GET"):
    client = app.test_client()
    for _ in range(times):
        client.open("/timers", method=method)


@pytest.fixture
def commanding(app):
    """The application; whoever commands is an operator."""

    @app.post("/timers")
    def command():
        g.identity = Identity("ada", Role.OPERATOR)
        return ""

    @app.get("/timers")
    def look():
        return ""

    return app


def test_requests_of_strangers_are_left_out_and_commands_never(commanding, lines):
    requests(commanding, SERVED.burst + 100)
    requests(commanding, SERVED.burst + 100, "POST")

    callers = [line["caller"] for line in lines()]
    # A few more than the burst where the machine takes its time.
    assert callers.count("anyone") < SERVED.burst + 90
    assert callers.count("operator") == SERVED.burst + 100


def test_a_long_text_is_cut_and_a_long_traceback_keeps_its_end(configure, lines):
    configure(app_env="production")
    with pytest.raises(ValueError, match="the end") as raised:
        Role("x" * 100_000 + "the end")
    long = {"method": "M" * 8000}
    logging.getLogger("app").error("failed", exc_info=raised.value, extra=long)
    structlog.get_logger("app").info("e" * 50_000, many=list(range(100_000)))

    failed, said = lines()
    assert failed["method"] == "M" * 1000 + "…(7000 more)"
    assert failed["exception"].endswith("the end' is not a valid Role")
    assert all(len(str(value)) < 17_000 for value in failed.values())
    assert all(len(str(value)) < 1100 for value in said.values())


def test_the_line_of_a_request_is_bounded_whatever_its_method(app: Flask, lines):
    app.test_client().open("/", method="M" * 60_000)

    (line,) = lines()
    assert len(json.dumps(line)) < 2000


def test_a_secret_is_masked_before_a_text_is_cut(configure, capsys):
    configure(app_env="production")
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"

    logging.getLogger("app").info("%s %s", "x" * 970, token)

    assert "eyJ" not in capsys.readouterr().err


@pytest.mark.parametrize("level", ["debug", "info"])
def test_a_clients_mistake_is_no_error_of_engineio(configure, lines, level):
    configure(app_env="production", log_level=level)
    further = "(further occurrences of this error will be logged with level INFO)"

    mistake = f"Invalid session 7 {further}"

    logging.getLogger("engineio").error("the server failed")
    logging.getLogger("engineio").handle(
        record(mistake, level=logging.ERROR, name="engineio")
    )

    errors = [line for line in lines() if line["level"] == "error"]
    assert [line["event"] for line in errors] == ["the server failed"]
