"""Timers over HTTP: the blueprint, and what changes which timers there are."""

import uuid
from typing import Any

from app.errors import InvalidField, LimitReached, TimerActive
from app.openapi import Blueprint
from app.rooms.aggregate import Timer
from app.rooms.commands import timers as commands
from app.rooms.routes.command import command, make
from app.rooms.schemas import (
    OrderInput,
    OrderSchema,
    TimerChanges,
    TimerInput,
    TimerSchema,
)

timers = Blueprint("timers", __name__, url_prefix="/api", description="Timers")


@timers.post("/rooms/<uuid:room_id>/timers")
@command(
    timers, status=201, body=TimerInput, answer=TimerSchema, refuses=(LimitReached,)
)
def create_timer(body: dict[str, Any], room_id: uuid.UUID) -> Timer:
    """Append a timer to a room's running order."""
    return make(commands.create_timer(room_id, uuid.uuid4(), **body)).timer


@timers.post("/rooms/<uuid:room_id>/timers/reorder")
@command(timers, body=OrderInput, answer=OrderSchema, refuses=(InvalidField,))
def reorder_timers(body: dict[str, Any], room_id: uuid.UUID) -> dict[str, Any]:
    """Put all timers of a room into a new order; no timer's end moves."""
    loaded = make(commands.reorder_timers(room_id, body["timer_ids"]))
    return {**body, "revision": loaded.room.revision}


@timers.put("/timers/<uuid:timer_id>")
@command(
    timers, body=TimerChanges, answer=TimerSchema, refuses=(TimerActive, LimitReached)
)
def update_timer(body: dict[str, Any], timer_id: uuid.UUID) -> Timer:
    """Change a timer; the duration only while it is idle or finished."""
    return make(commands.update_timer(timer_id, body)).timer


@timers.delete("/timers/<uuid:timer_id>")
@command(timers, status=204)
def delete_timer(timer_id: uuid.UUID) -> None:
    """Delete a timer."""
    make(commands.delete_timer(timer_id))
