"""Rooms over HTTP."""

import uuid
from typing import Any

from flask import Response, jsonify, url_for

from app.auth import service as auth
from app.auth.access import Access, allow, current_identity, optional_identity
from app.auth.identity import Role, owner_holder
from app.auth.ratelimits import limit_rooms
from app.auth.schemas import OwnerTokensSchema
from app.errors import (
    CannotSign,
    Forbidden,
    InvalidField,
    LimitReached,
    Unauthenticated,
)
from app.extensions import wired
from app.idempotency import idempotent
from app.openapi import Blueprint
from app.rooms import operators, queries
from app.rooms.aggregate import Room
from app.rooms.change import Changes
from app.rooms.command import Actor
from app.rooms.commands import rooms as commands
from app.rooms.routes.command import command, current_actor, make, may_replay
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
@allow(Access.OPTIONAL, asks=False)
@limit_rooms
@lambda view: idempotent(view, may_replay)
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
    new = commands.new_room(identity.subject, **body)
    return _created(_changes().create(new, current_actor()), {})


@rooms.get("")
@allow(Access.OWNER)
@rooms.arguments(PageQuery, location="query")
@rooms.response(200, RoomPage)
@rooms.refuses(Unauthenticated, Forbidden, 422, 429)
def list_rooms(query: dict[str, int]) -> dict[str, Any]:
    """List the caller's rooms, newest first."""
    owner = current_identity().subject
    found, total = queries.owned_rooms(owner, query["page"], query["page_size"])
    return {"rooms": found, "total": total, **query}


@rooms.put("/<uuid:room_id>")
@command(
    rooms,
    body=RoomChanges,
    answer=ChangedRoomSchema,
    refuses=(InvalidField, LimitReached),
)
def update_room(body: dict[str, Any], room_id: uuid.UUID) -> dict[str, Any]:
    """Change a room; an operator may choose the current timer and nothing else."""
    return shown(make(commands.update_room(room_id, body)).room)


@rooms.delete("/<uuid:room_id>")
@command(rooms, status=204, access=Access.OWNER)
def delete_room(room_id: uuid.UUID) -> None:
    """Delete a room with its timers; its viewers are told."""
    make(commands.delete_room(room_id))


@rooms.post("/<uuid:room_id>/share-token")
@command(rooms, access=Access.OWNER, answer=RoomSchema)
def replace_share_token(room_id: uuid.UUID) -> Room:
    """Revoke the share token: the old link ends, its viewers are sent away."""
    return make(commands.replace_share_token(room_id)).room


@rooms.post("/<uuid:room_id>/tokens")
@command(
    rooms,
    status=201,
    access=Access.OWNER,
    answer=OperatorTokenSchema,
    refuses=(CannotSign,),
    once=False,
)
def issue_operator_token(room_id: uuid.UUID) -> dict[str, Any]:
    """Issue a token for an operator of this one room."""
    token = operators.issue_token(_changes(), current_actor(), room_id)
    return {"operator_token": token.encoded, "expires_at": token.expires_at}


@rooms.delete("/<uuid:room_id>/tokens")
@command(rooms, status=204, access=Access.OWNER, once=False)
def revoke_operator_tokens(room_id: uuid.UUID) -> None:
    """Take back every operator's token of this room."""
    operators.revoke_tokens(_changes(), current_actor(), room_id)


def shown(room: Room) -> dict[str, Any]:
    """Return a room as the caller, who changed it, is shown it."""
    # An operator came by a link, which may have been replaced since: the new one is the
    # owner's to give away.
    hidden = () if current_identity().may_own(room.owner_id) else ("share_token",)
    return {name: getattr(room, name) for name in _FIELDS if name not in hidden}


def _create_for_new_owner(body: dict[str, Any]) -> Response:
    if not wired("settings").allow_anonymous_rooms:
        raise Unauthenticated("This server creates rooms only for a token's owner.")
    owner = auth.new_owner()
    access = auth.issue_access_token(owner, {})
    refresh = auth.issue_refresh_token(owner, {})
    tokens = {
        "admin_token": access.encoded,
        "admin_token_expires_at": access.expires_at,
        "refresh_token": refresh.encoded,
    }
    new = commands.new_room(owner, **body)
    return _created(_changes().create(new, Actor(owner_holder(owner))), tokens)


def _created(room: Room, tokens: dict[str, Any]) -> Response:
    body = {**RoomSchema().dump(room), **OwnerTokensSchema().dump(tokens)}
    response = jsonify(body)
    response.status_code = 201
    response.location = url_for("live.room_state", share_token=room.share_token)
    return response


def _changes() -> Changes:
    changes: Changes = wired("changes")
    return changes
