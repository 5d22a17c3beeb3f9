"""What can be done with rooms."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import column, func, select, table, update

from app import instants
from app.auth.identity import Identity
from app.database import transaction
from app.errors import Forbidden, InvalidField, RoomMovedOn
from app.extensions import db
from app.instants import Instant
from app.revisions import new_stamp
from app.rooms.changes import Change, change_room, check_right
from app.rooms.model import Room, new_share_token
from app.rooms.texts import ROOM_TEXTS, check_growth, growth

# Small enough that no command waits long for a room that is being lifted.
LIFTED_AT_ONCE = 20
_LIFT = 1_000_000
# Of timers, rooms know only that they are rows of a room, changed at a revision.
_timers = table("timers", column("id"), column("room_id"), column("revision"))


def create_room(owner_id: str, *, name: str, description: str = "") -> Room:
    """Create a room for an owner.

    Its first revision is 1, and nobody watches it yet: nothing is announced.
    """
    now = instants.now()
    room = Room(
        owner_id=owner_id,
        name=name,
        description=description,
        revision=1,
        created_at=now,
        updated_at=now,
    )
    with transaction():
        db.session.add(room)
        # Its id and share token are made now, also where an outer transaction goes on.
        db.session.flush()
    return room


def owned_rooms(owner_id: str, page: int, page_size: int) -> tuple[Sequence[Room], int]:
    """Return one page of an owner's rooms, newest first, and how many there are."""
    owned = select(Room).where(Room.owner_id == owner_id)
    total = db.session.scalar(select(func.count()).select_from(owned.subquery()))
    rooms = db.session.scalars(
        owned.order_by(Room.created_at.desc(), Room.id)
        .limit(page_size)
        .offset((page - 1) * page_size)
    )
    return rooms.all(), total or 0


def room_for(identity: Identity, room_id: uuid.UUID, *, own: bool = False) -> Room:
    """Return a room that the caller may operate, or with `own` that it owns.

    Raises:
        Forbidden: it may not, or there is no such room; the answer does not tell which.
    """
    room = db.session.get(Room, room_id)
    if room is None:
        raise Forbidden
    check_right(identity, room, own=own)
    return room


def update_room(
    identity: Identity,
    room_id: uuid.UUID,
    changes: dict[str, Any],
    *,
    at_revision: int | None = None,
) -> Room:
    """Change a room's fields; an operator may choose the current timer alone.

    Values that are already so take no revision.

    Raises:
        Forbidden: the room is not the caller's, or the field is not an operator's.
        InvalidField: the current timer is not one of the room's.
        LimitReached: the room has its fill of text.
        RoomMovedOn: the room is at another revision than `at_revision`.
        Unauthenticated: the caller's token has been taken back.
    """
    own = bool(changes.keys() - {"current_timer_id"})
    room_for(identity, room_id, own=own)
    with change_room(identity, room_id, own=own, at_revision=at_revision) as change:
        _check_current_timer(room_id, changes.get("current_timer_id"))
        _apply(change, changes)
        return change.room


def replace_share_token(
    identity: Identity, room_id: uuid.UUID, *, at_revision: int | None = None
) -> Room:
    """Give the caller's room another share token; who came with the old one must leave.

    Raises:
        Forbidden: the room is not the caller's own.
        RoomMovedOn: the room is at another revision than `at_revision`.
        Unauthenticated: the caller's token has been taken back.
    """
    room_for(identity, room_id, own=True)
    with change_room(identity, room_id, own=True, at_revision=at_revision) as change:
        change.room.share_token = new_share_token()
        change.next_revision()
        change.announce("share-token-revoked", change.room)
        return change.room


def delete_room(
    identity: Identity, room_id: uuid.UUID, *, at_revision: int | None = None
) -> None:
    """Delete the caller's room with its timers, and tell its viewers.

    Raises:
        Forbidden: the room is not the caller's own.
        RoomMovedOn: the room is at another revision than `at_revision`.
        Unauthenticated: the caller's token has been taken back.
    """
    room_for(identity, room_id, own=True)
    _delete(identity, room_id, at_revision)


def prune_rooms(before: Instant) -> int:
    """Delete the rooms in which nothing changed since an instant; answer how many.

    A room with a running timer is in use however old its latest change is, and so is
    one that changes before its turn comes.
    """
    statuses = table("timers", column("room_id"), column("status"))
    running = select(statuses.c.room_id).where(statuses.c.status == "running")
    stale = db.session.execute(
        select(Room.id, Room.revision).where(
            Room.updated_at < before, Room.id.not_in(running)
        )
    ).all()
    return sum(_delete_unchanged(room_id, revision) for room_id, revision in stale)


def lift_revisions() -> int:
    """Give every room a revision beyond any that was told; answer how many rooms.

    After a restore clients hold revisions that the database has lost, and take no
    lower ones. All timers are lifted too, for the same reason. Nothing else changes:
    screens get the room's state as one of a newer revision.

    The number is the time in milliseconds, which no room's changes keep up with: so
    the same backup can be restored again, and what was told between is still below.
    """
    lifted, last = 0, None
    while batch := _lift_batch(last):
        lifted, last = lifted + len(batch), batch[-1]
    return lifted


def _lift_batch(after: uuid.UUID | None) -> list[uuid.UUID]:
    some = select(Room).order_by(Room.id).limit(LIFTED_AT_ONCE)
    if after is not None:
        some = some.where(Room.id > after)
    locked = some.with_for_update().execution_options(populate_existing=True)
    with transaction():
        rooms = db.session.scalars(locked).all()
        for room in rooms:
            room.revision = max(int(instants.now()), room.revision + _LIFT)
            room.stamp = new_stamp()
        ids = [room.id for room in rooms]
        db.session.flush()
        revision = select(Room.revision).where(Room.id == _timers.c.room_id)
        db.session.execute(
            update(_timers)
            .where(_timers.c.room_id.in_(ids))
            .values(revision=revision.scalar_subquery())
        )
        return ids


def _delete(
    identity: Identity | None, room_id: uuid.UUID, at_revision: int | None
) -> None:
    with change_room(identity, room_id, own=True, at_revision=at_revision) as change:
        change.next_revision()
        change.announce("room-deleted", change.room)
        db.session.delete(change.room)


def _delete_unchanged(room_id: uuid.UUID, revision: int) -> bool:
    try:
        _delete(None, room_id, revision)
    except (Forbidden, RoomMovedOn):
        return False
    return True


def _apply(change: Change, changes: dict[str, Any]) -> None:
    differing = {
        name: value
        for name, value in changes.items()
        if getattr(change.room, name) != value
    }
    if not differing:
        return
    check_growth(change.room, growth(change.room, differing, ROOM_TEXTS))
    for name, value in differing.items():
        setattr(change.room, name, value)
    change.next_revision()
    change.announce("room-update", change.room)


def _check_current_timer(room_id: uuid.UUID, timer_id: uuid.UUID | None) -> None:
    if timer_id is None:
        return
    mine = select(_timers.c.id).where(
        _timers.c.id == timer_id, _timers.c.room_id == room_id
    )
    if db.session.execute(mine).first() is None:
        raise InvalidField("currentTimerId", "It is not a timer of this room.")
