"""The stage of the benchmark: PostgreSQL, Redis, fresh databases, servers, rooms."""

import contextlib
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psycopg2

from bench import cores, machine
from bench.servers import SERVERS, Product
from bench.usage import Usage
from tests.support.api import Api, Json, Room
from tests.support.crowd.commands import Commands, starts_and_pauses
from tests.support.crowd.crowd import Crowd
from tests.support.product import migrate
from tests.support.services import Postgres, Valkey

_TEMPLATE, _DATABASE = "bench_template", "bench"
_TIMERS = 5
_LENGTH_MS = 3_600_000
# In small groups: what many viewers took at once would be there for the next ones.
_WARM_GROUPS, _WARM_GROUP = 40, 20
_QUIET_SECONDS = 3.0


class Stage:
    """The services that all columns share, as a context manager.

    Attributes:
        disturbed: how many servers were started while something else used the machine.
    """

    def __init__(self, warm_commands: int) -> None:
        """Have each server warm up with so many commands."""
        self._warm_commands = warm_commands
        self.disturbed = 0

    def __enter__(self) -> Self:
        """Start them on the load's core, where this process stays too."""
        with ExitStack() as stack:
            stack.enter_context(cores.pinned(cores.LOAD))
            self._postgres = stack.enter_context(Postgres())
            self._valkey = stack.enter_context(Valkey())
            template = self._postgres.create_database(_TEMPLATE)
            with tempfile.TemporaryDirectory() as folder:
                migrate(template, Path(folder))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop them."""
        self._stack.close()

    @contextlib.contextmanager
    def server(self, name: str, workers: int = 1) -> Iterator["Show"]:
        """Run the server of that name on an empty database, with a room, warmed up."""
        self._valkey.flush()
        self.disturbed += not machine.wait_until_quiet(_QUIET_SECONDS)
        url = self._postgres.create_database(_DATABASE, _TEMPLATE)
        try:
            with SERVERS[name](url, self._valkey.url, workers) as server:
                if workers > 1:
                    server.wait_for_workers(workers)
                with Show.open(server, url) as show:
                    show.warm_up(self._warm_commands)
                    yield show
        finally:
            self._postgres.drop_database(_DATABASE)


@dataclass(frozen=True)
class Show:
    """A server with a room whose first timer runs.

    Attributes:
        server: what is measured.
        database_url: its database.
        usage: what its processes use.
        api: a client of it.
        room: with a few timers.
        commands: starts and pauses the first of them.
    """

    server: Product
    database_url: str
    usage: Usage
    api: Api
    room: Room
    commands: Commands

    @classmethod
    @contextlib.contextmanager
    def open(cls, server: Product, database_url: str) -> Iterator[Self]:
        """Create the room and start its first timer."""
        api = server.api()
        room = api.create_room("Main hall")
        timers = [
            api.create_timer(room, "Opening keynote", _LENGTH_MS)
            for _ in range(_TIMERS)
        ]
        timer: Json = api.start(room, timers[0])
        commands = starts_and_pauses(server.address, room, timer)
        with contextlib.closing(commands):
            yield cls(server, database_url, Usage(server.pid), api, room, commands)

    def warm_up(self, commands: int) -> None:
        """Have the server do a little of everything: Node.js compiles what it meets.

        Its other workers may still be starting: wait for that as well.
        """
        self.usage.wait_until_calm()
        for _ in range(commands):
            self.commands.run()
        for _ in range(_WARM_GROUPS):
            with Crowd(self.server.address) as crowd:
                crowd.join([self.room.share_token] * _WARM_GROUP)
                crowd.deliver(self.commands)
        self.usage.wait_until_calm()

    def add_running_timers(self, rooms: list[Room], count: int, ends_at: int) -> None:
        """Give each room `count` running timers, a revision each, that end together."""
        values = [(count, ends_at, room.id) for room in rooms]
        with (
            contextlib.closing(psycopg2.connect(self.database_url)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.executemany(_ADD_RUNNING_TIMERS, values)


_ADD_RUNNING_TIMERS = """
    WITH room AS (
        SELECT id, revision, %s::int AS count, %s::bigint AS ends_at
          FROM rooms WHERE id = %s
    ), timer AS (
        INSERT INTO timers (id, room_id, title, description, completion_message,
                            position, duration, remaining, status, started_at, ends_at,
                            revision)
        SELECT gen_random_uuid(), id, 'Heat ' || n, '', '', n, 60000, 60000, 'running',
               ends_at - 60000, ends_at, revision + n
          FROM room, generate_series(1, count) AS n
    )
    UPDATE rooms SET revision = rooms.revision + room.count FROM room
     WHERE rooms.id = room.id
"""
