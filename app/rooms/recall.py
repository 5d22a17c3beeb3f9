"""The SQL of an undo: what it needs of the log, read under the room's lock.

What of the log is read is bounded: the row to undo with the command's that it comes to,
and of later rows, at most `MOST_LATER` of each timer, what they changed of a countdown.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from app.db.transaction import Database, Row, Transaction
from app.naming import camel_case
from app.rooms.aggregate import Room
from app.rooms.commands.undo import UNDOABLE
from app.rooms.differences import COUNTDOWN_FIELDS
from app.rooms.history import UNDO, Entry, History, Sought
from app.rooms.store import Found

MOST_LATER = 1_000

_COLUMNS = "revision, actor, command, CAST(changes AS text), undoes, origin, undone_by"
# A database that went back in part may hold rows of revisions that it has lost.
_OF_ROOM = "FROM room_revisions WHERE room_id = %(room)s AND revision <= %(newest)s"
_NAMED = f"SELECT {_COLUMNS} {_OF_ROOM} AND revision = %(revision)s"
_OWN_LATEST = (
    f"SELECT {_COLUMNS} {_OF_ROOM} AND actor = %(actor)s AND undone_by IS NULL"
    f" AND command <> '{UNDO}' ORDER BY revision DESC LIMIT 1"
)
# A row that holds a whole timer, as it was deleted or created, is an array.
_TOUCHES = {"whole": "[%"} | {
    name: f'%"{camel_case(name)}":%' for name in COUNTDOWN_FIELDS
}
# SQLite takes a name that begins with a digit for a place in an array.
_KEY, _KEY_ON_SQLITE = "{}", '$."{}"'
_TOUCHED = " OR ".join(f"touched LIKE %({name})s" for name in _TOUCHES)
_LATER = (
    "SELECT revision, actor, command, touched, undoes, origin, undone_by FROM"
    " (SELECT revision, actor, command, undoes, origin, undone_by,"
    f" CAST(changes -> 'timers' -> %(timer)s AS text) AS touched {_OF_ROOM}"
    f" AND revision > %(revision)s) AS later WHERE {_TOUCHED}"
    f" ORDER BY revision LIMIT {MOST_LATER + 1}"
)


def with_history(
    database: Database, transaction: Transaction, found: Found, sought: Sought
) -> Found:
    """Return what was found with what an undo needs of the room's log."""
    target = _target(transaction, found.loaded.room, sought)
    history = History(target)
    if target is not None and target.undone_by is None and target.command in UNDOABLE:
        key = _KEY_ON_SQLITE if database.on_sqlite else _KEY
        history = _history(transaction, found.loaded.room, target, key)
    return replace(found, loaded=replace(found.loaded, history=history))


def _target(transaction: Transaction, room: Room, sought: Sought) -> Entry | None:
    statement = _OWN_LATEST if sought.revision is None else _NAMED
    given = {"revision": sought.revision, "actor": sought.actor}
    rows = transaction.ask([statement], _of(room) | given)
    return _entry(rows[0]) if rows else None


def _history(transaction: Transaction, room: Room, target: Entry, key: str) -> History:
    origin = None
    if target.origin is not None:
        origin = _target(transaction, room, Sought(target.origin, ""))
    later: list[Entry] = []
    too_many = False
    for timer_id in _with_countdowns(target.changes.get("timers", {})):
        parameters = _of(room) | _TOUCHES
        parameters |= {"revision": target.revision, "timer": key.format(timer_id)}
        rows = transaction.ask([_LATER], parameters)
        too_many |= len(rows) > MOST_LATER
        later += (_entry(row, timer_id) for row in rows[:MOST_LATER])
    later.sort(key=lambda entry: entry.revision)
    return History(target, origin, later, too_many)


def _with_countdowns(timers: Mapping[str, Any]) -> Iterable[str]:
    """Return the timers whose countdowns were changed and are there since."""
    names = {camel_case(name) for name in COUNTDOWN_FIELDS}
    for timer_id, changed in timers.items():
        if isinstance(changed, list):
            if changed[1] is not None:
                yield timer_id
        elif names & changed.keys():
            yield timer_id


def _of(room: Room) -> dict[str, Any]:
    return {"room": room.id.hex, "newest": room.revision}


def _entry(row: Row, timer_id: str | None = None) -> Entry:
    revision, actor, command, text, *marks = row
    changes = json.loads(text)
    if timer_id is not None:
        changes = {"timers": {timer_id: changes}}
    return Entry(revision, actor, command, changes, *marks)
