"""The state machine of a countdown: pure functions; the clock is an argument.

`duration` is what the admin set: no transition changes it. The instant of the end is
fixed when a countdown starts, so that a running one needs no ticks.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from app.clock import Instant, Millis
from app.errors import InvalidTransition, TimerActive

MIN_DURATION = Millis(1_000)
MAX_DURATION = Millis(86_400_000)


class Status(StrEnum):
    """What a countdown is doing."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"


@dataclass(frozen=True, kw_only=True)
class Countdown:
    """A countdown between two transitions; a timer is one with a name and a place.

    The functions below change these fields alone, of whatever else has them.

    Attributes:
        duration: the full length, as the admin set it.
        remaining: what is left; while running, what was left at the latest start.
        status: what it is doing.
        started_at: when it was first started since it was last idle or finished.
        ends_at: when it is over, while running; when it was over, once finished.
    """

    duration: Millis
    remaining: Millis
    status: Status = Status.IDLE
    started_at: Instant | None = None
    ends_at: Instant | None = None


C = TypeVar("C", bound=Countdown)


def fresh(duration: Millis) -> Countdown:
    """Return an idle countdown of `duration`."""
    return Countdown(duration=duration, remaining=duration)


def start(countdown: C, now: Instant) -> C:
    """Run: from idle or paused what remains, from finished the full duration.

    A running countdown stays as it is, so that a double click restarts nothing.
    """
    if countdown.status is Status.RUNNING:
        return countdown
    if countdown.status is Status.FINISHED:
        countdown = reset(countdown)
    return replace(
        countdown,
        status=Status.RUNNING,
        started_at=now if countdown.started_at is None else countdown.started_at,
        ends_at=Instant(now + countdown.remaining),
    )


def pause(countdown: C, now: Instant) -> C:
    """Stop the clock; a paused countdown stays as it is.

    Pausing at or after the end finds the countdown finished.

    Raises:
        InvalidTransition: it is idle, finished, or over by `now`.
    """
    if countdown.status is Status.PAUSED:
        return countdown
    if countdown.ends_at is None or not is_running_at(countdown, now):
        shown = finish(countdown, now) if is_over(countdown, now) else countdown
        raise InvalidTransition(f"A timer that is {shown.status} cannot be paused.")
    return replace(
        countdown,
        status=Status.PAUSED,
        remaining=Millis(countdown.ends_at - now),
        ends_at=None,
    )


def reset(countdown: C) -> C:
    """Return to idle with the full duration."""
    return _idle(countdown, countdown.duration)


def finish(countdown: C, now: Instant) -> C:
    """Finish a running countdown whose time is up by `now`, else leave it as it is.

    The end stays known, so that a screen can show the overtime.
    """
    if not is_over(countdown, now):
        return countdown
    return replace(countdown, status=Status.FINISHED, remaining=Millis(0))


def resize(countdown: C, duration: Millis) -> C:
    """Set another duration; what remains of an idle countdown moves along.

    Raises:
        TimerActive: it is running or paused, and the duration differs.
    """
    if duration == countdown.duration:
        return countdown
    if countdown.status in (Status.RUNNING, Status.PAUSED):
        raise TimerActive
    if countdown.status is Status.IDLE:
        return _idle(countdown, duration)
    return replace(countdown, duration=duration)


def is_over(countdown: Countdown, now: Instant) -> bool:
    """Tell whether a countdown that still counts as running has reached its end."""
    return (
        countdown.status is Status.RUNNING
        and countdown.ends_at is not None
        and countdown.ends_at <= now
    )


def is_running_at(countdown: Countdown, now: Instant) -> bool:
    """Tell whether time is left on a running countdown."""
    return countdown.status is Status.RUNNING and not is_over(countdown, now)


def remaining_at(countdown: Countdown, now: Instant) -> Millis:
    """Return what is left at `now`; never negative."""
    if countdown.status is Status.RUNNING and countdown.ends_at is not None:
        return Millis(max(0, countdown.ends_at - now))
    return countdown.remaining


def _idle(countdown: C, duration: Millis) -> C:
    return replace(
        countdown,
        duration=duration,
        remaining=duration,
        status=Status.IDLE,
        started_at=None,
        ends_at=None,
    )
