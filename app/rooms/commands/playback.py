"""Start, pause and reset a timer."""

import uuid

from app.clock import Instant
from app.rooms import countdown
from app.rooms.aggregate import Loaded
from app.rooms.command import Command, Wanted


def start_timer(timer_id: uuid.UUID) -> Command:
    """Start or resume a timer and show it; one that runs keeps running."""
    return Command("start-timer", Wanted(timer_id=timer_id), _start)


def pause_timer(timer_id: uuid.UUID) -> Command:
    """Pause a running timer; refused (InvalidTransition) if it is idle or finished."""
    return Command("pause-timer", Wanted(timer_id=timer_id), _pause)


def reset_timer(timer_id: uuid.UUID) -> Command:
    """Return a timer to idle with its full duration."""
    return Command("reset-timer", Wanted(timer_id=timer_id), _reset)


def _start(loaded: Loaded, now: Instant) -> Loaded:
    started = countdown.start(loaded.timer, now)
    if started == loaded.timer:
        return loaded
    return loaded.with_timer(started).with_room(current_timer_id=started.id)


def _pause(loaded: Loaded, now: Instant) -> Loaded:
    return loaded.with_timer(countdown.pause(loaded.timer, now))


def _reset(loaded: Loaded, _now: Instant) -> Loaded:
    return loaded.with_timer(countdown.reset(loaded.timer))
