"""Rooms on the wire."""

from marshmallow import fields, validate

from app.auth.schemas import OwnerTokensSchema
from app.payloads import Payload, Text, instant
from app.rooms.model import MAX_DESCRIPTION, MAX_NAME

MAX_PAGE_SIZE = 100


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
