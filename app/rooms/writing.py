"""The SQL of a change's second trip: what differs, and a row of the log for each."""

import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

from app.db.transaction import Database, Transaction
from app.rooms.aggregate import ROOM_TEXTS, TIMER_TEXTS, Room, Timer
from app.rooms.countdown import Status
from app.rooms.differences import Difference
from app.rooms.revision import LogRow, Revision

MAX_LOG_ROWS = 20_000
MAX_LOG_BYTES = 64 * 1024 * 1024
# Old rows go now and then, some more than need be, so that few commands pay for it.
_PRUNED_ROWS = 256
_PRUNED_BYTES = 1024 * 1024

# SQLite looks for each parameter among all of a statement's.
_ROWS_AT_ONCE = 50
_ROOM_COLUMNS = tuple(each.name for each in fields(Room))
_TIMER_COLUMNS = tuple(each.name for each in fields(Timer))
_LOG_COLUMNS = tuple(each.name for each in fields(LogRow))
# A database that went back in part may hold a row of a revision that it has lost: no
# command may fail for that.
_IN_ITS_PLACE = " ON CONFLICT (room_id, revision) DO UPDATE SET " + ", ".join(
    [*(f"{name} = excluded.{name}" for name in _LOG_COLUMNS[2:]), "undone_by = NULL"]
)
# What each revision of a room counts, whatever it changes.
_COUNTED = ("revision", "stamp", "updated_at", "log_rows", "log_bytes")
_TEXTS = (*ROOM_TEXTS, *TIMER_TEXTS, "status", "stamp", "share_token")


class Writer:
    """Writes what revisions change; the same for both databases."""

    def __init__(self, database: Database) -> None:
        """Write in the words of `database`."""
        self._on_sqlite = database.on_sqlite

    def write(self, transaction: Transaction, revisions: Sequence[Revision]) -> None:
        """Have what revisions change written, and a row of the log for each."""
        if not revisions:
            return
        self._write_rooms(transaction, revisions)
        self._write_timers(transaction, revisions)
        _write_log(transaction, revisions)

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
        # One statement for many: a room may have hundreds of timers.
        assigned = ", ".join(
            f"{name} = CAST(v.column{number} AS {self._type_of(name)})"
            for number, name in enumerate(names, 2)
        )
        for some in _chunks(things):
            rows, parameters = _rows(("id", *names), some)
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
    named = ", ".join(columns)
    for some in _chunks(things):
        rows, parameters = _rows(columns, some)
        transaction.write(
            f"INSERT INTO {table} ({named}) VALUES {rows}{conflict}", parameters
        )


def _chunks(things: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for first in range(0, len(things), _ROWS_AT_ONCE):
        yield things[first : first + _ROWS_AT_ONCE]


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
