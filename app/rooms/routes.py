"""Rooms over HTTP."""

import uuid
from typing import Any

from flask import Response, jsonify, url_for

from app.auth import service as auth
from app.auth.access import Access, allow, current_identity, optional_identity
from app.auth.identity import Role
from app.auth.ratelimits import limit_commands, limit_rooms
from app.auth.schemas import OwnerTokensSchema
from app.errors import (
    CannotSign,
    Forbidden,
    InvalidField,
    LimitReached,
    RoomMovedOn,
    Unauthenticated,
)
from app.extensions import wired
from app.idempotency import idempotent
from app.openapi import Blueprint
from app.preconditions import expected_revision
from app.rooms import service
from app.rooms.model import Room
from app.rooms.schemas import (
    ChangedRoomSchema,
    NewRoomSchema,
    OperatorTokenSchema,
    PageQuery,
    RoomChanges,
    RoomInput,
    RoomPage,
    RoomSchema,
)

_FIELDS = tuple(ChangedRoomSchema().fields)

rooms = Blueprint("rooms", __name__, url_prefix="/api/rooms", description="Rooms")


@rooms.post("")
@allow(Access.OPTIONAL)
@limit_rooms
@idempotent
@rooms.arguments(RoomInput)
@rooms.response(201, NewRoomSchema)
@rooms.refuses(400, Unauthenticated, Forbidden, CannotSign, 413, 415, 422, 429)
def create_room(body: dict[str, Any]) -> Response:
    """Create a room; without a token, for a new owner whose tokens are answered."""
    identity = optional_identity()
    if identity is None:
        return _create_for_new_owner(body)
    if identity.role is not Role.OWNER:
        raise Forbidden("An operator's token creates no rooms.")
    room = service.create_room(identity.subject, **body)
    return _created(room, {})


@rooms.get("")
@allow(Access.OWNER)
@rooms.arguments(PageQuery, location="query")
@rooms.response(200, RoomPage)
@rooms.refuses(Unauthenticated, Forbidden, 422, 429)
def list_rooms(query: dict[str, int]) -> dict[str, Any]:
    """List the caller's rooms, newest first."""
    owner = current_identity().subject
    found, total = service.owned_rooms(owner, query["page"], query["page_size"])
    return {"rooms": found, "total": total, **query}


@rooms.put("/<uuid:room_id>")
@allow(Access.OPERATOR)
@limit_commands
@idempotent
@rooms.arguments(RoomChanges)
@rooms.response(200, ChangedRoomSchema)
@rooms.refuses(
    400, Unauthenticated, Forbidden, LimitReached, RoomMovedOn, 413, 415, 429
)
@rooms.refuses(InvalidField)
def update_room(body: dict[str, Any], room_id: uuid.UUID) -> dict[str, Any]:
    """Change a room; an operator may choose the current timer and nothing else."""
    identity = current_identity()
    room = service.update_room(identity, room_id, body, at_revision=expected_revision())
    # An operator came by a link, which may have been replaced since: the new one is the
    # owner's to give away.
    hidden = () if identity.may_own(room.owner_id) else ("share_token",)
    return {name: getattr(room, name) for name in _FIELDS if name not in hidden}


@rooms.delete("/<uuid:room_id>")
@allow(Access.OWNER)
@limit_commands
@idempotent
@rooms.response(204)
@rooms.refuses(Unauthenticated, Forbidden, RoomMovedOn, 429)
def delete_room(room_id: uuid.UUID) -> None:
    """Delete a room with its timers; its viewers are told."""
    service.delete_room(current_identity(), room_id, at_revision=expected_revision())


@rooms.post("/<uuid:room_id>/share-token")
@allow(Access.OWNER)
@limit_commands
@idempotent
@rooms.response(200, RoomSchema)
@rooms.refuses(Unauthenticated, Forbidden, RoomMovedOn, 429)
def replace_share_token(room_id: uuid.UUID) -> Room:
    """Revoke the share token: the old link ends, its viewers are sent away."""
    return service.replace_share_token(
        current_identity(), room_id, at_revision=expected_revision()
    )


@rooms.post("/<uuid:room_id>/tokens")
@allow(Access.OWNER)
@limit_commands
@rooms.response(201, OperatorTokenSchema)
@rooms.refuses(Unauthenticated, Forbidden, CannotSign, 429)
def issue_operator_token(room_id: uuid.UUID) -> dict[str, Any]:
    """Issue a token for an operator of this one room."""
    identity = current_identity()
    room = service.room_for(identity, room_id, own=True)
    token = auth.issue_operator_token(room.id, room.owner_id)
    auth.check_in_force(identity)
    return {"operator_token": token.encoded, "expires_at": token.expires_at}


@rooms.delete("/<uuid:room_id>/tokens")
@allow(Access.OWNER)
@limit_commands
@rooms.response(204)
@rooms.refuses(Unauthenticated, Forbidden, 429)
def revoke_operator_tokens(room_id: uuid.UUID) -> None:
    """Take back every operator's token of this room."""
    room = service.room_for(current_identity(), room_id, own=True)
    auth.revoke_operators(room.id)


def _create_for_new_owner(body: dict[str, Any]) -> Response:
    if not wired("settings").allow_anonymous_rooms:
        raise Unauthenticated("This server creates rooms only for a token's owner.")
    owner = auth.new_owner()
    access, refresh = auth.issue_access_token(owner), auth.issue_refresh_token(owner)
    tokens = {
        "admin_token": access.encoded,
        "admin_token_expires_at": access.expires_at,
        "refresh_token": refresh.encoded,
    }
    return _created(service.create_room(owner, **body), tokens)


def _created(room: Room, tokens: dict[str, Any]) -> Response:
    body = {**RoomSchema().dump(room), **OwnerTokensSchema().dump(tokens)}
    response = jsonify(body)
    response.status_code = 201
    response.location = url_for("live.room_state", share_token=room.share_token)
    return response
