"""Who takes a log slowly holds nothing but some of its bytes."""

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.rooms.log import PAGE_BYTES
from app.transport.handler import SEND_BUFFER_BYTES
from tests.support.waiting import wait_until
from tests.system.sql import sessions, transaction
from tests.system.transport.raw import Connection

# More than there are connections to the database.
SLOW = 40
ROWS, ROW_BYTES = 2_000, 4_000
# A page as the database sends it, as rows, as text and as bytes, and what the kernel
# keeps; not the log's eight megabytes each.
MOST_GROWTH = SLOW * (5 * PAGE_BYTES + 2 * SEND_BUFFER_BYTES) + 10_000_000

FILL = """
    INSERT INTO room_revisions
        (room_id, revision, at, actor, command, changes, number, bytes_until)
    SELECT %s, 1 + n, 0, 'owner:x', 'update-room',
        json_build_object('room', json_build_object('description',
            json_build_array('', repeat('x', %s)))), 1 + n, 0
    FROM generate_series(1, %s) AS n
"""
HOLDING = "state <> 'idle' AND pid <> pg_backend_pid()"


@pytest.fixture
def server(server_factory):
    return server_factory(1)


@pytest.fixture
def room(server, postgres_url):
    room = server.api().create_room()
    with transaction(postgres_url) as cursor:
        cursor.execute(FILL, (room.id, ROW_BYTES, ROWS))
    return room


@pytest.fixture
def resident_bytes(server):
    """Tells how much memory the worker has."""
    (pid,) = server.worker_pids()
    return lambda: int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def ask(connection, room):
    connection.request(
        f"GET /api/rooms/{room.id}/revisions.ndjson HTTP/1.1",
        f"Authorization: Bearer {room.admin_token}",
        "Connection: close",
    )


def rows_of(answer):
    """The rows that a body in chunks holds, and whether its end is there."""
    body = b""
    head, _, rest = answer.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    while True:
        size, _, rest = rest.partition(b"\r\n")
        if not size or int(size, 16) == 0:
            break
        body += rest[: int(size, 16)]
        rest = rest[int(size, 16) + 2 :]
    lines = [json.loads(line) for line in body.splitlines()]
    return lines, size == b"0"


def test_those_who_take_a_log_slowly_hold_no_connection_and_little_memory(
    server, room, postgres_url, resident_bytes
):
    api = server.api()
    with Connection(server.port, timeout=25) as once:
        ask(once, room)
        assert len(rows_of(once.rest())[0]) == 1 + ROWS
    before = resident_bytes()

    with ExitStack() as stack:
        slow = [stack.enter_context(Connection(server.port, 25)) for _ in range(SLOW)]
        for connection in slow:
            ask(connection, room)
        for connection in slow:
            assert connection.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
        wait_until(lambda: sessions(postgres_url, HOLDING) == 0, "nothing is held")

        # The others' commands find connections to the database.
        timer = api.create_timer(room)
        api.start(room, timer)
        assert sessions(postgres_url, HOLDING) == 0
        assert resident_bytes() - before <= MOST_GROWTH

        # What was added meanwhile is there too, after all the rest.
        first = slow[0]
        rows, ended = rows_of(b"Transfer-Encoding: chunked\r\n\r\n" + first.rest())
        assert ended
        numbers = [row["revision"] for row in rows]
        assert numbers == sorted(set(numbers))
        assert len(numbers) >= 1 + ROWS


def test_a_download_that_the_database_breaks_off_lacks_its_end(
    server, room, postgres_url
):
    with Connection(server.port, timeout=25) as connection:
        ask(connection, room)
        connection.read_until(b"\r\n\r\n")
        with transaction(postgres_url) as cursor:
            cursor.execute("ALTER TABLE room_revisions RENAME TO gone")
        try:
            answer = connection.rest()
        finally:
            with transaction(postgres_url) as cursor:
                cursor.execute("ALTER TABLE gone RENAME TO room_revisions")

    assert not answer.endswith(b"0\r\n\r\n")
    assert server.api().request("GET", "/health").status == 200
