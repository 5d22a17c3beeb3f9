"""Rooms over HTTP: one blueprint for rooms, one for timers."""

from app.rooms.routes import (
    playback,  # noqa: F401 - it is a part of `timers`
    undo,  # noqa: F401 - it is a part of `rooms`
)
from app.rooms.routes.rooms import rooms
from app.rooms.routes.timers import timers

__all__ = ["rooms", "timers"]
