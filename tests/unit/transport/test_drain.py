"""Sending clients elsewhere."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transport import drain

GRACE = 30.0


class Session:
    """Leaves when it is told to, and notes when that was."""

    def __init__(self, hall: "Hall") -> None:
        self.hall = hall

    def send_elsewhere(self) -> None:
        self.hall.sessions.remove(self)
        self.hall.left_at.append(self.hall.now)


class Hall:
    """Sessions and a clock of their own."""

    def __init__(self, size: int) -> None:
        self.sessions = [Session(self) for _ in range(size)]
        self.left_at: list[float] = []
        self.now = 0.0

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def empty(self) -> None:
        drain.send_elsewhere(lambda: list(self.sessions), GRACE, self.pause)


@pytest.mark.parametrize("size", [1, 500, 20_000])
def test_everybody_has_left_within_half_of_the_grace(size: int):
    hall = Hall(size)

    hall.empty()

    assert len(hall.left_at) == size
    assert hall.now <= GRACE / 2


def test_a_hall_does_not_leave_all_at_once():
    hall = Hall(20_000)

    hall.empty()

    at_once = max(hall.left_at.count(instant) for instant in set(hall.left_at))
    assert at_once < 300


def test_the_last_few_leave_at_once():
    hall = Hall(drain.SMALLEST_BATCH)

    hall.empty()

    assert set(hall.left_at) == {0.0}


def test_an_empty_worker_does_not_wait():
    hall = Hall(0)

    hall.empty()

    assert hall.now == 0


def test_who_comes_in_between_is_sent_away_too():
    hall = Hall(1)
    newcomers = [Session(hall)]

    def pause(_seconds: float) -> None:
        while newcomers:
            hall.sessions.append(newcomers.pop())

    drain.send_elsewhere(lambda: list(hall.sessions), GRACE, pause)

    assert len(hall.left_at) == 2


@given(st.integers(0, 100_000), st.floats(0, 600))
def test_a_batch_is_large_enough_to_be_through_in_time(sessions: int, spread: float):
    size = drain.batch_size(sessions, spread)

    assert size * max(1, int(spread / drain.BATCH_SECONDS)) >= sessions


@given(st.floats(0, 1))
def test_a_pause_is_never_longer_than_one_and_a_half_batches(chance: float):
    for pause in islice(drain.pauses(lambda: chance), 3):
        assert 0.5 <= pause / drain.BATCH_SECONDS <= 1.5 + 1e-9
