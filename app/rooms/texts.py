"""How much text a room holds: all that its viewers are sent, but for numbers and ids.

Counted in bytes as they go over the wire, so that the bound on a room is one on what
each viewer, worker and cache gets of it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import column, select, table

from app.errors import LimitReached
from app.extensions import db
from app.rooms.model import Room

MAX_TEXT_BYTES = 256 * 1024
ROOM_TEXTS = ("name", "description")
TIMER_TEXTS = ("title", "description", "completion_message")

_ESCAPED = re.compile('[\\x00-\\x1f"\\\\]')
# Of timers, rooms know only the rows and their texts.
_timers = table("timers", column("room_id"), *map(column, TIMER_TEXTS))


def wire_bytes(text: str) -> int:
    """Return the bytes of a text as JSON in UTF-8, without its quotation marks.

    Quotation marks, backslashes and control characters count with their escapes.
    """
    if _ESCAPED.search(text):
        text = json.dumps(text, ensure_ascii=False)[1:-1]
    return len(text) if text.isascii() else len(text.encode())


def growth(before: Any, changes: Mapping[str, Any], texts: Iterable[str]) -> int:
    """Return by how many bytes `changes` make the texts of a room or timer longer.

    Args:
        before: the room or timer, or None where it is new.
        changes: new values by name; those that are not in `texts` do not count.
        texts: the names of the texts.
    """
    return sum(
        wire_bytes(changes[name]) - wire_bytes(getattr(before, name, ""))
        for name in texts
        if name in changes
    )


def check_growth(room: Room, more: int) -> None:
    """Refuse to let a locked room's texts grow beyond the bound.

    Whatever does not grow is accepted, also in rooms that are larger from before there
    was a bound, and asks the database nothing.

    Args:
        room: the room, locked, before the change.
        more: by how many bytes the change makes its texts longer.

    Raises:
        LimitReached: the room's texts would be too long.
    """
    if more > 0 and _held(room) + more > MAX_TEXT_BYTES:
        raise LimitReached(
            f"The room's text is full: names, titles, descriptions and messages take "
            f"at most {MAX_TEXT_BYTES // 1024} kB together."
        )


def _held(room: Room) -> int:
    of_timers = select(*(_timers.c[name] for name in TIMER_TEXTS)).where(
        _timers.c.room_id == room.id
    )
    texts = [getattr(room, name) for name in ROOM_TEXTS]
    for row in db.session.execute(of_timers):
        texts += row
    return sum(map(wire_bytes, texts))
