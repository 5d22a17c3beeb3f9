"""Reading the logs of rooms, page by page, and forgetting what is old.

Each page is one statement of its own, so that whoever takes a log slowly holds neither
a transaction nor a connection between two pages.
"""

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.auth.identity import Identity
from app.clock import Instant
from app.db.transaction import Database
from app.rooms.store import OF_CALLER, as_caller

MAX_PAGE = 200
# Of a page's changes, and about what each row takes besides them. A single row may be
# longer: it is a page of its own.
PAGE_BYTES = 256 * 1024
_ROW_BYTES = 256
# Rows that are forgotten in one transaction: few, for SQLite blocks everybody.
_FORGOTTEN = 200

_OPERATOR = "operator:"
_MAY_READ = f"SELECT 1 FROM rooms r WHERE r.id = %(room)s AND {OF_CALLER}"
_FORGET = (
    "DELETE FROM room_revisions WHERE (room_id, revision) IN ("
    "SELECT room_id, revision FROM room_revisions WHERE at < %(before)s"
    " ORDER BY at LIMIT %(most)s) RETURNING revision"
)
_COLUMNS = "revision, at, actor, command, noticed_by, undoes, undone_by"


@dataclass(frozen=True)
class Entry:
    """A row of the log, as it is read.

    Attributes:
        actor: who made the revision, by the name that the log keeps.
        changes: what differed, as JSON: see `differences.as_logged`.
        undone_by: the revision that took this one back, if it is undone by now.
    """

    revision: int
    at: int
    actor: str
    command: str
    noticed_by: str | None
    undoes: int | None
    undone_by: int | None
    changes: str

    def as_json(self, actor: str) -> str:
        """Return it as a JSON object on one line, its actor by the name given."""
        facts = {
            "revision": self.revision,
            "at": self.at,
            "actor": actor,
            "command": self.command,
            "noticedBy": self.noticed_by,
            "undoes": self.undoes,
            "undoneBy": self.undone_by,
        }
        head = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
        return f'{head[:-1]},"changes":{self.changes}}}'


@dataclass(frozen=True)
class Page:
    """Some rows of a log in ascending order.

    Attributes:
        more: whether rows were left out: newer ones where the page begins after a
            revision, older ones where it is the newest.
    """

    entries: Sequence[Entry]
    more: bool


class Log:
    """The logs of all rooms, also of those that are gone."""

    def __init__(self, database: Database) -> None:
        """Read from `database`."""
        self._database = database
        oldest, newest = (_page(order, database) for order in ("ASC", "DESC"))
        self._after, self._newest = oldest, newest

    def may_read(self, identity: Identity, room_id: uuid.UUID) -> bool:
        """Tell whether there is such a room, and its log is the caller's to read."""
        parameters = {"room": room_id.hex, **as_caller(identity)}
        return bool(self._database.look(_MAY_READ, parameters))

    def newest(self, room_id: uuid.UUID, limit: int) -> Page:
        """Return the newest rows."""
        page = self._look(self._newest, room_id, 0, limit)
        return Page(page.entries[::-1], page.more)

    def after(self, room_id: uuid.UUID, revision: int, limit: int) -> Page:
        """Return the first rows after a revision."""
        return self._look(self._after, room_id, revision, limit)

    def pages(self, room_id: uuid.UUID, after: int) -> Iterator[Sequence[Entry]]:
        """Yield all rows after a revision, and what is added meanwhile, in pages."""
        more = True
        while more:
            page = self.after(room_id, after, MAX_PAGE)
            if page.entries:
                after = page.entries[-1].revision
                yield page.entries
            more = page.more

    def forget(self, before: Instant) -> Iterator[int]:
        """Forget what is older than an instant, in rooms that are gone as well.

        In short transactions, one for each step of the iterator, which yields how many
        rows it took.
        """
        forgotten = _FORGOTTEN
        while forgotten == _FORGOTTEN:
            with self._database.transaction() as transaction:
                parameters = {"before": before, "most": _FORGOTTEN}
                forgotten = len(transaction.ask([_FORGET], parameters))
            yield forgotten

    def _look(self, statement: str, room_id: uuid.UUID, after: int, limit: int) -> Page:
        parameters = {
            "room": room_id.hex,
            "after": after,
            "one_more": limit + 1,
            "bytes": PAGE_BYTES,
        }
        rows = self._database.look(statement, parameters)
        entries = [Entry(*values) for *values, _ in rows[:limit]]
        return Page(entries, bool(rows) and rows[0][-1] > len(entries))


def told(actor: str, room_id: uuid.UUID) -> str:
    """Return an actor's name as clients are told it.

    An owner's subject never leaves the server. An operator is told by the UUID that is
    in the token, or, where an identity provider named the operator, by one made of that
    name: the same one throughout the room.
    """
    kind, _, subject = actor.partition(":")
    if not subject:
        return actor
    if kind == "owner":
        return kind
    return f"{_OPERATOR}{_uuid_of(subject, room_id)}"


def _uuid_of(subject: str, room_id: uuid.UUID) -> uuid.UUID:
    try:
        return uuid.UUID(subject)
    except ValueError:
        return uuid.uuid5(room_id, subject)


def _page(order: str, database: Database) -> str:
    text = "CAST(changes AS text)"
    size = "length(CAST(changes AS blob))"
    if not database.on_sqlite:
        size = f"octet_length({text})"
    over = f"OVER (ORDER BY revision {order})"
    listed = (
        f"SELECT {_COLUMNS}, {text} AS changes, {size} + {_ROW_BYTES} AS size"
        " FROM room_revisions WHERE room_id = %(room)s AND revision > %(after)s"
        f" ORDER BY revision {order} LIMIT %(one_more)s"
    )
    measured = (
        f"SELECT {_COLUMNS}, changes, sum(size) {over} AS until,"
        f" row_number() {over} AS place, count(*) OVER () AS listed"
        f" FROM ({listed}) AS page"
    )
    return (
        f"SELECT {_COLUMNS}, changes, listed FROM ({measured}) AS measured"
        " WHERE place = 1 OR until <= %(bytes)s"
        f" ORDER BY revision {order}"
    )
