"""Fixtures: a cluster that tests share, and servers of their own for those that harm.

Whoever shares the cluster makes rooms of its own and harms no worker.
"""

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.api import Api, Room
from tests.support.senders import HttpSender
from tests.support.server import Server
from tests.support.services import ExternalPostgres, Postgres, Valkey

WORKERS = 4


@pytest.fixture(scope="session")
def database_factory(
    postgres: Postgres | ExternalPostgres, postgres_template: str
) -> Iterator[Callable[[], str]]:
    """Makes migrated databases that last longer than a test."""
    names: list[str] = []

    def create() -> str:
        names.append(f"test_{uuid.uuid4().hex[:16]}")
        return postgres.create_database(names[-1], postgres_template)

    yield create
    for name in names:
        postgres.drop_database(name)


@pytest.fixture(scope="session")
def own_redis() -> Iterator[Valkey]:
    """The cluster's Redis, so that no other test empties it."""
    with Valkey() as server:
        yield server


@pytest.fixture(scope="session")
def own_database(database_factory: Callable[[], str]) -> str:
    """The cluster's database."""
    return database_factory()


@pytest.fixture(scope="session")
def cluster(own_database: str, own_redis: Valkey) -> Iterator[Server]:
    """Four workers on PostgreSQL and Redis."""
    with Server(own_database, own_redis.url, workers=WORKERS) as server:
        server.wait_for_workers(WORKERS)
        yield server


@pytest.fixture(scope="session")
def single_factory(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Server]:
    """Makes servers of one worker on SQLite, the embedded default, to be entered."""

    def create(**settings: object) -> Server:
        database = tmp_path_factory.mktemp("single") / "timers.db"
        shutil.copy(sqlite_template, database)
        return Server(f"sqlite:///{database}", **settings)

    return create


@pytest.fixture(scope="session")
def single(single_factory: Callable[..., Server]) -> Iterator[Server]:
    """One worker that tests share as they share the cluster."""
    with single_factory() as server:
        yield server


@pytest.fixture
def connect() -> Iterator[Callable[[Server], Api]]:
    """Opens connections: `connect(server)` is a client of the API with its own."""
    senders: list[HttpSender] = []

    def opened(server: Server) -> Api:
        senders.append(HttpSender(server.base_url))
        return Api(senders[-1])

    yield opened
    for sender in senders:
        sender.close()


@pytest.fixture
def operator(cluster: Server) -> Iterator[Api]:
    """Who commands a show on the cluster."""
    with closing(HttpSender(cluster.base_url)) as sender:
        yield Api(sender)


@pytest.fixture
def room(operator: Api) -> Room:
    """An empty room on the cluster."""
    return operator.create_room("Main stage")
