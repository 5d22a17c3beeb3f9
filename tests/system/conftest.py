"""Fixtures: a cluster that tests share, and servers of their own for those that harm.

Whoever shares the cluster makes rooms of its own and harms no worker.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from tests.live.releasing import released
from tests.support.api import Api, Room
from tests.support.senders import HttpSender
from tests.support.server import Server
from tests.support.services import ExternalPostgres, Postgres, Valkey
from tests.support.viewers import Viewer

WORKERS = 4


@pytest.fixture(scope="session")
def own_redis() -> Iterator[Valkey]:
    """The cluster's Redis, so that no other test empties it."""
    with Valkey() as server:
        yield server


@pytest.fixture(scope="session")
def own_database(
    postgres: Postgres | ExternalPostgres, postgres_template: str
) -> Iterator[str]:
    """The cluster's database."""
    name = f"test_{uuid.uuid4().hex[:16]}"
    yield postgres.create_database(name, postgres_template)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def cluster(own_database: str, own_redis: Valkey) -> Iterator[Server]:
    """Four workers on PostgreSQL and Redis."""
    with Server(own_database, own_redis.url, workers=WORKERS) as server:
        server.wait_for_workers(WORKERS)
        yield server


@pytest.fixture
def viewer_factory(
    viewer_factory: Callable[..., Viewer],
) -> Iterator[Callable[..., Viewer]]:
    """Connects viewers, as everywhere."""
    yield from released(viewer_factory)


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
