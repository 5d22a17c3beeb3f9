"""How much text a room holds: all that its viewers are sent, but for numbers and ids.

Counted in bytes as they go over the wire, so that the bound on a room is one on what
each viewer, worker and cache gets of it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from app.errors import LimitReached
from app.rooms.aggregate import ROOM_TEXTS, TIMER_TEXTS, Loaded

MAX_TEXT_BYTES = 256 * 1024

_ESCAPED = re.compile('[\\x00-\\x1f"\\\\]')


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


def check_growth(loaded: Loaded, more: int) -> None:
    """Refuse to let a room's texts grow beyond the bound.

    Whatever does not grow is accepted, also in rooms that are larger from before there
    was a bound.

    Args:
        loaded: the room before the change; with all its timers where `more` may be
            above 0.
        more: by how many bytes the change makes its texts longer.

    Raises:
        LimitReached: the room's texts would be too long.
    """
    if more > 0 and held(loaded) + more > MAX_TEXT_BYTES:
        raise LimitReached(
            f"The room's text is full: names, titles, descriptions and messages take "
            f"at most {MAX_TEXT_BYTES // 1024} kB together."
        )


def held(loaded: Loaded) -> int:
    """Return how many bytes of text a room holds; `loaded` has all of its timers."""
    texts = [getattr(loaded.room, name) for name in ROOM_TEXTS]
    for timer in loaded.timers.values():
        texts += (getattr(timer, name) for name in TIMER_TEXTS)
    return sum(map(wire_bytes, texts))
