"""What the command line does with many rooms, one after another."""

from app.clock import Instant
from app.errors import Forbidden
from app.rooms import queries
from app.rooms.change import Changes
from app.rooms.command import COMMAND_LINE
from app.rooms.commands import rooms as commands


def prune_rooms(changes: Changes, before: Instant) -> int:
    """Delete the rooms in which nothing changed since an instant; answer how many.

    A room with a running timer is in use however old its latest change is, and so is
    one that changes before its turn comes.
    """
    deleted = 0
    for room_id in queries.unused_rooms(before):
        command = commands.delete_room(room_id, unless_changed_since=before)
        try:
            outcome = changes.make(command, COMMAND_LINE)
        except Forbidden:
            # Somebody else has deleted it.
            continue
        deleted += outcome.refusal is None
    return deleted


def lift_revisions(changes: Changes) -> int:
    """Give every room a revision beyond any that was told; answer how many rooms.

    After a restore clients hold revisions that the database has lost, and take no
    lower ones. All timers are lifted too, for the same reason. Nothing else changes:
    screens get the room's state as one of a newer revision.

    The number is the time in milliseconds, which no room's changes keep up with: so
    the same backup can be restored again, and what was told between is still below.
    """
    return sum(changes.lift(room_id, COMMAND_LINE) for room_id in queries.all_rooms())
