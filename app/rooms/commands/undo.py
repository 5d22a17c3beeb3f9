"""Take a revision back, where nothing that it changed has been changed since."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from app.auth.identity import Identity
from app.clock import Instant
from app.errors import (
    CannotBeUndone,
    Forbidden,
    LimitReached,
    NotFound,
    NothingToUndo,
    Overtaken,
)
from app.naming import camel_case
from app.rooms import countdown
from app.rooms.aggregate import MAX_TIMERS, Loaded, Room, Timer
from app.rooms.command import Actor, Command, Wanted
from app.rooms.countdown import Status
from app.rooms.differences import COUNTDOWN_FIELDS, PYTHON_NAMES
from app.rooms.history import FINISH, UNDO, Entry, History, Sought, TakenBack
from app.rooms.texts import check_growth, held

UNDOABLE = frozenset(
    {
        "update-room",
        "create-timer",
        "update-timer",
        "delete-timer",
        "reorder-timers",
        "start-timer",
        "pause-timer",
        "reset-timer",
        UNDO,
    }
)
_COUNTDOWN_WIRE = tuple(camel_case(name) for name in COUNTDOWN_FIELDS)
_OWNERS_FIELDS = frozenset({"name", "description"})
# As many as help to find what is in the way.
_MOST_NAMED = 3


def undo(room_id: uuid.UUID, actor: Actor, revision: int | None = None) -> Command:
    """Take a revision back: the one named, else the caller's own latest command.

    What it changed becomes what it was, if all of that is still as the revision left
    it. A finish of what it started is taken back with it.

    Refused where there is none (NothingToUndo, NotFound), where it is of a kind that
    stays (CannotBeUndone), where it is for the owner to undo (Forbidden), where what it
    changed has been changed since (Overtaken), and where the room would be too full
    (LimitReached).
    """

    def decide(loaded: Loaded, now: Instant) -> Loaded:
        history = loaded.history or History(None)
        target = _target(history, revision)
        _check_may_undo(target, loaded.room, actor.identity)
        after = _Undoing(loaded, history, target, now).result()
        restores = history.origin is not None and history.origin.undone_by is not None
        origin = target.origin if target.origin is not None else target.revision
        return replace(after, takes_back=TakenBack(target.revision, origin, restores))

    sought = Sought(revision, actor.name)
    wanted = Wanted(room_id, whole=True, history=sought)
    return Command(UNDO, wanted, decide, anyway=True)


def _target(history: History, named: int | None) -> Entry:
    target = history.target
    if target is None:
        if named is None:
            raise NothingToUndo
        raise NotFound(f"The room's log has no revision {named}.")
    if target.command not in UNDOABLE:
        raise CannotBeUndone(
            f"Revision {target.revision} ({target.command}) cannot be undone."
        )
    by = target.undone_by or _otherwise_undone_by(target, history.origin)
    if by is not None:
        raise CannotBeUndone(
            f"Revision {target.revision} is already undone, by revision {by}."
        )
    return target


def _otherwise_undone_by(target: Entry, origin: Entry | None) -> int | None:
    """Return what took back the command that a redo had brought back, if it is so."""
    if origin is None or origin.undone_by in (None, target.revision):
        return None
    return origin.undone_by


def _check_may_undo(target: Entry, room: Room, identity: Identity | None) -> None:
    if identity is None or identity.may_own(room.owner_id):
        return
    if _OWNERS_FIELDS & target.changes.get("room", {}).keys():
        raise Forbidden("Only the owner may undo this.")


class _Undoing:
    """One undo: what the room becomes, and what is in the way of that."""

    def __init__(
        self, loaded: Loaded, history: History, target: Entry, now: Instant
    ) -> None:
        self._before = loaded
        self._history = history
        self._target = target
        self._now = now
        self._in_the_way: dict[tuple[str, str], str] = {}

    def result(self) -> Loaded:
        timers: Mapping[str, Any] = self._target.changes.get("timers", {})
        after = self._before
        for name, changed in timers.items():
            after = self._with_timer(after, uuid.UUID(name), changed)
        after = self._with_room(after, self._target.changes.get("room", {}))
        shown = after.room.current_timer_id
        if shown is not None and shown not in after.timers:
            self._stop("room", "currentTimerId", "It would name a timer that is gone.")
        if self._in_the_way:
            raise _overtaken(self._target.revision, self._in_the_way)
        if len(after.timers) > max(MAX_TIMERS, len(self._before.timers)):
            raise LimitReached(f"A room holds at most {MAX_TIMERS} timers.")
        check_growth(self._before, held(after) - held(self._before))
        return after

    def _with_room(self, after: Loaded, changed: Mapping[str, Any]) -> Loaded:
        values = {}
        for wire, (was, became) in changed.items():
            name = PYTHON_NAMES[wire]
            if getattr(after.room, name) == _value(wire, became):
                values[name] = _value(wire, was)
            elif not (name == "current_timer_id" and self._restores_a_timer):
                # What the screens show by now stays: a timer that was deleted must
                # come back all the same.
                self._stop("room", wire)
        return after.with_room(**values)

    @property
    def _restores_a_timer(self) -> bool:
        timers = self._target.changes.get("timers", {}).values()
        return any(isinstance(each, list) and each[1] is None for each in timers)

    def _with_timer(self, after: Loaded, timer_id: uuid.UUID, changed: Any) -> Loaded:
        timer = after.timers.get(timer_id)
        if isinstance(changed, list):
            was, became = changed
            if became is None:
                return self._with_restored(after, timer_id, was)
        else:
            was = {wire: pair[0] for wire, pair in changed.items()}
            became = {wire: pair[1] for wire, pair in changed.items()}
        if timer is None:
            self._stop(f"timers.{timer_id}", "id", "The timer has been deleted.")
            return after
        left = self._as_it_was_left(timer, _values(became))
        if was is None:
            return after.without_timer(timer_id)
        return after.with_timer(replace(left, **_values(was)))

    def _with_restored(
        self, after: Loaded, timer_id: uuid.UUID, was: Mapping[str, Any]
    ) -> Loaded:
        if timer_id in after.timers:
            self._stop(f"timers.{timer_id}", "id", "The timer is there.")
            return after
        restored = Timer(id=timer_id, room_id=after.room.id, **_values(was))
        return after.with_timer(restored)

    def _as_it_was_left(self, timer: Timer, became: Mapping[str, Any]) -> Timer:
        """Return a timer as the revision left it; note what has been changed since."""
        where = f"timers.{timer.id}"
        if not became.keys().isdisjoint(COUNTDOWN_FIELDS):
            left = self._with_countdown_left(timer, became)
            if timer not in (left, countdown.finish(left, self._now)):
                for name in _differing(timer, left):
                    self._stop(where, camel_case(name))
            if left.status is Status.RUNNING and not left.remaining:
                # It was finished past the log, which would tell what had remained.
                self._stop(where, "remaining")
            for wire in self._touched_since(str(timer.id)):
                self._stop(where, wire)
            timer = left
        for name, value in became.items():
            if name not in COUNTDOWN_FIELDS and getattr(timer, name) != value:
                self._stop(where, camel_case(name))
        return timer

    def _with_countdown_left(self, timer: Timer, became: Mapping[str, Any]) -> Timer:
        """Return a timer with the countdown that the revision left it with.

        What the revision did not change, the first change since tells.
        """
        values = {name: became[name] for name in COUNTDOWN_FIELDS if name in became}
        for entry in self._history.later:
            changed = entry.changes.get("timers", {}).get(str(timer.id), {})
            if isinstance(changed, list):
                before = changed[0] or {}
            else:
                before = {wire: pair[0] for wire, pair in changed.items()}
            for name, value in _values(before).items():
                if name in COUNTDOWN_FIELDS:
                    values.setdefault(name, value)
        return replace(timer, **values)

    def _touched_since(self, timer_id: str) -> Iterator[str]:
        """Yield what of a countdown has been changed since, and not only by the clock.

        A command and its undo come to nothing together, where both are later.
        """
        if self._history.too_many:
            yield from _COUNTDOWN_WIRE
        later = [
            (entry, touched)
            for entry in self._history.later
            if entry.command != FINISH and (touched := _touched(entry, timer_id))
        ]
        undos = Counter(entry.origin for entry, _ in later)
        for entry, touched in later:
            origin = entry.revision if entry.origin is None else entry.origin
            undone = undos[origin] % 2 == 1
            # One that came before is in force or undone as it was then, or it is not.
            if undone == (origin <= self._target.revision):
                yield from touched

    def _stop(
        self, where: str, field: str, why: str = "It has been changed since."
    ) -> None:
        self._in_the_way.setdefault((where, field), why)


def _differing(timer: Timer, expected: Timer) -> list[str]:
    return [
        name
        for name in COUNTDOWN_FIELDS
        if getattr(timer, name) != getattr(expected, name)
    ]


def _touched(entry: Entry, timer_id: str) -> list[str]:
    """Return which fields of a timer's countdown a row changed, by the wire's names."""
    changed = entry.changes.get("timers", {}).get(timer_id, {})
    if isinstance(changed, list):
        changed = changed[0] or changed[1]
    return [wire for wire in changed if wire in _COUNTDOWN_WIRE]


def _overtaken(revision: int, in_the_way: Mapping[tuple[str, str], str]) -> Overtaken:
    fields: dict[str, list[str]] = {}
    for where, field in in_the_way:
        fields.setdefault(where, []).append(field)
    named = [
        f"{where.replace('timers.', 'timer ')} ({', '.join(of_it)})"
        for where, of_it in list(fields.items())[:_MOST_NAMED]
    ]
    if len(fields) > _MOST_NAMED:
        named.append(f"{len(fields) - _MOST_NAMED} more")
    errors: dict[str, Any] = {
        f"{where}.{field}": [why] for (where, field), why in in_the_way.items()
    }
    return Overtaken(
        f"Revision {revision} cannot be undone: {', '.join(named)} changed since.",
        errors,
    )


def _values(logged: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of the log as the aggregate has them, by Python's names."""
    return {PYTHON_NAMES[wire]: _value(wire, value) for wire, value in logged.items()}


def _value(wire: str, value: Any) -> Any:
    if wire == "currentTimerId":
        return None if value is None else uuid.UUID(value)
    return Status(value) if wire == "status" else value
