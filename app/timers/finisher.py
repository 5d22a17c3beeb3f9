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

from flask import Flask
from sqlalchemy import BigInteger, ColumnElement, cast, extract, func, literal, select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from structlog import get_logger

from app import clock, instants
from app.database import transaction
from app.extensions import db
from app.instants import Instant
from app.rooms.changes import begin_change, publish_after_commit
from app.rooms.model import Room
from app.timers.countdown import Status
from app.timers.model import Timer
from app.timers.service import finish_timer

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
_is_running = Timer.status == Status.RUNNING.value


class Finisher:
    """Wakes at the next end among the running timers and finishes what is over.

    It looks again at least every `HORIZON_MS`, so that an end that another worker set
    is met even if that worker dies; the ends that its own worker sets reach it by
    `notice`.
    """

    def __init__(self, app: Flask, observe: Callable[[int], None]) -> None:
        """Finish timers of `app`; tell `observe` the lateness of each, in ms."""
        self._app = app
        self._observe = observe
        self._noticed: list[Instant] = []
        self._woken = threading.Event()
        self._looks_at = _NOT_PLANNED
        self._held = 0

    def notice(self, timer: Timer) -> None:
        """Learn of an end that a command of this worker is about to commit."""
        if timer.status == Status.RUNNING and timer.ends_at is not None:
            heapq.heappush(self._noticed, Instant(timer.ends_at))
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
            except (OperationalError, InterfaceError, PoolTimeoutError) as error:
                _log.warning("finisher waits for the database", error=str(error))
                wait = _DATABASE_AWAY_MS
            self._looks_at = Instant(instants.now() + int(wait))
            self._woken.wait(wait / 1000)

    def step(self) -> float:
        """Finish what is over now; answer how many ms may pass until the next step."""
        with self._app.app_context():
            while (wait := self._until_next_step()) is None:
                if not self._finish_batch():
                    return self._backed_off()
                self._held = 0
        # Nothing is over: who held the rooms is done, the next time is another one.
        self._held = 0
        return wait

    def _until_next_step(self) -> float | None:
        """Return how many ms there are until the next end; None if one has passed."""
        asked = clock.steady()
        stored, now = db.session.execute(
            select(func.min(Timer.ends_at), _database_now()).where(_is_running)
        ).one()
        if db.engine.dialect.name != "sqlite":  # its clock is this machine's
            clock.observe(asked, now)
        db.session.rollback()
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
        ends = []
        with transaction():
            rooms, now = _lock_rooms_with_due_timers()
            changes = {room.id: begin_change(room, now) for room in rooms}
            for timer in _due_timers(list(changes), now):
                ends.append(timer.ends_at)
                finish_timer(changes[timer.room_id], timer)
            for change in changes.values():
                publish_after_commit(change)
        done = instants.now()
        for end in ends:
            self._observe(done - (end or done))
        return bool(ends)


def _lock_rooms_with_due_timers() -> tuple[list[Room], Instant]:
    # Rooms are locked before their timers, as every command does, or the two would
    # deadlock; what somebody else holds is left for the next look.
    now = db.session.scalars(select(_database_now())).one()
    due = select(Timer.room_id).where(_is_running, Timer.ends_at <= now)
    rooms = db.session.scalars(
        select(Room)
        .where(Room.id.in_(due))
        .limit(ROOMS_AT_ONCE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return list(rooms), Instant(now)


def _due_timers(room_ids: list[uuid.UUID], now: Instant) -> Sequence[Timer]:
    return db.session.scalars(
        select(Timer)
        .where(Timer.room_id.in_(room_ids), _is_running, Timer.ends_at <= now)
        .order_by(Timer.ends_at, Timer.id)
        .execution_options(populate_existing=True)
    ).all()


def _database_now() -> ColumnElement[int]:
    """Return the database's clock as an expression, in ms since the epoch.

    `clock_timestamp()`, for `now()` is when the transaction began. SQLite runs in
    this process, whose clock is its own.
    """
    if db.engine.dialect.name == "sqlite":
        return literal(int(instants.now()))
    seconds = extract("epoch", func.clock_timestamp())
    return cast(func.floor(seconds * 1000), BigInteger)
