"""The SQL of a change: lock a room and load what a command needs, write what differs.

Written for PostgreSQL and SQLite alike; where they differ, `Database.on_sqlite` says
which it is. Ids are given without hyphens, which both databases take.
"""

import uuid
from collections import defaultdict
from dataclasses import dataclass, fields
from itertools import product
from typing import Any

from app import clock
from app.auth.identity import Identity, Revocation, Standing, room_holder
from app.clock import Instant
from app.db.engine import CLOCK
from app.db.transaction import Database, Prepared, Row, Transaction
from app.rooms.aggregate import Loaded, Room, Timer
from app.rooms.command import Wanted
from app.rooms.countdown import Status

_ROOM_COLUMNS = tuple(each.name for each in fields(Room))
_TIMER_COLUMNS = (
    "id",
    *(each.name for each in fields(Timer) if each.name != "id"),
)
_FIRST_OF_ROOM = 5
_FIRST_OF_TIMER = _FIRST_OF_ROOM + len(_ROOM_COLUMNS)

# Read once in a statement, after the lock was had.
_CLOCK_HERE = "SELECT CAST(%(clock)s AS bigint)"
_WHERE_ROOM = "r.id = %(room)s"
_WHERE_TIMER = "r.id = (SELECT room_id FROM timers WHERE id = %(timer)s)"
OF_CALLER = "(r.owner_id = %(owner)s OR r.id = %(operated)s)"
"""Whether a room is the caller's; see `as_caller` for the parameters."""
# A stranger neither waits for the lock of somebody's room nor holds it.
_OF_CALLER = " AND " + OF_CALLER
_NEEDED = (
    " AND (t.id = %(timer)s OR (t.status = 'running' AND t.ends_at <="
    " CASE WHEN clock.ms > r.updated_at THEN clock.ms ELSE r.updated_at END))"
)
_STANDING = (
    "LEFT JOIN token_generations g1 ON g1.holder = %(holder)s"
    " LEFT JOIN token_generations g2 ON g2.holder = %(other_holder)s"
)
_STANDING_COLUMNS = "g1.generation, g1.revoked_at, g2.generation, g2.revoked_at"
_NOTHING = uuid.UUID(int=0).hex


@dataclass(frozen=True)
class Found:
    """What the first trip found.

    Attributes:
        loaded: the room as it is under the lock.
        now: the database's clock after the lock, never below the room's `updated_at`.
        standing: the revocations that the caller's token may have met, and those of
            the room's operators.
    """

    loaded: Loaded
    now: Instant
    standing: Standing


class Store:
    """Rooms in the database, for those who change them."""

    def __init__(self, database: Database) -> None:
        """Speak to `database`."""
        self._database = database
        self._on_sqlite = database.on_sqlite
        reading = _CLOCK_HERE if database.on_sqlite else CLOCK
        self._clock = f"WITH clock AS MATERIALIZED ({reading} AS ms)"
        self._next_end = Prepared(
            "next_end",
            f"{self._clock} SELECT (SELECT min(ends_at) FROM timers"
            " WHERE status = 'running'), clock.ms FROM clock",
        )

        self._statements = {
            (by_room, of_caller, whole): self._lock_and_load(
                by_room=by_room, of_caller=of_caller, whole=whole
            )
            for by_room, of_caller, whole in product((True, False), repeat=3)
        }

    def lock(
        self, transaction: Transaction, wanted: Wanted, identity: Identity | None
    ) -> Found | None:
        """Lock a room and load what is wanted, in one round trip.

        None where there is no such room or timer, or where it is not the caller's; with
        no caller it is the server's own business, which may change every room.
        """
        by_room, of_caller = wanted.room_id is not None, identity is not None
        statements = self._statements[by_room, of_caller, wanted.whole]
        rows = transaction.ask(statements, self._parameters(wanted, identity))
        if not rows:
            return None
        loaded = Loaded(
            _room_of(rows[0]), _timers_of(rows), wanted.whole, wanted.timer_id
        )
        holders = _holders(wanted, identity)
        return Found(loaded, Instant(rows[0][0]), _standing_of(rows[0], holders))

    def ask_standing(
        self, transaction: Transaction, identity: Identity | None
    ) -> tuple[Instant, Standing]:
        """Return the database's clock and whether the caller's tokens are in force."""
        statement = (
            f"{self._clock} SELECT clock.ms, {_STANDING_COLUMNS} FROM clock {_STANDING}"
        )
        parameters = self._parameters(Wanted(), identity)
        row = transaction.ask([statement], parameters)[0]
        return Instant(row[0]), _standing_of(row, _holders(Wanted(), identity))

    def lock_due(self, transaction: Transaction, most: int) -> list[Found]:
        """Lock rooms that have timers whose time is up, and load these timers.

        What somebody else holds is left out.
        """
        ids = self._lock_due(transaction, most)
        if not ids:
            return []
        names = [f"id{number}" for number in range(len(ids))]
        places = ", ".join(f"%({name})s" for name in names)
        parameters = self._parameters(Wanted(), None) | dict(
            zip(names, ids, strict=True)
        )
        rows = transaction.ask(
            [self._load(f"r.id IN ({places})", whole=False)], parameters
        )
        of_room: dict[uuid.UUID, list[Row]] = defaultdict(list)
        for row in rows:
            of_room[row[_FIRST_OF_ROOM]].append(row)
        return [
            Found(
                Loaded(_room_of(rows[0]), _timers_of(rows)),
                Instant(rows[0][0]),
                {},
            )
            for rows in of_room.values()
        ]

    def next_end(self) -> tuple[Instant | None, Instant]:
        """Return the next end among the running timers, and the database's clock."""
        asked = clock.steady()
        rows = self._database.look(self._next_end, {"clock": self._clock_here()})
        if not self._on_sqlite:
            # Each look sets this worker's clock as well.
            clock.observe(asked, rows[0][1])
        return rows[0][0], Instant(rows[0][1])

    def _lock_and_load(
        self, *, by_room: bool, of_caller: bool, whole: bool
    ) -> list[Prepared]:
        where = _WHERE_ROOM if by_room else _WHERE_TIMER
        name = "room" if by_room else "timer"
        if of_caller:
            where, name = where + _OF_CALLER, f"{name}_of_caller"
        load = self._load(where, whole=whole)
        name_of_load = f"load_{name}{'_whole' if whole else ''}"
        if self._on_sqlite:
            return [Prepared(name_of_load, load)]
        # Locked once more, for one that came between the two is not locked yet.
        loaded = Prepared(name_of_load, f"{load} FOR UPDATE OF r")
        lock = f"SELECT 1 FROM rooms r WHERE {where} FOR UPDATE"
        return [Prepared(f"lock_{name}", lock), loaded]

    def _load(self, where: str, *, whole: bool) -> str:
        room = ", ".join(f"r.{name}" for name in _ROOM_COLUMNS)
        timer = ", ".join(f"t.{name}" for name in _TIMER_COLUMNS)
        needed = "" if whole else _NEEDED
        return (
            f"{self._clock} SELECT CASE WHEN clock.ms > r.updated_at THEN clock.ms"
            f" ELSE r.updated_at END, {_STANDING_COLUMNS}, {room}, {timer}"
            f" FROM clock CROSS JOIN rooms r {_STANDING}"
            f" LEFT JOIN timers t ON t.room_id = r.id{needed} WHERE {where}"
        )

    def _lock_due(self, transaction: Transaction, most: int) -> list[str]:
        parameters = self._parameters(Wanted(), None) | {"most": most}
        due = (
            "SELECT t.room_id FROM timers t, clock"
            " WHERE t.status = 'running' AND t.ends_at <= clock.ms"
        )
        statement = (
            f"{self._clock} SELECT r.id FROM rooms r WHERE r.id IN ({due})"
            f" LIMIT %(most)s"
        )
        if not self._on_sqlite:
            statement += " FOR UPDATE SKIP LOCKED"
        rows = transaction.ask([statement], parameters)
        return [_uuid(row[0]).hex for row in rows]

    def _parameters(self, wanted: Wanted, identity: Identity | None) -> dict[str, Any]:
        holders = _holders(wanted, identity)
        return {
            **as_caller(identity),
            "room": wanted.room_id.hex if wanted.room_id else _NOTHING,
            "timer": wanted.timer_id.hex if wanted.timer_id else _NOTHING,
            "holder": holders[0],
            "other_holder": holders[1],
            "clock": self._clock_here(),
        }

    def _clock_here(self) -> int:
        return int(clock.now()) if self._on_sqlite else 0


def as_caller(identity: Identity | None) -> dict[str, str]:
    """Return the parameters of `OF_CALLER`; nothing is theirs who are nobody."""
    if identity is None:
        return {"owner": "", "operated": _NOTHING}
    if identity.room_id is None:
        return {"owner": identity.subject, "operated": _NOTHING}
    return {"owner": "", "operated": identity.room_id.hex}


def _holders(wanted: Wanted, identity: Identity | None) -> tuple[str, str]:
    """Return whose revocations are asked for: two, or none as an empty name."""
    held = () if identity is None else identity.issue.holders
    if len(held) < 2 and wanted.room_id is not None:
        held = (*held, room_holder(str(wanted.room_id)))
    first, second, *_ = (*held, "", "")
    return first, second


def _standing_of(row: Row, holders: tuple[str, str]) -> Standing:
    of_first, of_second = row[1:3], row[3:5]
    return {
        holder: Revocation(*values)
        for holder, values in zip(holders, (of_first, of_second), strict=True)
        if values[0] is not None
    }


def _room_of(row: Row) -> Room:
    values = dict(zip(_ROOM_COLUMNS, row[_FIRST_OF_ROOM:_FIRST_OF_TIMER], strict=True))
    current = values["current_timer_id"]
    values["id"] = _uuid(values["id"])
    values["current_timer_id"] = None if current is None else _uuid(current)
    return Room(**values)


def _timers_of(rows: list[Row]) -> dict[uuid.UUID, Timer]:
    timers = [_timer_of(row) for row in rows if row[_FIRST_OF_TIMER] is not None]
    timers.sort(key=lambda timer: (timer.position, timer.id))
    return {timer.id: timer for timer in timers}


def _timer_of(row: Row) -> Timer:
    values = dict(zip(_TIMER_COLUMNS, row[_FIRST_OF_TIMER:], strict=True))
    values["id"], values["room_id"] = _uuid(values["id"]), _uuid(values["room_id"])
    values["status"] = Status(values["status"])
    return Timer(**values)


def _uuid(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)
