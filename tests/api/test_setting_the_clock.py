"""The clock is set by the database before anything is told or issued."""

import json
import time

import pytest

from app import clock
from app.config import load
from app.ops.timekeeper import set_clock
from tests.api.people import claims_of
from tests.support.environment import product_settings

HOUR = 3_600
TOLERANCE = 2


@pytest.fixture
def right(monkeypatch):
    """The right time in seconds; the machine's own clock is an hour ahead."""
    real = time.time_ns  # noqa: TID251 - it is set
    monkeypatch.setattr(time, "time_ns", lambda: real() + HOUR * 1_000_000_000)
    return lambda: real() / 1e9


@pytest.fixture
def settings_away(private_postgres, tmp_path):
    """Settings for a database that can be stopped."""
    return load(product_settings(tmp_path, database_url=private_postgres.url))


@pytest.mark.database("postgres")
def test_it_is_postgresql_s(app, right):
    set_clock(app)

    assert clock.now() / 1000 == pytest.approx(right(), abs=TOLERANCE)
    assert clock.offset_seconds() == pytest.approx(-HOUR, abs=TOLERANCE)


@pytest.mark.database("sqlite")
def test_on_sqlite_it_is_the_machine_s(app, right):
    set_clock(app)

    assert clock.now() / 1000 == pytest.approx(right() + HOUR, abs=TOLERANCE)
    assert clock.offset_seconds() == 0


def test_without_the_database_it_is_the_machine_s(
    private_postgres, settings_away, app_factory, right, caplog
):
    app = app_factory(settings_away)
    private_postgres.stop()

    set_clock(app)

    assert clock.now() / 1000 == pytest.approx(right() + HOUR, abs=TOLERANCE)
    assert "the database's clock is not known yet" in caplog.text

    private_postgres.start()
    set_clock(app)

    assert clock.now() / 1000 == pytest.approx(right(), abs=TOLERANCE)


@pytest.mark.database("postgres")
def test_the_command_line_issues_tokens_by_it(app, right):
    run = app.test_cli_runner().invoke(args=["room", "create", "Hall"])

    claims = claims_of(json.loads(run.stdout.splitlines()[-1])["adminToken"])
    assert claims["iat"] == claims["nbf"] == pytest.approx(right(), abs=TOLERANCE)
