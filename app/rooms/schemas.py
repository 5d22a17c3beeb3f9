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
from app.rooms.log import MAX_PAGE

MAX_PAGE_SIZE = 100
# The largest whole number that JavaScript holds exactly.
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


class AfterQuery(Payload):
    """After which revision a log is read."""

    after = fields.Integer(
        validate=validate.Range(0, MAX_REVISION),
        metadata={"description": "Only later revisions than this one."},
    )


class RevisionsQuery(AfterQuery):
    """Which revisions of a room are listed."""

    limit = fields.Integer(
        load_default=50,
        validate=validate.Range(1, MAX_PAGE),
        metadata={"description": "How many there are at most."},
    )


_FIELDS_CHANGED = {
    "type": "object",
    "description": "The fields that differ, each with its values before and after.",
    "additionalProperties": {"type": "array", "minItems": 2, "maxItems": 2},
}
_WHOLE_THING = {
    "type": "array",
    "description": "A new thing is `[null, {field: value}]`, one that is deleted "
    "`[{field: value}, null]`.",
    "minItems": 2,
    "maxItems": 2,
    "items": {"type": "object", "nullable": True},
}


def _changed() -> fields.Raw:
    return fields.Raw(
        metadata={
            "oneOf": [_FIELDS_CHANGED, _WHOLE_THING],
            "example": {"title": ["Opening", "Welcome"]},
        }
    )


class ChangesSchema(Payload):
    """What a revision changed; never a token."""

    room = _changed()
    timers = fields.Dict(
        keys=fields.UUID(),
        values=_changed(),
        metadata={"description": "By the ids of the timers."},
    )


class RevisionSchema(Payload):
    """A revision of a room: who did what, when, and what it changed."""

    revision = fields.Integer(required=True, metadata={"example": 7})
    at = instant("When it was made", required=True)
    actor = fields.String(
        required=True,
        metadata={
            "description": "`owner`, `operator:<uuid>`, `clock`, `command-line` or "
            "`migration`.",
            "example": "owner",
        },
    )
    command = fields.String(required=True, metadata={"example": "start-timer"})
    noticed_by = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Of what the clock did: the command, or the `finisher`, "
            "that noticed it."
        },
    )
    undoes = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The revision that this one takes back."},
    )
    undone_by = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The revision that took this one back."},
    )
    changes = fields.Nested(ChangesSchema, required=True)


class RevisionPage(Payload):
    """Some revisions of a room, in ascending order."""

    revisions = fields.List(fields.Nested(RevisionSchema), required=True)
    more = fields.Boolean(
        required=True,
        metadata={
            "description": "Whether some were left out: newer ones with `after`, older "
            "ones without."
        },
    )
