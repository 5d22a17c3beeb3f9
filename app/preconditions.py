"""`If-Match` with a room's revision (RFC 9110, section 13.1.1)."""

import re

from flask import request

from app.errors import RoomMovedOn

# Compressing proxies turn a tag into a weak one or add their encoding to it.
_REVISION = re.compile(r'(?:W/)?"?([0-9]{1,18})(?::[a-z]+)?"?')


def expected_revision() -> int | None:
    """Return the revision that the request insists on, if it does.

    Raises:
        RoomMovedOn: `If-Match` holds something that no revision can match.
    """
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return None
    return matched_revision(header)


def matched_revision(tag: str) -> int:
    """Return the revision that an entity tag of ours stands for.

    Raises:
        RoomMovedOn: it is not one of ours.
    """
    match = _REVISION.fullmatch(tag.strip())
    if match is None:
        raise RoomMovedOn("If-Match must hold one revision.")
    return int(match[1])


def holds_revision(header: str, revision: int) -> bool:
    """Tell whether `If-None-Match` lists a revision (RFC 9110, section 13.1.2)."""
    tags = (_REVISION.fullmatch(tag.strip()) for tag in header.split(","))
    return any(tag is not None and int(tag[1]) == revision for tag in tags)
