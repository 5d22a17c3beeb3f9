"""Create, edit, delete and reorder the timers of a room."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.clock import Instant, Millis
from app.errors import InvalidField, LimitReached
from app.rooms import countdown
from app.rooms.aggregate import MAX_TIMERS, TIMER_TEXTS, Loaded, Timer
from app.rooms.command import Command, Wanted
from app.rooms.texts import check_growth, growth


def create_timer(
    room_id: uuid.UUID, timer_id: uuid.UUID, *, duration: Millis, **texts: Any
) -> Command:
    """Append an idle timer to the running order.

    Refused (LimitReached) where the room has its fill of timers, or of text.
    """

    def decide(loaded: Loaded, _now: Instant) -> Loaded:
        if len(loaded.timers) >= MAX_TIMERS:
            raise LimitReached(f"A room holds at most {MAX_TIMERS} timers.")
        check_growth(loaded, growth(None, texts, TIMER_TEXTS))
        places = [timer.position for timer in loaded.timers.values()]
        timer = Timer(
            id=timer_id,
            room_id=room_id,
            position=max(places, default=-1) + 1,
            duration=duration,
            remaining=duration,
            **texts,
        )
        return loaded.with_timer(timer)

    wanted = Wanted(room_id, timer_id, whole=True)
    return Command("create-timer", wanted, decide)


def update_timer(timer_id: uuid.UUID, changes: Mapping[str, Any]) -> Command:
    """Change a timer's texts and, unless it is running or paused, its duration.

    Refused where the room has its fill of text (LimitReached), and where the duration
    of a running or paused timer was to change (TimerActive).
    """
    texts = {name: text for name, text in changes.items() if name != "duration"}

    def decide(loaded: Loaded, _now: Instant) -> Loaded:
        timer = loaded.timer
        timer = countdown.resize(timer, changes.get("duration", timer.duration))
        check_growth(loaded, growth(timer, texts, TIMER_TEXTS))
        return loaded.with_timer(replace(timer, **texts))

    # How much text the room holds already is asked where it may become more.
    wanted = Wanted(timer_id=timer_id, whole=bool(texts))
    return Command("update-timer", wanted, decide)


def delete_timer(timer_id: uuid.UUID) -> Command:
    """Delete a timer; a screen that showed it shows none."""
    return Command("delete-timer", Wanted(timer_id=timer_id), _delete)


def reorder_timers(room_id: uuid.UUID, timer_ids: Sequence[uuid.UUID]) -> Command:
    """Put all timers of a room into a new order.

    Refused (InvalidField) where the ids are not exactly those of the room's timers.
    """

    def decide(loaded: Loaded, _now: Instant) -> Loaded:
        if len(timer_ids) != len(loaded.timers) or set(timer_ids) != set(loaded.timers):
            raise InvalidField("timerIds", "Name every timer of the room once.")
        if list(timer_ids) == [timer.id for timer in loaded.in_order]:
            return loaded
        placed = {
            timer_id: _at(loaded.timers[timer_id], place)
            for place, timer_id in enumerate(timer_ids)
        }
        return replace(loaded, timers=placed)

    return Command("reorder-timers", Wanted(room_id, whole=True), decide)


def _delete(loaded: Loaded, _now: Instant) -> Loaded:
    timer = loaded.timer
    if loaded.room.current_timer_id == timer.id:
        loaded = loaded.with_room(current_timer_id=None)
    return loaded.without_timer(timer.id)


def _at(timer: Timer, place: int) -> Timer:
    return timer if timer.position == place else replace(timer, position=place)
