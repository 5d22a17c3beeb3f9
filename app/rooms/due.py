"""What time owes in a room: pure; the clock is an argument."""

from collections.abc import Iterator

from app.clock import Instant
from app.rooms import countdown
from app.rooms.aggregate import Loaded
from app.rooms.history import FINISH
from app.rooms.revision import Made, Revision, revise

CLOCK = "clock"


def due_revisions(loaded: Loaded, now: Instant, noticed_by: str) -> Iterator[Revision]:
    """Yield the finishes that are due by `now`, in the order of their ends.

    Each is a revision of its own, and none depends on who noticed it: a command that
    overtakes the finisher meets a finished timer all the same.

    Args:
        loaded: the room, with at least the timers whose time may be up.
        now: the instant by which they are.
        noticed_by: the command, or the finisher, that found them.
    """
    over = [timer for timer in loaded.timers.values() if countdown.is_over(timer, now)]
    for timer in sorted(over, key=lambda timer: (timer.ends_at or 0, timer.id)):
        finished = loaded.with_timer(countdown.finish(timer, now))
        made = Made(CLOCK, FINISH, noticed_by, frozenset((timer.id,)))
        revision = revise(loaded, finished, now, made)
        if revision is not None:
            yield revision
            loaded = revision.after
