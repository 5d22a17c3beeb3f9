"""Every cell of the table of statuses and commands, and the edges of time."""

import pytest

from app.clock import Instant, Millis
from app.errors import InvalidTransition, TimerActive
from app.rooms.countdown import (
    Countdown,
    Status,
    finish,
    fresh,
    is_over,
    is_running_at,
    pause,
    remaining_at,
    reset,
    resize,
    start,
)

DURATION = Millis(60_000)
BEGIN = Instant(1_800_000_000_000)
END = Instant(BEGIN + DURATION)
DURING = Instant(BEGIN + 15_000)


@pytest.fixture
def idle():
    return fresh(DURATION)


@pytest.fixture
def running(idle):
    return start(idle, BEGIN)


@pytest.fixture
def paused(running):
    return pause(running, DURING)


@pytest.fixture
def finished(running):
    return finish(running, END)


@pytest.fixture
def countdown(request):
    return request.getfixturevalue(request.param)


every = pytest.mark.parametrize(
    "countdown", ["idle", "running", "paused", "finished"], indirect=True
)


def test_a_fresh_countdown_is_idle_with_its_full_duration(idle):
    assert idle == Countdown(
        duration=DURATION,
        remaining=DURATION,
        status=Status.IDLE,
        started_at=None,
        ends_at=None,
    )


def test_a_start_from_idle_ends_after_the_duration(idle):
    assert start(idle, BEGIN) == Countdown(
        duration=DURATION,
        remaining=DURATION,
        status=Status.RUNNING,
        started_at=BEGIN,
        ends_at=END,
    )


@pytest.mark.parametrize("later", [BEGIN, DURING, END, Instant(END + 1)])
def test_a_second_start_changes_nothing(running, later):
    assert start(running, later) == running


def test_a_start_from_paused_ends_after_what_remained(paused):
    resumed = start(paused, Instant(END + 1_000))

    assert resumed.status is Status.RUNNING
    assert resumed.ends_at == END + 1_000 + paused.remaining
    assert resumed.remaining == paused.remaining
    assert resumed.duration == DURATION


def test_a_resumed_countdown_keeps_when_it_was_first_started(paused):
    assert start(paused, END).started_at == BEGIN


def test_a_start_from_finished_runs_the_full_duration_again(finished):
    again = Instant(END + 5_000)

    assert start(finished, again) == start(fresh(DURATION), again)


def test_idle_cannot_be_paused(idle):
    with pytest.raises(InvalidTransition, match="idle"):
        pause(idle, BEGIN)


def test_a_pause_keeps_what_was_left(running):
    assert pause(running, DURING) == Countdown(
        duration=DURATION,
        remaining=Millis(END - DURING),
        status=Status.PAUSED,
        started_at=BEGIN,
        ends_at=None,
    )


@pytest.mark.parametrize("later", [DURING, END, Instant(END + 1)])
def test_a_second_pause_changes_nothing(paused, later):
    assert pause(paused, later) == paused


def test_a_pause_one_millisecond_before_the_end_keeps_that_millisecond(running):
    assert pause(running, Instant(END - 1)).remaining == 1


@pytest.mark.parametrize("late", [0, 1, 10_000_000])
def test_a_pause_at_or_after_the_end_finds_the_countdown_finished(running, late):
    with pytest.raises(InvalidTransition, match="finished"):
        pause(running, Instant(END + late))


def test_finished_cannot_be_paused(finished):
    with pytest.raises(InvalidTransition, match="finished"):
        pause(finished, END)


def test_a_pause_before_the_start_by_a_clock_set_back_loses_nothing(running):
    earlier = Instant(BEGIN - 3_600_000)

    assert start(pause(running, earlier), earlier).ends_at == END


@every
def test_a_reset_returns_to_idle_with_the_full_duration(countdown, idle):
    assert reset(countdown) == idle


def test_a_running_countdown_finishes_at_its_end_and_keeps_it(running):
    assert finish(running, END) == Countdown(
        duration=DURATION,
        remaining=Millis(0),
        status=Status.FINISHED,
        started_at=BEGIN,
        ends_at=END,
    )


def test_a_finish_that_comes_late_keeps_the_end(running):
    assert finish(running, Instant(END + 777)).ends_at == END


def test_a_running_countdown_does_not_finish_before_its_end(running):
    assert finish(running, Instant(END - 1)) == running


@pytest.mark.parametrize("countdown", ["idle", "paused", "finished"], indirect=True)
def test_only_a_running_countdown_finishes(countdown):
    assert finish(countdown, Instant(END + DURATION)) == countdown


def test_another_duration_of_an_idle_countdown_moves_what_remains(idle):
    assert resize(idle, Millis(90_000)) == fresh(Millis(90_000))


@pytest.mark.parametrize("countdown", ["running", "paused"], indirect=True)
def test_a_running_or_paused_countdown_cannot_be_resized(countdown):
    with pytest.raises(TimerActive):
        resize(countdown, Millis(90_000))


def test_another_duration_of_a_finished_countdown_is_for_its_next_start(finished):
    resized = resize(finished, Millis(90_000))

    assert (resized.status, resized.remaining) == (Status.FINISHED, 0)
    assert resized.ends_at == END
    assert start(resized, END).ends_at == END + 90_000


@every
def test_the_same_duration_is_no_change_in_any_status(countdown):
    assert resize(countdown, DURATION) == countdown


def test_time_is_left_until_the_end_and_not_at_it(running):
    assert is_running_at(running, Instant(END - 1))
    assert not is_running_at(running, END)
    assert not is_over(running, Instant(END - 1))
    assert is_over(running, END)


@pytest.mark.parametrize("countdown", ["idle", "paused", "finished"], indirect=True)
def test_only_a_running_countdown_runs_or_is_over(countdown):
    assert not is_running_at(countdown, DURING)
    assert not is_over(countdown, END)


@pytest.mark.parametrize(
    ("now", "left"), [(BEGIN, 60_000), (DURING, 45_000), (END, 0), (END + 9, 0)]
)
def test_what_is_left_of_a_running_countdown_is_never_negative(running, now, left):
    assert remaining_at(running, now) == left


def test_what_is_left_of_a_resting_countdown_stays(idle, paused, finished):
    assert remaining_at(idle, END) == DURATION
    assert remaining_at(paused, END) == 45_000
    assert remaining_at(finished, END) == 0
