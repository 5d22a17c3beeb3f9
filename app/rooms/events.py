"""What viewers are told of a revision: which events, and about what."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from app.clock import Instant
from app.rooms.aggregate import Room, Timer
from app.rooms.revision import Revision

# More than these are cheaper to tell, and to take, as the whole state.
MOST_TIMERS = 16

Subject = Room | Timer | tuple[Room, list[Timer]]


@dataclass(frozen=True)
class Event:
    """What viewers of a room are told about one of its revisions.

    Attributes:
        name: the Socket.IO event.
        revision: the room's revision that the event belongs to.
        stamp: that revision's stamp.
        after: the stamp of the revision before it.
        updated_at: the instant that this revision gave the room.
        subject: the room or timer that the event is about, or the room with all of its
            timers.
    """

    name: str
    revision: int
    stamp: str
    after: str
    updated_at: Instant
    subject: Subject


Subscriber = Callable[[uuid.UUID, Sequence[Event]], None]
"""Is told the events of a room's revisions, after their commit; must not wait."""


def events_of(revision: Revision) -> list[Event]:
    """Return what viewers are told of a revision, in order."""
    room = revision.room
    return [
        Event(
            name,
            room.revision,
            room.stamp,
            revision.stamp_before,
            room.updated_at,
            subject,
        )
        for name, subject in _named(revision)
    ]


def _named(revision: Revision) -> Iterator[tuple[str, Subject]]:
    room, of_room = revision.room, revision.differences.room
    if revision.created:
        # Nobody watches it yet.
        return
    if revision.deleted:
        yield "room-deleted", room
    elif of_room is not None and "share_token" in of_room.fields:
        yield "share-token-revoked", room
    elif _is_told_whole(revision):
        yield "room-state", (room, revision.after.in_order)
    else:
        for before, after in revision.timers:
            yield from _of_timer(before, after, revision)
        if of_room is not None or not revision.timers:
            yield "room-update", room


def _of_timer(
    before: Timer | None, after: Timer | None, revision: Revision
) -> Iterator[tuple[str, Subject]]:
    if after is None:
        if before is not None:
            yield "timer-deleted", before
        return
    yield "timer-created" if before is None else "timer-update", after
    if after.id in revision.made.finished:
        yield "timer-finished", after


def _is_told_whole(revision: Revision) -> bool:
    touched = revision.differences.timers.values()
    return len(touched) > MOST_TIMERS or any(
        "position" in each.fields and each.before is not None and each.after is not None
        for each in touched
    )
