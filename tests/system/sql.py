"""The database itself: for what no request can bring about."""

import contextlib
from collections.abc import Iterator

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from tests.support.api import Json, Room


@contextlib.contextmanager
def transaction(database_url: str) -> Iterator[Cursor]:
    """Open a connection of its own; commit at the end of the block."""
    with (
        contextlib.closing(psycopg2.connect(database_url)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        yield cursor


def commit_a_timer_s_title(
    database_url: str, room: Room, timer: Json, title: str
) -> None:
    """Leave behind what a worker leaves that dies between commit and broadcast."""
    with transaction(database_url) as cursor:
        revision = take_revision(cursor, room)
        cursor.execute(
            "UPDATE timers SET title = %s, revision = %s WHERE id = %s",
            (title, revision, timer["id"]),
        )


def take_revision(cursor: Cursor, room: Room) -> int:
    """Take the room's next revision, as every command does."""
    cursor.execute(
        "UPDATE rooms SET revision = revision + 1 WHERE id = %s RETURNING revision",
        (room.id,),
    )
    return cursor.fetchone()[0]


def start_timers_that_end_in(
    database_url: str, rooms: list[Room], count: int, second: int
) -> set[str]:
    """Give each room `count` running timers, ends spread evenly over one second.

    Each is one revision of its room; return the timers' ids.
    """
    ids: set[str] = set()
    with transaction(database_url) as cursor:
        for number, room in enumerate(rooms):
            cursor.execute(
                "INSERT INTO timers (id, room_id, title, description,"
                " completion_message, position, duration, remaining, status,"
                " started_at, ends_at, revision) "
                "SELECT gen_random_uuid(), %(room)s, 'Heat ' || n, '', '', n, 60000,"
                " 60000, 'running', %(second)s - 60000,"
                " %(second)s + (1000 * (n - 1 + %(share)s) / %(count)s)::int, n + 1 "
                "FROM generate_series(1, %(count)s) AS n RETURNING id::text",
                {
                    "room": room.id,
                    "second": second,
                    "share": number / len(rooms),
                    "count": count,
                },
            )
            ids |= {row[0] for row in cursor.fetchall()}
            cursor.execute(
                "UPDATE rooms SET revision = revision + %s WHERE id = %s",
                (count, room.id),
            )
    return ids


def move_ends(database_url: str, timers: set[str], milliseconds: int) -> None:
    """Let running timers end so much earlier, without a revision."""
    with transaction(database_url) as cursor:
        cursor.execute(
            "UPDATE timers SET ends_at = ends_at - %s WHERE id::text = ANY(%s)",
            (milliseconds, list(timers)),
        )


def sessions(database_url: str, condition: str = "true") -> int:
    """Return how many sessions of this database satisfy `condition`."""
    with transaction(database_url) as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            f" WHERE datname = current_database() AND {condition}"
        )
        return cursor.fetchone()[0]
