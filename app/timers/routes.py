"""Timers over HTTP."""

import uuid
from typing import Any

from app.auth.access import Access, allow, current_identity
from app.auth.ratelimits import limit_commands
from app.errors import (
    Forbidden,
    InvalidField,
    InvalidTransition,
    LimitReached,
    RoomMovedOn,
    TimerActive,
    Unauthenticated,
)
from app.extensions import wired
from app.idempotency import idempotent
from app.openapi import Blueprint
from app.preconditions import expected_revision
from app.timers import service
from app.timers.model import Timer
from app.timers.schemas import (
    OrderInput,
    OrderSchema,
    TimerChanges,
    TimerInput,
    TimerSchema,
)

timers = Blueprint("timers", __name__, url_prefix="/api", description="Timers")


@timers.post("/rooms/<uuid:room_id>/timers")
@allow(Access.OPERATOR)
@limit_commands
@idempotent
@timers.arguments(TimerInput)
@timers.response(201, TimerSchema)
@timers.refuses(400, Unauthenticated, Forbidden, LimitReached, RoomMovedOn, 413, 415)
@timers.refuses(422, 429)
def create_timer(body: dict[str, Any], room_id: uuid.UUID) -> Timer:
    """Append a timer to a room's running order."""
    return service.create_timer(
        current_identity(), room_id, at_revision=expected_revision(), **body
    )


@timers.post("/rooms/<uuid:room_id>/timers/reorder")
@allow(Access.OPERATOR)
@limit_commands
@idempotent
@timers.arguments(OrderInput)
@timers.response(200, OrderSchema)
@timers.refuses(400, Unauthenticated, Forbidden, RoomMovedOn, 413, 415)
@timers.refuses(InvalidField, 429)
def reorder_timers(body: dict[str, Any], room_id: uuid.UUID) -> dict[str, Any]:
    """Put all timers of a room into a new order; no timer's end moves."""
    revision = service.reorder_timers(
        current_identity(),
        room_id,
        body["timer_ids"],
        at_revision=expected_revision(),
    )
    return {**body, "revision": revision}


@timers.put("/timers/<uuid:timer_id>")
@allow(Access.OPERATOR)
@limit_commands
@idempotent
@timers.arguments(TimerChanges)
@timers.response(200, TimerSchema)
@timers.refuses(400, Unauthenticated, Forbidden, TimerActive, LimitReached)
@timers.refuses(RoomMovedOn, 413, 415, 422, 429)
def update_timer(body: dict[str, Any], timer_id: uuid.UUID) -> Timer:
    """Change a timer; the duration only while it is idle or finished."""
    identity = current_identity()
    timer = service.timer_for(identity, timer_id)
    return service.update_timer(identity, timer, body, at_revision=expected_revision())


@timers.delete("/timers/<uuid:timer_id>")
@allow(Access.OPERATOR)
@limit_commands
@idempotent
@timers.response(204)
@timers.refuses(Unauthenticated, Forbidden, RoomMovedOn, 429)
def delete_timer(timer_id: uuid.UUID) -> None:
    """Delete a timer."""
    identity = current_identity()
    timer = service.timer_for(identity, timer_id)
    service.delete_timer(identity, timer, at_revision=expected_revision())


@timers.post("/timers/<uuid:timer_id>/start")
@allow(Access.OPERATOR)
@limit_commands
@idempotent
@timers.response(200, TimerSchema)
@timers.refuses(Unauthenticated, Forbidden, RoomMovedOn, 429)
def start_timer(timer_id: uuid.UUID) -> Timer:
    """Start or resume a timer; one that runs keeps running."""
    identity = current_identity()
    timer = service.timer_for(identity, timer_id)
    timer = service.start_timer(identity, timer, at_revision=expected_revision())
    wired("finisher").notice(timer)
    return timer


@timers.post("/timers/<uuid:timer_id>/pause")
@allow(Access.OPERATOR)
@limit_commands
@idempotent
@timers.response(200, TimerSchema)
@timers.refuses(Unauthenticated, Forbidden, InvalidTransition, RoomMovedOn, 429)
def pause_timer(timer_id: uuid.UUID) -> Timer:
    """Pause a running timer; one that is paused stays paused."""
    identity = current_identity()
    timer = service.timer_for(identity, timer_id)
    return service.pause_timer(identity, timer, at_revision=expected_revision())


@timers.post("/timers/<uuid:timer_id>/reset")
@allow(Access.OPERATOR)
@limit_commands
@idempotent
@timers.response(200, TimerSchema)
@timers.refuses(Unauthenticated, Forbidden, RoomMovedOn, 429)
def reset_timer(timer_id: uuid.UUID) -> Timer:
    """Return a timer to idle with its full duration."""
    identity = current_identity()
    timer = service.timer_for(identity, timer_id)
    return service.reset_timer(identity, timer, at_revision=expected_revision())
