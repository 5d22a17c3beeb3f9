"""Timers on the wire."""

from marshmallow import fields, validate

from app.payloads import BoundedList, Payload, Text, instant
from app.timers.countdown import MAX_DURATION, MIN_DURATION, Status
from app.timers.model import MAX_COMPLETION_MESSAGE, MAX_DESCRIPTION, MAX_TITLE
from app.timers.service import MAX_TIMERS


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


class TimerChanges(Payload):
    """What may be changed of a timer; a field that is not there stays as it is."""

    title = Text(longest=MAX_TITLE, blank=False)
    duration = fields.Integer(
        strict=True,
        validate=validate.Range(MIN_DURATION, MAX_DURATION),
        metadata={"description": "The full length (ms)", "example": 1_800_000},
    )
    description = Text(longest=MAX_DESCRIPTION)
    completion_message = Text(longest=MAX_COMPLETION_MESSAGE)


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
