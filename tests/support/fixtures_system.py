"""Fixtures: real servers and real viewers, gone at the end of the test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.api import Room
from tests.support.javascript import StandardClients
from tests.support.server import Server
from tests.support.viewers import Viewer


@pytest.fixture
def server_factory(request: pytest.FixtureRequest) -> Iterator[Callable[..., Server]]:
    """Starts servers: `server_factory(workers=2, **settings)`.

    On a fresh PostgreSQL database and the run's Redis, unless `database_url` and
    `redis_url` say otherwise; `embedded=True` is one worker on SQLite without Redis.
    Servers of one test share the database.
    """
    with ExitStack() as stack:

        def start(
            workers: int = 2, *, embedded: bool = False, **settings: Any
        ) -> Server:
            if embedded:
                given = {"database_url": request.getfixturevalue("sqlite_url")}
                workers = 1
            else:
                given = _shared_services(request, settings)
            server = Server(workers=workers, **{**given, **settings})
            return stack.enter_context(server)

        yield start


@pytest.fixture
def embedded(server_factory: Callable[..., Server]) -> Server:
    """A server of the test's own: one worker on SQLite without Redis."""
    return server_factory(embedded=True)


@pytest.fixture
def viewer_factory() -> Iterator[Callable[..., Viewer]]:
    """Connects viewers: `viewer_factory(server, room=None, transports=None)`.

    Given a room, the viewer has joined it and shows its state.
    """
    with ExitStack() as stack:

        def connect(server: Server, room: Room | None = None, **options: Any) -> Viewer:
            viewer = stack.enter_context(Viewer(server.base_url, **options))
            if room is not None:
                viewer.join(room.share_token)
                viewer.wait_for("room-state")
            return viewer

        yield connect


@pytest.fixture
def standard_clients() -> Iterator[Callable[..., StandardClients]]:
    """Runs clients in JavaScript: `standard_clients(server, room, count=1)`.

    Further arguments are those of `StandardClients`. Does not wait for connections.
    """
    with ExitStack() as stack:

        def run(
            server: Server, room: Room, *args: Any, **options: Any
        ) -> StandardClients:
            clients = StandardClients(
                server.base_url, room.share_token, *args, **options
            )
            return stack.enter_context(clients)

        yield run


def _shared_services(
    request: pytest.FixtureRequest, settings: dict[str, Any]
) -> dict[str, Any]:
    """Return the shared services that `settings` do not replace, started if needed."""
    fixtures = {"database_url": "postgres_url", "redis_url": "redis_url"}
    return {
        setting: request.getfixturevalue(fixture)
        for setting, fixture in fixtures.items()
        if setting not in settings
    }
