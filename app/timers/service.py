"""What can be done with timers; each command is one change of the timer's room."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import bindparam, cast, func, select, update

from app import instants
from app.auth.identity import Identity
from app.database import numbered
from app.errors import Forbidden, InvalidField, LimitReached
from app.extensions import db
from app.instants import Instant, Millis
from app.rooms.changes import Change, change_room
from app.rooms.model import Room
from app.rooms.service import room_for
from app.rooms.texts import TIMER_TEXTS, check_growth, growth
from app.timers import countdown
from app.timers.countdown import Countdown
from app.timers.model import Timer

MAX_TIMERS = 500

_IDS_IN_ORDER = (
    select(Timer.id)
    .where(Timer.room_id == bindparam("room_id"))
    .order_by(Timer.position, Timer.id)
)

Transition = Callable[[Countdown, Instant], Countdown]

# Built once: every command of a timer runs both.
_WITH_OWNER = (
    select(Timer, Room.owner_id)
    .join(Room, Room.id == Timer.room_id)
    .where(Timer.id == bindparam("id"))
)
_AFRESH = (
    select(Timer)
    .where(Timer.id == bindparam("id"))
    .execution_options(populate_existing=True)
)


def timer_for(identity: Identity, timer_id: uuid.UUID) -> Timer:
    """Return a timer that the caller may command.

    Raises:
        Forbidden: it may not, or there is no such timer; it is not told which.
    """
    found = db.session.execute(_WITH_OWNER, {"id": timer_id}).first()
    if found is None or not identity.may_operate(found[0].room_id, found[1]):
        raise Forbidden
    timer: Timer = found[0]
    return timer


def timers_of(room_id: uuid.UUID) -> Sequence[Timer]:
    """Return a room's timers in their running order, as the database has them now."""
    in_order = (
        select(Timer)
        .where(Timer.room_id == room_id)
        .order_by(Timer.position, Timer.id)
        .execution_options(populate_existing=True)
    )
    return db.session.scalars(in_order).all()


def create_timer(
    identity: Identity,
    room_id: uuid.UUID,
    *,
    title: str,
    duration: Millis,
    at_revision: int | None = None,
    **texts: str,
) -> Timer:
    """Append an idle timer to the running order.

    Raises:
        Forbidden: the room is not the caller's.
        LimitReached: the room has its fill of timers, or of text.
        RoomMovedOn: the room is at another revision than `at_revision`.
        Unauthenticated: the caller's token has been taken back.
    """
    room_for(identity, room_id)
    with change_room(identity, room_id, at_revision=at_revision) as change:
        position = _next_position(room_id)
        texts["title"] = title
        check_growth(change.room, growth(None, texts, TIMER_TEXTS))
        timer = Timer(room_id=room_id, position=position, **texts)
        timer.countdown = countdown.fresh(duration)
        timer.revision = change.next_revision()
        db.session.add(timer)
        db.session.flush()
        change.announce("timer-created", timer)
        return timer


def update_timer(
    identity: Identity,
    timer: Timer,
    changes: dict[str, Any],
    *,
    at_revision: int | None = None,
) -> Timer:
    """Change a timer's texts and, unless it is running or paused, its duration.

    Raises:
        LimitReached: the room has its fill of text.
        TimerActive: the duration of a running or paused timer was to change.
        RoomMovedOn: the room is at another revision than `at_revision`.
    """
    with change_room(identity, timer.room_id, at_revision=at_revision) as change:
        timer = _locked(timer)
        texts = {name: text for name, text in changes.items() if name != "duration"}
        duration = changes.get("duration", timer.duration)
        resized = countdown.resize(timer.countdown, duration)
        same = all(getattr(timer, name) == text for name, text in texts.items())
        if same and resized == timer.countdown:
            return timer
        check_growth(change.room, growth(timer, texts, TIMER_TEXTS))
        for name, text in texts.items():
            setattr(timer, name, text)
        _store(change, timer, resized)
        return timer


def delete_timer(
    identity: Identity, timer: Timer, *, at_revision: int | None = None
) -> None:
    """Delete a timer; a screen that showed it shows none.

    Raises:
        RoomMovedOn: the room is at another revision than `at_revision`.
    """
    with change_room(identity, timer.room_id, at_revision=at_revision) as change:
        timer = _locked(timer)
        change.next_revision()
        change.announce("timer-deleted", timer)
        if change.room.current_timer_id == timer.id:
            _show(change, None)
        db.session.delete(timer)


def start_timer(
    identity: Identity, timer: Timer, *, at_revision: int | None = None
) -> Timer:
    """Start or resume a timer and show it; a running one keeps running.

    Raises:
        RoomMovedOn: the room is at another revision than `at_revision`.
    """
    return _command(identity, timer, countdown.start, at_revision, show=True)


def pause_timer(
    identity: Identity, timer: Timer, *, at_revision: int | None = None
) -> Timer:
    """Pause a running timer.

    Raises:
        InvalidTransition: it is idle or finished.
        RoomMovedOn: the room is at another revision than `at_revision`.
    """
    return _command(identity, timer, countdown.pause, at_revision)


def reset_timer(
    identity: Identity, timer: Timer, *, at_revision: int | None = None
) -> Timer:
    """Return a timer to idle with its full duration.

    Raises:
        RoomMovedOn: the room is at another revision than `at_revision`.
    """
    return _command(
        identity, timer, lambda state, _now: countdown.reset(state), at_revision
    )


def reorder_timers(
    identity: Identity,
    room_id: uuid.UUID,
    timer_ids: list[uuid.UUID],
    *,
    at_revision: int | None = None,
) -> int:
    """Put all timers of a room into a new order, as one change; return its revision.

    Raises:
        Forbidden: the room is not the caller's.
        InvalidField: the ids are not exactly those of the room's timers.
        RoomMovedOn: the room is at another revision than `at_revision`.
        Unauthenticated: the caller's token has been taken back.
    """
    room_for(identity, room_id)
    with change_room(identity, room_id, at_revision=at_revision) as change:
        ids = db.session.scalars(_IDS_IN_ORDER, {"room_id": room_id}).all()
        if len(timer_ids) != len(ids) or set(timer_ids) != set(ids):
            raise InvalidField("timerIds", "Name every timer of the room once.")
        if timer_ids != ids:
            _place(room_id, timer_ids, change.next_revision())
            change.announce("room-state", (change.room, timers_of(room_id)))
        return change.room.revision


def finish_timer(change: Change, timer: Timer) -> None:
    """Finish a timer whose time is up, as a change of its own revision."""
    finished = countdown.finish(timer.countdown, change.now)
    _store(change, timer, finished, "timer-finished")


def _command(
    identity: Identity,
    timer: Timer,
    transition: Transition,
    at_revision: int | None,
    *,
    show: bool = False,
) -> Timer:
    _finish_if_over(timer)
    with change_room(identity, timer.room_id, at_revision=at_revision) as change:
        timer = _locked(timer)
        state = transition(timer.countdown, change.now)
        if state != timer.countdown:
            _store(change, timer, state)
            if show and change.room.current_timer_id != timer.id:
                _show(change, timer.id)
        return timer


def _finish_if_over(timer: Timer) -> None:
    # A command that overtakes the finisher meets a finished timer all the same, and
    # its refusal must not undo the finish: so that is a change of its own.
    if not countdown.is_over(timer.countdown, instants.now()):
        return
    # The clock's change, whoever has come.
    with change_room(None, timer.room_id) as change:
        timer = _locked(timer)
        if countdown.is_over(timer.countdown, change.now):
            finish_timer(change, timer)


def _locked(timer: Timer) -> Timer:
    """Return a timer as it is now that its room is locked."""
    fresh: Timer | None = db.session.scalar(_AFRESH, {"id": timer.id})
    if fresh is None:
        raise Forbidden
    return fresh


def _store(change: Change, timer: Timer, state: Countdown, *also: str) -> None:
    timer.countdown = state
    timer.revision = change.next_revision()
    change.announce("timer-update", timer, *also)


def _show(change: Change, timer_id: uuid.UUID | None) -> None:
    change.room.current_timer_id = timer_id
    change.announce("room-update", change.room)


def _place(room_id: uuid.UUID, timer_ids: list[uuid.UUID], revision: int) -> None:
    """Give the timers that are not yet at their place their new one."""
    place = numbered([timer_id.hex for timer_id in timer_ids])
    db.session.execute(
        update(Timer)
        .where(
            Timer.room_id == room_id,
            Timer.id == cast(place.c.value, Timer.id.type),
            Timer.position != place.c.number,
        )
        .values(position=place.c.number, revision=revision)
        .execution_options(synchronize_session=False)
    )


def _next_position(room_id: uuid.UUID) -> int:
    count, after_last = db.session.execute(
        select(func.count(), func.coalesce(func.max(Timer.position) + 1, 0)).where(
            Timer.room_id == room_id
        )
    ).one()
    if count >= MAX_TIMERS:
        raise LimitReached(f"A room holds at most {MAX_TIMERS} timers.")
    return after_last
