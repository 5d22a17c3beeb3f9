"""A room as its log tells it."""

from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]

_NOT_LOGGED = ("id", "roomId", "revision")
_OF_ROOM = ("name", "description", "currentTimerId", "createdAt")


def replayed(entries: Iterable[Json]) -> tuple[Json | None, Json]:
    """Return the room and its timers by id, as all changes of a log leave them.

    Each change must find what it says was there before.
    """
    room: Json | None = None
    timers: Json = {}
    for entry in entries:
        changes = entry["changes"]
        if "room" in changes:
            room = _changed(room, changes["room"])
        for timer_id, change in changes.get("timers", {}).items():
            timer = _changed(timers.pop(timer_id, None), change)
            if timer is not None:
                timers[timer_id] = timer
        if room is None:
            # Its timers went with it.
            timers = {}
    return room, timers


def told(state: Json) -> tuple[Json, Json]:
    """Return what a log tells of a state that viewers are sent."""
    timers = {
        timer["id"]: {
            name: value for name, value in timer.items() if name not in _NOT_LOGGED
        }
        for timer in state["timers"]
    }
    return {name: state[name] for name in _OF_ROOM}, timers


def _changed(thing: Json | None, change: Any) -> Json | None:
    if isinstance(change, list):
        before, after = change
        assert thing == before
        return after
    assert thing is not None
    for name, (before, _) in change.items():
        assert thing[name] == before, name
    return thing | {name: after for name, (_, after) in change.items()}
