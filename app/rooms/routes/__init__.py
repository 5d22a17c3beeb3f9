"""Rooms over HTTP: one blueprint for rooms, one for timers."""

from app.rooms.routes import (  # they are parts of the two
    playback,  # noqa: F401
    revisions,  # noqa: F401
    undo,  # noqa: F401
)
from app.rooms.routes.rooms import rooms
from app.rooms.routes.timers import timers

__all__ = ["rooms", "timers"]
