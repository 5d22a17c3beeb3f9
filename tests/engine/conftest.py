"""Fixtures: a worker to be treated badly, and what must hold all the while."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.engine.unharmed import Unharmed
from tests.support.server import Server
from tests.system.transport.raw import Connection


@pytest.fixture(scope="module")
def attacked(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One worker, shared by the tests of a module."""
    database = tmp_path_factory.mktemp("attacked") / "timers.db"
    shutil.copy(sqlite_template, database)
    with Server(f"sqlite:///{database}") as server:
        yield server


@pytest.fixture(scope="module")
def onlookers(attacked: Server) -> Iterator[Unharmed]:
    """Viewers of that worker."""
    with Unharmed(attacked) as watching:
        yield watching


@pytest.fixture
def unharmed(onlookers: Unharmed) -> Iterator[Unharmed]:
    """Viewers who notice nothing of what the test does."""
    onlookers.begin()
    yield onlookers
    onlookers.check()


@pytest.fixture
def connect(attacked: Server, unharmed: Unharmed) -> Iterator[Callable[[], Connection]]:
    """Opens connections: `connect()`."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(Connection(attacked.port))
