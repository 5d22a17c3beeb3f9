"""The tokens of a room's operators: given out and taken back under the room's lock."""

import uuid

from app.auth import service as auth
from app.auth.identity import owner_holder
from app.auth.service import Token
from app.rooms.change import Changes
from app.rooms.command import Actor
from app.rooms.commands import rooms as commands


def issue_token(changes: Changes, actor: Actor, room_id: uuid.UUID) -> Token:
    """Return a token for an operator of the actor's room.

    Raises:
        Forbidden: the room is not the actor's own.
        CannotSign: the server has no secret of its own.
        Unauthenticated: the actor's token has been taken back.
    """
    auth.check_can_sign()
    outcome = changes.make(commands.note_operator_token(room_id), actor)
    room = outcome.accepted().room
    standing = {**outcome.standing}
    if actor.identity is None:
        # The server itself has no revocations of its own to be compared with.
        standing |= auth.standing_of([owner_holder(room.owner_id)])
    return auth.issue_operator_token(room.id, room.owner_id, standing)


def revoke_tokens(changes: Changes, actor: Actor, room_id: uuid.UUID) -> None:
    """End every operator's token of the actor's room.

    Raises:
        Forbidden: the room is not the actor's own.
        Unauthenticated: the actor's token has been taken back.
    """
    with changes.database.transaction():
        outcome = changes.make(commands.note_revoked_operators(room_id), actor)
        if outcome.refusal is None:
            auth.revoke_operators(room_id)
    outcome.accepted()
