"""How anything in a room changes: lock it, take its next revision, commit, publish."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import bindparam, select

from app import instants
from app.auth.identity import Identity
from app.auth.service import check_in_force
from app.database import after_commit, transaction
from app.errors import Forbidden, RoomMovedOn
from app.extensions import db, wired
from app.instants import Instant
from app.revisions import ExpectedRevision, differ, new_stamp
from app.rooms.model import Room

# Built once: every command begins with it.
_LOCKED = (
    select(Room)
    .where(Room.id == bindparam("id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


@dataclass(frozen=True)
class Event:
    """What viewers of a room are told about one of its revisions.

    Attributes:
        name: the Socket.IO event.
        revision: the room's revision that the event belongs to.
        stamp: that revision's stamp.
        after: the stamp of the revision before it.
        updated_at: the instant that this revision gave the room.
        payload: the wire's fields, without `revision`, `updatedAt`, `serverTime`.
    """

    name: str
    revision: int
    stamp: str
    after: str
    updated_at: int
    payload: dict[str, Any]


class Publisher(Protocol):
    """What tells viewers; the factory hands one to this module."""

    def describe(self, name: str, subject: Any) -> dict[str, Any]:
        """Return the fields that the event `name` carries of `subject`."""

    def publish(self, room_id: uuid.UUID, events: Sequence[Event]) -> None:
        """Tell every viewer of the room, in order; never waits for a network."""


@dataclass
class Change:
    """A room under its lock.

    Attributes:
        room: the room as it stands, no one else's change can come between.
        now: the server's clock after the lock was had; every instant that the
            change stores derives from it.
        publisher: tells the viewers.
        events: what they are to be told after the commit.
    """

    room: Room
    now: Instant
    publisher: Publisher
    events: list[Event] = field(default_factory=list)
    _after: str = ""

    def next_revision(self) -> int:
        """Take the room's next revision, for the one change that is being made."""
        self.room.revision += 1
        self._after, self.room.stamp = self.room.stamp, new_stamp()
        self.room.updated_at = self.now
        return self.room.revision

    def announce(self, name: str, subject: Any, *also: str) -> None:
        """Have viewers told, after the commit, how `subject` stands now.

        The events named in `also` follow with the same payload.
        """
        payload = self.publisher.describe(name, subject)
        self.events += [
            Event(
                each,
                self.room.revision,
                self.room.stamp,
                self._after,
                self.room.updated_at,
                payload,
            )
            for each in (name, *also)
        ]


@contextmanager
def change_room(
    identity: Identity | None,
    room_id: uuid.UUID,
    *,
    own: bool = False,
    at_revision: int | None = None,
) -> Iterator[Change]:
    """Lock a room for the block, then commit and publish what the block announced.

    The row lock is the queue in which concurrent operators wait. Whoever was let in
    when the request came may have waited there for long, so that the right to act is
    decided under the lock: a caller whose token was taken back meanwhile changes
    nothing. Nothing is published unless the commit succeeded, and nothing at all for a
    block that announces nothing.

    Args:
        identity: who changes it; None for the server itself.
        room_id: the room.
        own: whether this is for the room's owner alone.
        at_revision: the revision that the caller last saw (`If-Match`), if it says.

    Raises:
        Forbidden: the room is no longer there, or not the caller's.
        RoomMovedOn: the room is at another revision than `at_revision`.
        Unauthenticated: the caller's token has been taken back.
    """
    with transaction():
        room = lock_room(room_id)
        if identity is not None:
            # A statement of its own: one that waits for the lock sees the database as
            # it was before (PostgreSQL, READ COMMITTED).
            check_in_force(identity)
            check_right(identity, room, own=own)
        if at_revision is not None and _has_moved_on(room, at_revision):
            raise RoomMovedOn(f"The room is at revision {room.revision}.")
        change = begin_change(room, instants.now())
        yield change
        publish_after_commit(change)


def _has_moved_on(room: Room, seen: int) -> bool:
    stamp = seen.stamp if isinstance(seen, ExpectedRevision) else None
    return room.revision != seen or differ(stamp, room.stamp)


def check_right(identity: Identity, room: Room, *, own: bool = False) -> None:
    """Refuse who may not command a room, or with `own` who does not own it.

    Raises:
        Forbidden: it may not; whoever answers it must answer a missing room alike.
    """
    if not identity.may_operate(room.id, room.owner_id):
        raise Forbidden
    if own and not identity.may_own(room.owner_id):
        raise Forbidden


def begin_change(room: Room, now: Instant) -> Change:
    """Return a change of a room that this transaction has locked or just made."""
    return Change(room, now, wired("publisher"))


def publish_after_commit(change: Change) -> None:
    """Have the change's events published once the current transaction commits."""
    room_id = change.room.id
    if change.events:
        after_commit(lambda: change.publisher.publish(room_id, change.events))


def lock_room(room_id: uuid.UUID) -> Room:
    """Return the room as it is now, locked until the transaction ends.

    Raises:
        Forbidden: there is no such room.
    """
    room: Room | None = db.session.scalar(_LOCKED, {"id": room_id})
    if room is None:
        raise Forbidden
    return room
