"""Entity tags of a room's revision, `"41-k3x9qa"`: its number and its stamp.

`If-Match` (RFC 9110, section 13.1.1) takes the number alone as well.
"""

import re

from flask import request

from app.errors import RoomMovedOn
from app.revisions import ExpectedRevision

# Compressing proxies turn a tag into a weak one or add their encoding to it.
_REVISION = re.compile(r'(?:W/)?"?([0-9]{1,18})(?:-([a-z0-9]{6}))?(?::[a-z]+)?"?')


def tag_of(revision: int, stamp: str) -> str:
    """Return the entity tag of a revision."""
    return f'"{revision}-{stamp}"'


def expected_revision() -> ExpectedRevision | None:
    """Return the revision that the request insists on, if it does.

    Raises:
        RoomMovedOn: `If-Match` holds something that no revision can match.
    """
    header = request.headers.get("If-Match", "*").strip()
    if header == "*":
        return None
    return matched_revision(header)


def matched_revision(tag: str) -> ExpectedRevision:
    """Return the revision that an entity tag of ours stands for.

    Raises:
        RoomMovedOn: it is not one of ours.
    """
    match = _REVISION.fullmatch(tag.strip())
    if match is None:
        raise RoomMovedOn("If-Match must hold one revision.")
    return ExpectedRevision.stamped(int(match[1]), match[2])


def holds_revision(header: str, revision: int, stamp: str) -> bool:
    """Tell whether `If-None-Match` lists a revision (RFC 9110, section 13.1.2).

    The number alone does not do: it may be another revision's. `*` stands for any.
    """
    if header.strip() == "*":
        return True
    tags = (_REVISION.fullmatch(tag.strip()) for tag in header.split(","))
    return any(
        tag is not None and (int(tag[1]), tag[2]) == (revision, stamp) for tag in tags
    )
