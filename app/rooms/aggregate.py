"""The aggregate: a room with what is in it, as immutable values.

A command is a function of these values and the time. It knows no database; what it
changes is what differs between the values before and after.
"""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.clock import Instant
from app.errors import Forbidden
from app.rooms.countdown import Countdown
from app.rooms.history import History, TakenBack

ROOM_TEXTS = ("name", "description")
TIMER_TEXTS = ("title", "description", "completion_message")
MAX_TIMERS = 500
MAX_NAME = 100
MAX_TITLE = 200
MAX_DESCRIPTION = 2000
MAX_COMPLETION_MESSAGE = 500
_SHARE_TOKEN_BYTES = 18


def new_share_token() -> str:
    """Return an unguessable token of 144 bits, safe in a URL."""
    return secrets.token_urlsafe(_SHARE_TOKEN_BYTES)


@dataclass(frozen=True, kw_only=True)
class Room:
    """A room at one revision; instants are milliseconds since the epoch, UTC.

    Attributes:
        owner_id: the subject of the owner's tokens; it never leaves the server.
        share_token: what viewers join with.
        current_timer_id: what the screens show.
        revision: counts every change of the room and of anything in it.
        stamp: tells apart two revisions of the same number.
        log_rows: how many rows were ever written to the room's log.
        log_bytes: how many bytes of changes they held together.
    """

    id: uuid.UUID
    owner_id: str
    name: str
    description: str
    share_token: str
    current_timer_id: uuid.UUID | None = None
    revision: int
    stamp: str
    created_at: Instant
    updated_at: Instant
    log_rows: int = 0
    log_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Timer(Countdown):
    """A timer: a countdown with a name and a place in the running order.

    Attributes:
        revision: the room's revision at the timer's latest change.
    """

    id: uuid.UUID
    room_id: uuid.UUID
    title: str
    description: str = ""
    completion_message: str = ""
    position: int
    revision: int = 0


@dataclass(frozen=True)
class Loaded:
    """What was loaded of a room for one change.

    Attributes:
        room: the room.
        timers: its timers by id, in their order; only those that the command needs.
        whole: whether these are all of the room's timers.
        asked: the timer that the command names; None where it names none.
        deleted: whether the room is to be deleted, with all that is in it.
        history: what of the room's log the command needs; None where it needs none.
        takes_back: the revision that is to be undone, if this is an undo.
    """

    room: Room
    timers: Mapping[uuid.UUID, Timer] = field(default_factory=dict)
    whole: bool = False
    asked: uuid.UUID | None = None
    deleted: bool = False
    history: History | None = None
    takes_back: TakenBack | None = None

    @property
    def timer(self) -> Timer:
        """The timer that the command names.

        Raises:
            Forbidden: it is not there; whoever asks is not told why.
        """
        timer = None if self.asked is None else self.timers.get(self.asked)
        if timer is None:
            raise Forbidden
        return timer

    @property
    def in_order(self) -> list[Timer]:
        """The timers in their running order."""
        return sorted(
            self.timers.values(), key=lambda timer: (timer.position, timer.id)
        )

    def with_room(self, **changes: Any) -> "Loaded":
        """Return this with other values of the room's."""
        return replace(self, room=replace(self.room, **changes))

    def with_timer(self, timer: Timer) -> "Loaded":
        """Return this with a timer as it is to be, or one more."""
        return replace(self, timers={**self.timers, timer.id: timer})

    def without_timer(self, timer_id: uuid.UUID) -> "Loaded":
        """Return this without a timer."""
        left = {key: each for key, each in self.timers.items() if key != timer_id}
        return replace(self, timers=left)

    def to_be_deleted(self) -> "Loaded":
        """Return this as it is once the room is deleted."""
        return replace(self, deleted=True)
