"""The server's clock is the database's, and the machine's where that is not known."""

import time

import pytest

from app import clock
from app.clock_offset import OffsetEstimate

HOUR_MS = 3_600_000


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    """A clock that has not heard of the database."""
    monkeypatch.setattr(clock, "_estimate", OffsetEstimate())


def machine_ms():
    return time.time_ns() // 1_000_000  # noqa: TID251 - what is compared with


def look(ahead_ms):
    clock.observe(clock.steady(), machine_ms() + ahead_ms)


def test_it_is_the_machine_s_before_the_database_was_asked():
    before = machine_ms()

    assert before <= clock.now() <= machine_ms()
    assert clock.offset_seconds() == 0


@pytest.mark.parametrize("ahead_ms", [HOUR_MS, -HOUR_MS, 5_000, -5_000, 0])
def test_it_is_the_database_s_once_that_was_asked(ahead_ms):
    look(ahead_ms)

    before = machine_ms()
    told = clock.now()

    assert before + ahead_ms - 2 <= told <= machine_ms() + ahead_ms + 2
    assert clock.offset_seconds() == pytest.approx(ahead_ms / 1000, abs=0.002)


def test_setting_the_machine_s_clock_changes_nothing(monkeypatch):
    look(0)
    before = clock.now()

    an_hour_on = 1_000_000 * (machine_ms() + HOUR_MS)
    monkeypatch.setattr(time, "time_ns", lambda: an_hour_on)

    assert 0 <= clock.now() - before < HOUR_MS / 2
    assert clock.offset_seconds() == pytest.approx(-3600, abs=60)


def test_it_never_goes_back_between_looks():
    look(5_000)

    readings = [clock.now() for _ in range(10_000)]

    assert readings == sorted(readings)
