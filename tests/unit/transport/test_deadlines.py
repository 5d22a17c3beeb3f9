"""Deadlines: one greenlet acts on many things in time."""

import gevent
import pytest

from app.transport import deadlines as deadlines_module
from app.transport import greenlets
from app.transport.deadlines import TICK_SECONDS, Deadlines

SECONDS = 0.02
WAIT_SECONDS = 5


class Thing:
    pass


def wait_for(things: list[Thing], count: int) -> None:
    with gevent.Timeout(WAIT_SECONDS):
        while len(things) < count:
            gevent.sleep(0.001)


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it slept, each time."""
    slept: list[float] = []

    class Sleeper:
        @staticmethod
        def sleep(seconds: float) -> None:
            slept.append(seconds)
            gevent.sleep(seconds)

    monkeypatch.setattr(deadlines_module, "gevent", Sleeper)
    return slept


def test_things_are_due_in_the_order_in_which_they_were_added():
    due: list[Thing] = []
    deadlines = Deadlines(SECONDS, due.append)
    things = [Thing() for _ in range(3)]
    for thing in things:
        deadlines.add(thing)
    assert due == []

    wait_for(due, 3)
    assert due == things

    deadlines.add(things[0])
    wait_for(due, 4)


def test_a_thing_that_nobody_keeps_is_forgotten():
    due: list[Thing] = []
    deadlines = Deadlines(SECONDS, due.append)
    deadlines.add(Thing())
    deadlines.add(kept := Thing())

    wait_for(due, 1)

    assert due == [kept]


def test_things_that_are_nearly_due_together_wake_it_once(sleeps: list[float]):
    due: list[Thing] = []
    deadlines = Deadlines(SECONDS, due.append)
    things = [Thing() for _ in range(20)]
    for thing in things:
        deadlines.add(thing)
        gevent.sleep(TICK_SECONDS / len(things) / 4)
    sleeps.clear()

    wait_for(due, len(things))

    assert len(sleeps) <= 3


def test_a_thing_that_nobody_keeps_wakes_nobody(sleeps: list[float]):
    due: list[Thing] = []
    deadlines = Deadlines(10 * TICK_SECONDS, due.append)
    deadlines.add(first := Thing())
    for _ in range(8):
        deadlines.add(Thing())
        gevent.sleep(TICK_SECONDS)
    deadlines.add(last := Thing())

    wait_for(due, 2)

    assert due == [first, last]
    assert len(sleeps) <= 4


def test_a_defect_is_not_the_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(greenlets, "PAUSE_SECONDS", 0)
    due: list[Thing] = []

    def act(thing: Thing) -> None:
        if not due:
            due.append(thing)
            raise RuntimeError
        due.append(thing)

    deadlines = Deadlines(SECONDS, act)
    things = [Thing() for _ in range(2)]
    for thing in things:
        deadlines.add(thing)

    wait_for(due, 2)
    assert due == things
