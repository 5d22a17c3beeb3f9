"""The SQL of a change: lock a room and load what a command needs, write what differs.

Written for PostgreSQL and SQLite alike; where they differ, `Database.on_sqlite` says
which it is. Ids are given without hyphens, which both databases take.
"""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import product
from typing import Any

from app import clock
from app.auth.identity import Identity, Revocation, Standing, room_holder
from app.clock import Instant
from app.db.transaction import Database, Prepared, Row, Transaction
from app.rooms.aggregate import ROOM_TEXTS, TIMER_TEXTS, Loaded, Room, Timer
from app.rooms.command import Wanted
from app.rooms.countdown import Status
from app.rooms.differences import Difference
from app.rooms.revision import LogRow, Revision

MAX_LOG_ROWS = 20_000
MAX_LOG_BYTES = 64 * 1024 * 1024
# Old rows go now and then, some more than need be, so that few commands pay for it.
_PRUNED_ROWS = 256
_PRUNED_BYTES = 1024 * 1024

_ROOM_COLUMNS = tuple(each.name for each in fields(Room))
_TIMER_COLUMNS = (
    "id",
    *(each.name for each in fields(Timer) if each.name != "id"),
)
_FIRST_OF_ROOM = 5
_FIRST_OF_TIMER = _FIRST_OF_ROOM + len(_ROOM_COLUMNS)

# Read once in a statement, after the lock was had: `now()` is when a transaction began.
_CLOCK = "SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS bigint)"
_CLOCK_HERE = "SELECT CAST(%(clock)s AS bigint)"
_WHERE_ROOM = "r.id = %(room)s"
_WHERE_TIMER = "r.id = (SELECT room_id FROM timers WHERE id = %(timer)s)"
# A stranger neither waits for the lock of somebody's room nor holds it.
_OF_CALLER = " AND (r.owner_id = %(owner)s OR r.id = %(operated)s)"
_NEEDED = (
    " AND (t.id = %(timer)s OR (t.status = 'running' AND t.ends_at <="
    " CASE WHEN clock.ms > r.updated_at THEN clock.ms ELSE r.updated_at END))"
)
_STANDING = (
    "LEFT JOIN token_generations g1 ON g1.holder = %(holder)s"
    " LEFT JOIN token_generations g2 ON g2.holder = %(other_holder)s"
)
_STANDING_COLUMNS = "g1.generation, g1.revoked_at, g2.generation, g2.revoked_at"
_LOG_COLUMNS = tuple(each.name for each in fields(LogRow))
# A database that went back in part may hold a row of a revision that it has lost: no
# command may fail for that.
_IN_ITS_PLACE = " ON CONFLICT (room_id, revision) DO UPDATE SET " + ", ".join(
    [*(f"{name} = excluded.{name}" for name in _LOG_COLUMNS[2:]), "undone_by = NULL"]
)
# What each revision of a room counts, whatever it changes.
_COUNTED = ("revision", "stamp", "updated_at", "log_rows", "log_bytes")
_TEXTS = (*ROOM_TEXTS, *TIMER_TEXTS, "status", "stamp", "share_token")
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
        reading = _CLOCK_HERE if database.on_sqlite else _CLOCK
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

    def write(self, transaction: Transaction, revisions: Sequence[Revision]) -> None:
        """Have what revisions change written, and a row of the log for each."""
        if not revisions:
            return
        self._write_rooms(transaction, revisions)
        self._write_timers(transaction, revisions)
        _write_log(transaction, revisions)

    def _lock_and_load(
        self, *, by_room: bool, of_caller: bool, whole: bool
    ) -> list[Prepared]:
        where = _WHERE_ROOM if by_room else _WHERE_TIMER
        name = "room" if by_room else "timer"
        if of_caller:
            where, name = where + _OF_CALLER, f"{name}_of_caller"
        load = self._load(where, whole=whole)
        loaded = Prepared(f"load_{name}{'_whole' if whole else ''}", load)
        if self._on_sqlite:
            return [loaded]
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
        owner, operated = "", _NOTHING
        holders = _holders(wanted, identity)
        if identity is not None:
            if identity.room_id is None:
                owner = identity.subject
            else:
                operated = identity.room_id.hex
        return {
            "room": wanted.room_id.hex if wanted.room_id else _NOTHING,
            "timer": wanted.timer_id.hex if wanted.timer_id else _NOTHING,
            "owner": owner,
            "operated": operated,
            "holder": holders[0],
            "other_holder": holders[1],
            "clock": self._clock_here(),
        }

    def _clock_here(self) -> int:
        return int(clock.now()) if self._on_sqlite else 0

    def _write_timers(
        self, transaction: Transaction, revisions: Sequence[Revision]
    ) -> None:
        touched: dict[uuid.UUID, list[Difference]] = defaultdict(list)
        for revision in revisions:
            for timer_id, difference in revision.differences.timers.items():
                touched[timer_id].append(difference)
        alike: dict[tuple[str, ...], list[Timer]] = defaultdict(list)
        for timer_id, several in touched.items():
            before, after = several[0].before, several[-1].after
            if before is None and after is not None:
                _insert(transaction, "timers", _TIMER_COLUMNS, [after])
            elif after is None:
                transaction.write(
                    "DELETE FROM timers WHERE id = %(id)s", {"id": timer_id.hex}
                )
            else:
                changed = {name for each in several for name in each.fields}
                alike[(*sorted(changed), "revision")].append(after)
        for names, timers in alike.items():
            self._update(transaction, "timers", names, timers)

    def _write_rooms(
        self, transaction: Transaction, revisions: Sequence[Revision]
    ) -> None:
        of_rooms: dict[uuid.UUID, list[Revision]] = defaultdict(list)
        for revision in revisions:
            of_rooms[revision.room.id].append(revision)
        alike: dict[tuple[str, ...], list[Room]] = defaultdict(list)
        for several in of_rooms.values():
            room = several[-1].room
            if several[-1].deleted:
                transaction.write(
                    "DELETE FROM rooms WHERE id = %(id)s", {"id": room.id.hex}
                )
            elif several[0].created:
                _insert(transaction, "rooms", _ROOM_COLUMNS, [room])
            else:
                of_room = [each.differences.room for each in several]
                changed = {name for each in of_room if each for name in each.fields}
                alike[(*sorted(changed), *_COUNTED)].append(room)
        for names, rooms in alike.items():
            self._update(transaction, "rooms", names, rooms)

    def _update(
        self,
        transaction: Transaction,
        table: str,
        names: tuple[str, ...],
        things: Sequence[Any],
    ) -> None:
        if len(things) == 1:
            assigned = ", ".join(f"{name} = %({name})s" for name in names)
            statement = f"UPDATE {table} SET {assigned} WHERE id = %(id)s"
            values = {
                name: _stored(getattr(things[0], name)) for name in ("id", *names)
            }
            transaction.write(statement, values)
            return
        # One statement for all: a room may have hundreds of timers.
        rows, parameters = _rows(("id", *names), things)
        assigned = ", ".join(
            f"{name} = CAST(v.column{number} AS {self._type_of(name)})"
            for number, name in enumerate(names, 2)
        )
        transaction.write(
            f"UPDATE {table} SET {assigned} FROM (VALUES {rows}) AS v"
            f" WHERE {table}.id = CAST(v.column1 AS {self._type_of('id')})",
            parameters,
        )

    def _type_of(self, column: str) -> str:
        if column in _TEXTS:
            return "text"
        if not column.endswith("id"):
            return "bigint"
        return "text" if self._on_sqlite else "uuid"


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


def _write_log(transaction: Transaction, revisions: Sequence[Revision]) -> None:
    rows = [revision.row for revision in revisions]
    _insert(transaction, "room_revisions", _LOG_COLUMNS, rows, _IN_ITS_PLACE)
    for revision in revisions:
        _mark_undone(transaction, revision)
        _prune_log(transaction, revision)


def _mark_undone(transaction: Transaction, revision: Revision) -> None:
    undone = revision.made.takes_back
    if undone is None:
        return
    by = revision.room.revision
    # Of a redo the command is in force again, which has another row than its undo.
    marks = {undone.origin: None if undone.restores else by, undone.revision: by}
    for marked, undone_by in marks.items():
        transaction.write(
            "UPDATE room_revisions SET undone_by = %(undone_by)s"
            " WHERE room_id = %(room)s AND revision = %(revision)s",
            {
                "undone_by": undone_by,
                "room": revision.room.id.hex,
                "revision": marked,
            },
        )


def _prune_log(transaction: Transaction, revision: Revision) -> None:
    """Have old rows deleted before there are more than may be, or more bytes.

    After each `_PRUNED_ROWS` and `_PRUNED_BYTES`, which no row is longer than: so much
    is left free for what is written until the next time.
    """
    row = revision.row
    bytes_before = 0 if revision.before is None else revision.before.room.log_bytes
    rows_cross = row.number > MAX_LOG_ROWS - _PRUNED_ROWS and not (
        row.number % _PRUNED_ROWS
    )
    bytes_cross = (
        row.bytes_until > MAX_LOG_BYTES - 2 * _PRUNED_BYTES
        and row.bytes_until // _PRUNED_BYTES != bytes_before // _PRUNED_BYTES
    )
    if rows_cross or bytes_cross:
        transaction.write(
            "DELETE FROM room_revisions WHERE room_id = %(room)s"
            " AND (number <= %(number)s OR bytes_until <= %(bytes)s)",
            {
                "room": row.room_id.hex,
                "number": row.number - MAX_LOG_ROWS + _PRUNED_ROWS,
                "bytes": row.bytes_until - MAX_LOG_BYTES + 2 * _PRUNED_BYTES,
            },
        )


def _insert(
    transaction: Transaction,
    table: str,
    columns: tuple[str, ...],
    things: Sequence[Any],
    conflict: str = "",
) -> None:
    rows, parameters = _rows(columns, things)
    named = ", ".join(columns)
    transaction.write(
        f"INSERT INTO {table} ({named}) VALUES {rows}{conflict}", parameters
    )


def _rows(
    columns: tuple[str, ...], things: Sequence[Any]
) -> tuple[str, dict[str, Any]]:
    """Return the rows of a `VALUES`, and their parameters."""
    parameters: dict[str, Any] = {}
    rows = []
    for number, thing in enumerate(things):
        keys = [f"{name}{number}" for name in columns]
        values = [_stored(getattr(thing, name)) for name in columns]
        parameters.update(zip(keys, values, strict=True))
        rows.append("(" + ", ".join(f"%({key})s" for key in keys) + ")")
    return ", ".join(rows), parameters


def _stored(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return value.hex
    return value.value if isinstance(value, Status) else value


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
