"""Finishing: when to wake, and what is over.

Every worker runs one finisher. The database decides which of them finishes a timer:
whoever locks its room first, by the database's clock. There is no leader and nothing
to recover; a worker that dies leaves the rest to the others.
"""

import heapq
import random
import threading
import uuid
from collections.abc import Callable, Sequence

from structlog import get_logger

from app import clock
from app.clock import Instant
from app.db.engine import DatabaseAwayError
from app.rooms.aggregate import Timer
from app.rooms.change import Changes
from app.rooms.countdown import Status
from app.rooms.events import Event

NAME = "finisher"
HORIZON_MS = 2_000
# Small enough that the first of many are told while the others are being finished.
ROOMS_AT_ONCE = 20
SPREAD_MS = 20.0
_FIRST_RETRY_MS = 5
_LONGEST_RETRY_MS = 200
_DATABASE_AWAY_MS = 500
# Later than any end.
_NOT_PLANNED = Instant(1 << 62)

_log = get_logger(__name__)


class Finisher:
    """Wakes at the next end among the running timers and finishes what is over.

    It looks again at least every `HORIZON_MS`, so that an end that another worker set
    is met even if that worker dies; the ends that its own worker sets reach it by
    `notice`.
    """

    def __init__(self, changes: Changes, observe: Callable[[int], None]) -> None:
        """Finish timers by `changes`; tell `observe` the lateness of each, in ms."""
        self._changes = changes
        self._observe = observe
        self._noticed: list[Instant] = []
        self._woken = threading.Event()
        self._looks_at = _NOT_PLANNED
        self._held = 0

    def notice(self, _room_id: uuid.UUID, events: Sequence[Event]) -> None:
        """Learn of the ends that a change of this worker has set."""
        for event in events:
            if isinstance(event.subject, Timer):
                self._notice(event.subject)

    def _notice(self, timer: Timer) -> None:
        if timer.status is Status.RUNNING and timer.ends_at is not None:
            heapq.heappush(self._noticed, timer.ends_at)
            # A later end is met at the next look, which is soon anyway.
            if timer.ends_at < self._looks_at:
                self._woken.set()

    def run(self) -> None:
        """Finish timers until the process ends; the database may come and go."""
        while True:
            self._woken.clear()
            self._looks_at = _NOT_PLANNED
            try:
                wait = self.step()
            except DatabaseAwayError as error:
                _log.warning("finisher waits for the database", error=str(error))
                wait = _DATABASE_AWAY_MS
            self._looks_at = Instant(clock.now() + int(wait))
            self._woken.wait(wait / 1000)

    def step(self) -> float:
        """Finish what is over now; answer how many ms may pass until the next step."""
        while (wait := self._until_next_step()) is None:
            if not self._finish_batch():
                return self._backed_off()
            self._held = 0
        # Nothing is over: who held the rooms is done, the next time is another one.
        self._held = 0
        return wait

    def _until_next_step(self) -> float | None:
        """Return how many ms there are until the next end; None if one has passed."""
        stored, now = self._changes.next_end()
        while self._noticed and self._noticed[0] <= now:
            heapq.heappop(self._noticed)
        if stored is None:
            return min([HORIZON_MS, *(end - now for end in self._noticed[:1])])
        if stored <= now:
            return None
        # Every worker sees this end. One should finish it, and the others find it done:
        # whoever set it is there in time, the rest come a little later.
        spread = random.uniform(0, SPREAD_MS)  # noqa: S311 - nothing secret
        waits = [HORIZON_MS, stored - now + spread]
        return min([*waits, *(end - now for end in self._noticed[:1])])

    def _backed_off(self) -> int:
        # Another worker or a command holds the rooms: it will be done in a moment.
        self._held += 1
        return int(min(_LONGEST_RETRY_MS, _FIRST_RETRY_MS << min(self._held, 8)))

    def _finish_batch(self) -> bool:
        revisions = self._changes.finish_due(ROOMS_AT_ONCE, NAME)
        done = clock.now()
        for revision in revisions:
            for _, timer in revision.timers:
                if timer is not None and timer.ends_at is not None:
                    self._observe(done - timer.ends_at)
        return bool(revisions)
