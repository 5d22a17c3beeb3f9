"""What an undo needs of a room's log, as immutable values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

UNDO = "undo"
FINISH = "finish"


@dataclass(frozen=True)
class Sought:
    """Which revision an undo looks for.

    Attributes:
        revision: the one that the caller names; None for the caller's own latest
            command that is neither an undo nor undone.
        actor: the caller, as the log names it.
    """

    revision: int | None
    actor: str


@dataclass(frozen=True)
class Entry:
    """A row of the log.

    Attributes:
        changes: what differed: see `differences.as_logged`.
        undoes: the revision that it takes back, if it is an undo.
        origin: of an undo, the command's revision that this comes to.
        undone_by: the revision that took it back, where it is undone.
    """

    revision: int
    actor: str
    command: str
    changes: Mapping[str, Any]
    undoes: int | None = None
    origin: int | None = None
    undone_by: int | None = None


@dataclass(frozen=True)
class History:
    """What was found of the log.

    Attributes:
        target: the revision that was looked for; None where there is none.
        origin: the command that the target comes to, where the target is an undo and
            the log still holds the command.
        later: what changed the countdowns of the target's timers since, in order, each
            with these timers alone.
        too_many: whether there was more of it than is looked at.
    """

    target: Entry | None
    origin: Entry | None = None
    later: Sequence[Entry] = ()
    too_many: bool = False


@dataclass(frozen=True)
class TakenBack:
    """Which revision is taken back.

    Attributes:
        revision: the one that is undone.
        origin: the revision of the command that this comes to.
        restores: whether the command is in force again by it: a redo.
    """

    revision: int
    origin: int
    restores: bool
