"""What differs between a room before and after: what is written, logged and told."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from app.naming import camel_case
from app.rooms.aggregate import Loaded, Room, Timer
from app.rooms.countdown import Countdown

# What the revision itself says, or what is nobody's business in a log.
_ROOM_UNTOLD = ("revision", "stamp", "updated_at", "log_rows", "log_bytes")
_ROOM_SECRET = ("owner_id", "share_token")
ROOM_FIELDS = tuple(
    each.name for each in fields(Room) if each.name not in ("id", *_ROOM_UNTOLD)
)
TIMER_FIELDS = tuple(
    each.name
    for each in fields(Timer)
    if each.name not in ("id", "room_id", "revision")
)
COUNTDOWN_FIELDS = tuple(each.name for each in fields(Countdown))
_LOGGED_OF_ROOM = tuple(name for name in ROOM_FIELDS if name not in _ROOM_SECRET)


@dataclass(frozen=True)
class Difference:
    """What one thing was and is to be.

    Attributes:
        before: as it was; None where it is new.
        after: as it is to be; None where it is deleted.
        fields: the names of the fields that differ; all of them where it is new or
            deleted.
    """

    before: Any
    after: Any
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Differences:
    """All that a revision changes.

    Attributes:
        room: of the room itself; None where nothing of it differs.
        timers: of the timers that are touched, by their ids.
    """

    room: Difference | None
    timers: Mapping[uuid.UUID, Difference]

    def __bool__(self) -> bool:
        """Tell whether anything differs."""
        return self.room is not None or bool(self.timers)


def between(before: Loaded, after: Loaded) -> Differences:
    """Return what differs; what is the same object is not looked at."""
    timers = {}
    for timer_id, is_now in after.timers.items():
        was = before.timers.get(timer_id)
        if was is not is_now:
            difference = _between(was, is_now, TIMER_FIELDS)
            if difference is not None:
                timers[timer_id] = difference
    for timer_id, was in before.timers.items():
        if timer_id not in after.timers:
            timers[timer_id] = Difference(was, None, TIMER_FIELDS)
    if after.deleted:
        return Differences(Difference(before.room, None, ROOM_FIELDS), {})
    if before.room is after.room:
        return Differences(None, timers)
    return Differences(_between(before.room, after.room, ROOM_FIELDS), timers)


def of_new_room(room: Room) -> Differences:
    """Return what creating a room changes."""
    return Differences(Difference(None, room, ROOM_FIELDS), {})


def _between(was: Any, is_now: Any, names: tuple[str, ...]) -> Difference | None:
    if was is None:
        return Difference(None, is_now, names)
    differing = tuple(
        name for name in names if getattr(was, name) != getattr(is_now, name)
    )
    return Difference(was, is_now, differing) if differing else None


def as_logged(differences: Differences) -> dict[str, Any]:
    """Return the differences as the log holds them, with the wire's names.

    `room`, and under `timers` each id, is `{field: [before, after]}`; a whole thing
    that is new or deleted is `[null, {field: value}]` or `[{field: value}, null]`.
    Never the share token, nor the owner.
    """
    logged: dict[str, Any] = {}
    if differences.room is not None:
        of_room = _as_logged(differences.room, _LOGGED_OF_ROOM)
        if of_room:
            logged["room"] = of_room
    if differences.timers:
        logged["timers"] = {
            str(timer_id): _as_logged(difference, TIMER_FIELDS)
            for timer_id, difference in differences.timers.items()
            if difference.fields
        }
    return logged


def _as_logged(difference: Difference, told: tuple[str, ...]) -> Any:
    before, after = difference.before, difference.after
    names = [name for name in difference.fields if name in told]
    if before is None:
        return [None, dict(_values(after, names))]
    if after is None:
        return [dict(_values(before, names)), None]
    return {
        key: [was, is_now]
        for (key, was), (_, is_now) in zip(
            _values(before, names), _values(after, names), strict=True
        )
    }


def _values(thing: Any, names: list[str]) -> Iterator[tuple[str, Any]]:
    for name in names:
        value = getattr(thing, name)
        yield _WIRE[name], str(value) if isinstance(value, uuid.UUID) else value


_WIRE = {name: camel_case(name) for name in (*ROOM_FIELDS, *TIMER_FIELDS)}
PYTHON_NAMES = {wire: name for name, wire in _WIRE.items()}
