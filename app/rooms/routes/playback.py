"""Playing timers over HTTP; a part of the blueprint of timers."""

import uuid

from app.errors import InvalidTransition
from app.rooms.aggregate import Timer
from app.rooms.commands import playback
from app.rooms.routes.command import command, make
from app.rooms.routes.timers import timers
from app.rooms.schemas import TimerSchema


@timers.post("/timers/<uuid:timer_id>/start")
@command(timers, answer=TimerSchema)
def start_timer(timer_id: uuid.UUID) -> Timer:
    """Start or resume a timer; one that runs keeps running."""
    return make(playback.start_timer(timer_id)).timer


@timers.post("/timers/<uuid:timer_id>/pause")
@command(timers, answer=TimerSchema, refuses=(InvalidTransition,))
def pause_timer(timer_id: uuid.UUID) -> Timer:
    """Pause a running timer; one that is paused stays paused."""
    return make(playback.pause_timer(timer_id)).timer


@timers.post("/timers/<uuid:timer_id>/reset")
@command(timers, answer=TimerSchema)
def reset_timer(timer_id: uuid.UUID) -> Timer:
    """Return a timer to idle with its full duration."""
    return make(playback.reset_timer(timer_id)).timer
