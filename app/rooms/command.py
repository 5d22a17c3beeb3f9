"""What a command is: its name, what it needs, and how it decides."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from app.auth.identity import Identity
from app.clock import Instant
from app.rooms.aggregate import Loaded
from app.rooms.history import Sought


@dataclass(frozen=True)
class Wanted:
    """What a change needs of a room.

    Attributes:
        room_id: the room; None where the timer names it.
        timer_id: the timer that the command names.
        whole: whether all timers are needed, or only those that are due and named.
        history: what of the room's log is needed, if any; it takes two trips more.
    """

    room_id: uuid.UUID | None = None
    timer_id: uuid.UUID | None = None
    whole: bool = False
    history: Sought | None = None


Decide = Callable[[Loaded, Instant], Loaded]
"""Returns what was loaded as it is to be, or raises the `DomainError` that refuses."""


@dataclass(frozen=True)
class Actor:
    """Who makes a change.

    Attributes:
        name: as the log names it.
        identity: the holder of the token that came with the command; None for the
            server itself, which may change every room.
    """

    name: str
    identity: Identity | None = None


COMMAND_LINE = Actor("command-line")


@dataclass(frozen=True)
class Command:
    """What is to be done in one room.

    Attributes:
        name: as the log names it.
        wanted: the room, and what of it the command needs.
        decide: what it does; a pure function.
        own: whether this is for the room's owner alone.
        anyway: whether it is a revision also where nothing of the room differs.
    """

    name: str
    wanted: Wanted
    decide: Decide
    own: bool = False
    anyway: bool = False
