"""Undo over HTTP; a part of the blueprint of rooms."""

import uuid
from typing import Any

from app.errors import (
    CannotBeUndone,
    LimitReached,
    NotFound,
    NothingToUndo,
    Overtaken,
)
from app.rooms.commands import undo as commands
from app.rooms.routes.command import command, current_actor, make
from app.rooms.routes.rooms import rooms, shown
from app.rooms.schemas import ChangedRoomSchema, UndoInput


@rooms.post("/<uuid:room_id>/undo")
@command(
    rooms,
    body=UndoInput,
    answer=ChangedRoomSchema,
    refuses=(NotFound, NothingToUndo, CannotBeUndone, Overtaken, LimitReached),
)
def undo(body: dict[str, Any], room_id: uuid.UUID) -> dict[str, Any]:
    """Undo the caller's own latest command, or the revision that is named."""
    return shown(make(commands.undo(room_id, current_actor(), **body)).room)
