"""Rooms and their timers on the wire."""

from typing import Any

from marshmallow import fields, validate

from app.auth.schemas import OwnerTokensSchema
from app.payloads import BoundedList, Payload, Text, instant
from app.rooms.aggregate import (
    MAX_COMPLETION_MESSAGE,
    MAX_DESCRIPTION,
    MAX_NAME,
    MAX_TIMERS,
    MAX_TITLE,
)
from app.rooms.countdown import MAX_DURATION, MIN_DURATION, Status

MAX_PAGE_SIZE = 100
# JavaScript's largest exact number.
MAX_REVISION = 2**53 - 1


class RoomSchema(Payload):
    """A room as anyone with its share token may see it: never its owner."""

    id = fields.UUID(required=True)
    name = fields.String(required=True, metadata={"example": "Main hall"})
    description = fields.String(required=True)
    share_token = fields.String(
        required=True, metadata={"description": "What viewers join with."}
    )
    current_timer_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "The timer that the screens show."},
    )
    revision = fields.Integer(
        required=True,
        metadata={
            "description": "Counts every change of the room and of anything in it.",
            "example": 7,
        },
    )
    created_at = instant("When it was created", required=True)
    updated_at = instant("When it or anything in it last changed", required=True)


class NewRoomSchema(RoomSchema, OwnerTokensSchema):
    """A room as its creator gets it; the tokens where a new owner was made for it."""


class ChangedRoomSchema(RoomSchema):
    """A room as who changed it gets it: the share token is for its owner alone."""

    share_token = fields.String(
        metadata={"description": "What viewers join with; not sent to operators."}
    )


class RoomInput(Payload):
    """What a room is created with."""

    name = Text(
        longest=MAX_NAME, blank=False, required=True, metadata={"example": "Main hall"}
    )
    description = Text(longest=MAX_DESCRIPTION, load_default="")


class RoomChanges(Payload):
    """What may be changed of a room; a field that is not there stays as it is."""

    name = Text(longest=MAX_NAME, blank=False)
    description = Text(longest=MAX_DESCRIPTION)
    current_timer_id = fields.UUID(
        allow_none=True,
        metadata={"description": "The room's timer that the screens are to show."},
    )


class UndoInput(Payload):
    """What is to be undone."""

    revision = fields.Integer(
        strict=True,
        validate=validate.Range(1, MAX_REVISION),
        metadata={
            "description": "The revision to undo; by default the caller's own latest "
            "command that is not undone."
        },
    )


class PageQuery(Payload):
    """Which page of a list."""

    # Not strict: what stands in an address is text.
    page = fields.Integer(load_default=1, validate=validate.Range(1, 1_000_000))
    page_size = fields.Integer(
        load_default=20, validate=validate.Range(1, MAX_PAGE_SIZE)
    )


class RoomPage(Payload):
    """A page of the caller's rooms, newest first."""

    rooms = fields.List(fields.Nested(RoomSchema), required=True)
    page = fields.Integer(required=True)
    page_size = fields.Integer(required=True)
    total = fields.Integer(required=True)


class OperatorTokenSchema(Payload):
    """A token for an operator of one room."""

    operator_token = fields.String(required=True)
    expires_at = instant("When it expires", required=True)


def _length(description: str) -> fields.Integer:
    return fields.Integer(
        required=True, metadata={"description": f"{description} (ms)"}
    )


class TimerSchema(Payload):
    """A timer with everything that a screen needs to draw it at any moment."""

    id = fields.UUID(required=True)
    room_id = fields.UUID(required=True)
    title = fields.String(required=True, metadata={"example": "Opening keynote"})
    description = fields.String(required=True)
    completion_message = fields.String(
        required=True, metadata={"description": "What screens show at zero."}
    )
    position = fields.Integer(
        required=True, metadata={"description": "Its place in the running order."}
    )
    duration = _length("The full length, as it was set")
    remaining = _length("What is left; while running, what was left at the start")
    status = fields.String(
        required=True, validate=validate.OneOf([status.value for status in Status])
    )
    started_at = instant(
        "When this countdown was first started", allow_none=True, required=True
    )
    ends_at = instant("When it is over, or was", allow_none=True, required=True)
    revision = fields.Integer(
        required=True,
        metadata={"description": "The room's revision at the latest change."},
    )


class TimerInput(Payload):
    """What a timer is created with."""

    title = Text(
        longest=MAX_TITLE,
        blank=False,
        required=True,
        metadata={"example": "Opening keynote"},
    )
    duration = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(MIN_DURATION, MAX_DURATION),
        metadata={"description": "The full length (ms)", "example": 1_800_000},
    )
    description = Text(longest=MAX_DESCRIPTION, load_default="")
    completion_message = Text(longest=MAX_COMPLETION_MESSAGE, load_default="")


class TimerChanges(TimerInput):
    """What may be changed of a timer; a field that is not there stays as it is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(partial=True, **options)


class OrderInput(Payload):
    """The whole running order."""

    timer_ids = BoundedList(
        fields.UUID(),
        longest=MAX_TIMERS,
        required=True,
        metadata={"description": "Every timer of the room, once, in its new order."},
    )


class OrderSchema(Payload):
    """The running order as it stands, and the room's revision.

    Not the timers: nothing but their places has changed, and whoever watches the room
    is sent its state.
    """

    timer_ids = fields.List(fields.UUID(), required=True)
    revision = fields.Integer(required=True)
