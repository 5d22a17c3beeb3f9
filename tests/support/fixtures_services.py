"""Fixtures: databases and Redis, shared by the run, fresh for each test."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.environment import variable
from tests.support.product import migrate
from tests.support.services import ExternalPostgres, ExternalRedis, Postgres, Valkey


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres | ExternalPostgres]:
    """The run's PostgreSQL: its own, or the one at TEST_DATABASE_URL."""
    url = variable("TEST_DATABASE_URL")
    with ExternalPostgres(url) if url else Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(
    postgres: Postgres | ExternalPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The name of a migrated database to make copies of."""
    name = _database_name()
    migrate(postgres.create_database(name), tmp_path_factory.mktemp("migrate"))
    yield name
    postgres.drop_database(name)


@pytest.fixture
def postgres_url(
    postgres: Postgres | ExternalPostgres, postgres_template: str
) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database."""
    name = _database_name()
    yield postgres.create_database(name, postgres_template)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file to make copies of."""
    folder = tmp_path_factory.mktemp("migrate")
    template = folder / "template.db"
    migrate(f"sqlite:///{template}", folder)
    return template


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh, migrated SQLite database."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'timers.db')}"


@pytest.fixture
def timers_db(sqlite_url: str) -> str:
    """The file of that database."""
    return sqlite_url.removeprefix("sqlite:///")


@pytest.fixture(scope="session")
def redis() -> Iterator[Valkey | ExternalRedis]:
    """The run's Redis: its own Valkey, or the one at TEST_REDIS_URL."""
    url = variable("TEST_REDIS_URL")
    with ExternalRedis(url) if url else Valkey() as server:
        yield server


@pytest.fixture
def redis_url(redis: Valkey | ExternalRedis) -> str:
    """An empty Redis, for tests that do no harm to it."""
    redis.flush()
    return redis.url


@pytest.fixture
def private_redis() -> Iterator[Valkey]:
    """A Redis of the test's own, to stop, kill and freeze."""
    with Valkey() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a PostgreSQL whose maintenance database is migrated."""
    folder = tmp_path_factory.mktemp("postgres")
    with Postgres() as server:
        migrate(server.url, folder)
        server.stop()
        server.save_template(folder / "data")
    return folder / "data"


@pytest.fixture
def private_postgres(migrated_data: Path) -> Iterator[Postgres]:
    """A PostgreSQL of the test's own, to stop and kill; its `url` is migrated."""
    with Postgres(migrated_data) as server:
        yield server


def _database_name() -> str:
    return f"test_{uuid.uuid4().hex[:16]}"
