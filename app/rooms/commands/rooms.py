"""Create, edit and delete a room; replace its link; note who got tokens for it."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from app.clock import Instant
from app.errors import InvalidField, RoomMovedOn
from app.revisions import new_stamp
from app.rooms.aggregate import ROOM_TEXTS, Loaded, Room, new_share_token
from app.rooms.command import Command, Wanted
from app.rooms.texts import check_growth, growth


def new_room(
    owner_id: str, *, name: str, description: str = ""
) -> Callable[[Instant], Room]:
    """Return what makes a new room for an owner, at an instant."""

    def at(now: Instant) -> Room:
        return Room(
            id=uuid.uuid4(),
            owner_id=owner_id,
            name=name,
            description=description,
            share_token=new_share_token(),
            revision=1,
            stamp=new_stamp(),
            created_at=now,
            updated_at=now,
        )

    return at


def update_room(room_id: uuid.UUID, changes: Mapping[str, Any]) -> Command:
    """Change a room's fields; an operator may choose the current timer alone.

    Refused where the current timer is not one of the room's (InvalidField), and where
    the room has its fill of text (LimitReached).
    """
    current = changes.get("current_timer_id")
    texts = {name: text for name, text in changes.items() if name in ROOM_TEXTS}

    def decide(loaded: Loaded, _now: Instant) -> Loaded:
        if current is not None and current not in loaded.timers:
            raise InvalidField("currentTimerId", "It is not a timer of this room.")
        check_growth(loaded, growth(loaded.room, texts, ROOM_TEXTS))
        return loaded.with_room(**changes)

    own = bool(changes.keys() - {"current_timer_id"})
    wanted = Wanted(room_id, current, whole=bool(texts))
    return Command("update-room", wanted, decide, own=own)


def replace_share_token(room_id: uuid.UUID) -> Command:
    """Give a room another share token; who came with the old one must leave."""

    def decide(loaded: Loaded, _now: Instant) -> Loaded:
        return loaded.with_room(share_token=new_share_token())

    return Command("replace-share-token", Wanted(room_id), decide, own=True)


def delete_room(
    room_id: uuid.UUID, *, unless_changed_since: Instant | None = None
) -> Command:
    """Delete a room with its timers.

    Refused (RoomMovedOn) where it changed since an instant, if one is given, or where
    one of its timers is running then.
    """

    def decide(loaded: Loaded, _now: Instant) -> Loaded:
        if unless_changed_since is not None and _is_in_use(
            loaded, unless_changed_since
        ):
            raise RoomMovedOn
        return loaded.to_be_deleted()

    wanted = Wanted(room_id, whole=unless_changed_since is not None)
    return Command("delete-room", wanted, decide, own=True)


def note_operator_token(room_id: uuid.UUID) -> Command:
    """Note in the log that an operator's token is issued; no screen shows it."""
    return Command(
        "issue-operator-token", Wanted(room_id), _same, own=True, anyway=True
    )


def note_revoked_operators(room_id: uuid.UUID) -> Command:
    """Note in the log that the operators' tokens are taken back."""
    return Command(
        "revoke-operator-tokens", Wanted(room_id), _same, own=True, anyway=True
    )


def _same(loaded: Loaded, _now: Instant) -> Loaded:
    return loaded


def _is_in_use(loaded: Loaded, since: Instant) -> bool:
    running = any(timer.status == "running" for timer in loaded.timers.values())
    return running or loaded.room.updated_at >= since
