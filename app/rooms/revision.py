"""One revision: what it changed, as it is written, logged and told."""

import json
import uuid
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from app.clock import Instant
from app.revisions import new_stamp
from app.rooms import differences
from app.rooms.aggregate import Loaded, Room, Timer
from app.rooms.differences import Difference, Differences
from app.rooms.history import Entry, TakenBack

# What a row takes besides its changes, about.
_ROW_BYTES = 128
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True)
class Made:
    """How a revision came about.

    Attributes:
        actor: who made it, as the log names them.
        command: the command's name.
        noticed_by: of what the clock made, who noticed that it was due.
        finished: the timers whose time was found to be up.
        takes_back: the revision that it undoes, if it is an undo.
    """

    actor: str
    command: str
    noticed_by: str | None = None
    finished: frozenset[uuid.UUID] = frozenset()
    takes_back: TakenBack | None = None


@dataclass(frozen=True)
class LogRow:
    """A row of the log.

    Attributes:
        at: when it was made (ms since the epoch, UTC).
        changes: what differed, as JSON: see `differences.as_logged`.
        number: how many rows the room's log had then, this one included.
        bytes_until: how many bytes these took together.
        undoes: the revision that it takes back, if it is an undo.
        origin: of an undo, the command's revision that this comes to.
    """

    room_id: uuid.UUID
    revision: int
    at: Instant
    actor: str
    command: str
    noticed_by: str | None
    changes: str
    number: int
    bytes_until: int
    undoes: int | None
    origin: int | None

    def entry(self) -> Entry:
        """Return it as an undo reads it."""
        return Entry(
            self.revision,
            self.actor,
            self.command,
            json.loads(self.changes),
            self.undoes,
            self.origin,
        )


@dataclass(frozen=True)
class Revision:
    """A revision of a room, made but perhaps not yet committed.

    Attributes:
        before: what was loaded, as it stood before; None for a new room.
        after: the same afterwards, with the revision's number on all it touched.
        at: when it was made, by the database's clock.
        made: how it came about.
        differences: what differs between the two.
        row: its row of the log.
    """

    before: Loaded | None
    after: Loaded
    at: Instant
    made: Made
    differences: Differences
    row: LogRow

    @property
    def room(self) -> Room:
        """The room as it is afterwards; the one that was deleted, where it was."""
        return self.after.room

    @property
    def created(self) -> bool:
        """Whether the room is new."""
        return self.before is None

    @property
    def deleted(self) -> bool:
        """Whether the room is deleted."""
        return self.after.deleted

    @property
    def stamp_before(self) -> str:
        """The stamp of the revision before."""
        return "" if self.before is None else self.before.room.stamp

    @cached_property
    def timers(self) -> list[tuple[Timer | None, Timer | None]]:
        """Each timer that was touched: before and after."""
        return [
            (each.before, self.after.timers.get(timer_id))
            for timer_id, each in self.differences.timers.items()
        ]


def revise(
    before: Loaded, after: Loaded, now: Instant, made: Made, *, anyway: bool = False
) -> Revision | None:
    """Return the next revision of a room; None where nothing differs.

    With `anyway` it is made all the same: something was done that no screen shows.
    """
    differing = differences.between(before, after)
    if not differing and not anyway:
        return None
    return _numbered(before, after, now, made, differing)


def lifted_revision(before: Loaded, now: Instant, made: Made, number: int) -> Revision:
    """Return a revision of a number of its own, which all timers get as well.

    Nothing else of the room differs, not even when it was changed last.
    """
    all_timers = {
        timer_id: Difference(timer, timer, ())
        for timer_id, timer in before.timers.items()
    }
    differing = Differences(None, all_timers)
    numbers = {"revision": number, "stamp": new_stamp()}
    return _made(before, before, now, made, differing, numbers)


def first_revision(room: Room, made: Made) -> Revision:
    """Return the first revision of a new room."""
    differing = differences.of_new_room(room)
    return _made(None, Loaded(room, whole=True), room.created_at, made, differing, {})


def _numbered(
    before: Loaded, after: Loaded, now: Instant, made: Made, differing: Differences
) -> Revision:
    numbers = {
        "revision": before.room.revision + 1,
        "stamp": new_stamp(),
        "updated_at": now,
    }
    return _made(before, after, now, made, differing, numbers)


def _made(
    before: Loaded | None,
    after: Loaded,
    now: Instant,
    made: Made,
    differing: Differences,
    numbers: dict[str, Any],
) -> Revision:
    changes = _encode(differences.as_logged(differing))
    room = replace(
        after.room,
        **numbers,
        log_rows=after.room.log_rows + 1,
        log_bytes=after.room.log_bytes + len(changes.encode()) + _ROW_BYTES,
    )
    touched = {
        timer_id: replace(timer, revision=room.revision)
        for timer_id in differing.timers
        if (timer := after.timers.get(timer_id)) is not None
    }
    after = replace(after, room=room, timers={**after.timers, **touched})
    differing = _with_numbers(differing, touched, room)
    undone = made.takes_back
    row = LogRow(
        room.id,
        room.revision,
        now,
        made.actor,
        made.command,
        made.noticed_by,
        changes,
        room.log_rows,
        room.log_bytes,
        undone.revision if undone else None,
        undone.origin if undone else None,
    )
    return Revision(before, after, now, made, differing, row)


def _with_numbers(
    differing: Differences, touched: dict[uuid.UUID, Timer], room: Room
) -> Differences:
    timers = {
        timer_id: replace(each, after=touched.get(timer_id))
        for timer_id, each in differing.timers.items()
    }
    of_room = differing.room
    if of_room is not None and of_room.after is not None:
        of_room = replace(of_room, after=room)
    return Differences(of_room, timers)
