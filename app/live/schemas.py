"""What viewers send and are sent, event by event."""

from collections.abc import Sequence
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.payloads import Payload, Text, instant
from app.rooms.aggregate import Room, Timer
from app.rooms.model import RoomRow, TimerRow
from app.rooms.schemas import RoomSchema, TimerSchema


class RoomStateSchema(RoomSchema):
    """A room with all its timers in order, as every screen shows it."""

    server_time = instant("The server's clock when it was sent", required=True)
    timers = fields.List(fields.Nested(TimerSchema), required=True)


class JoinRoom(Payload):
    """What `join-room` needs."""

    share_token = Text(longest=64, blank=False, required=True)


class RequestSync(Payload):
    """The revision that the viewer has, if it says."""

    revision = fields.Integer(strict=True, validate=validate.Range(0, 2**53))


class Nothing(ma.Schema):
    """`ping` carries nothing; what it carries all the same is ignored."""

    class Meta:
        unknown = ma.EXCLUDE


_timer = TimerSchema()
_room = RoomSchema()
_room_id = RoomSchema(only=("id",))
_room_state = RoomStateSchema(exclude=("server_time",))

# What each event carries of its subject, besides `revision` and `serverTime`, and
# besides the room's `updatedAt` where the subject is a timer.
EVENT_SCHEMAS: dict[str, ma.Schema] = {
    "timer-created": _timer,
    "timer-update": _timer,
    "timer-finished": _timer,
    "timer-deleted": TimerSchema(only=("id", "room_id")),
    "room-update": _room,
    "room-deleted": _room_id,
    "room-state": _room_state,
    "share-token-revoked": _room_id,
}
TIMER_EVENTS = ("timer-created", "timer-update", "timer-finished", "timer-deleted")
# What a viewer need not hear any more that is sent the whole state afterwards.
COVERED = {"room-state": frozenset((*TIMER_EVENTS, "room-update", "room-state"))}


def describe(name: str, subject: Any) -> dict[str, Any]:
    """Return the wire's fields of an event's subject: a room or a timer.

    The subject of `room-state` is a room and its timers in order.
    """
    if name == "room-state":
        return room_fields(*subject)
    payload: dict[str, Any] = EVENT_SCHEMAS[name].dump(subject)
    return payload


def room_fields(
    room: Room | RoomRow, timers: Sequence[Timer | TimerRow]
) -> dict[str, Any]:
    """Return a room with its timers as the wire has them, without `serverTime`."""
    payload: dict[str, Any] = _room.dump(room)
    return payload | {"timers": [_timer.dump(timer) for timer in timers]}
