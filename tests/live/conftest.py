"""Fixtures: one embedded worker for all these tests, a room of its own for each."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.api import Api, Room
from tests.support.senders import HttpSender
from tests.support.server import Server
from tests.support.viewers import Viewer

Watch = Callable[..., Viewer]


@pytest.fixture(scope="session")
def live_server(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The product as it runs with nothing but Python."""
    database = tmp_path_factory.mktemp("live") / "timers.db"
    shutil.copy(sqlite_template, database)
    with Server(f"sqlite:///{database}") as server:
        yield server


@pytest.fixture
def operator(live_server: Server) -> Iterator[Api]:
    """Who commands the show."""
    with closing(HttpSender(live_server.base_url)) as sender:
        yield Api(sender)


@pytest.fixture
def room(operator: Api) -> Room:
    """An empty room at revision 1."""
    return operator.create_room("Main stage")


@pytest.fixture
def watch(
    live_server: Server, viewer_factory: Callable[..., Viewer]
) -> Callable[..., Viewer]:
    """Connects a viewer: `watch(room)`, or `watch()` for one that joined nothing."""

    def connect(room: Room | None = None, **options: object) -> Viewer:
        options = {"transports": ["websocket"], **options}
        return viewer_factory(live_server, room, **options)

    return connect
