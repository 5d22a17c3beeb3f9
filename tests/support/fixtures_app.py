"""Fixtures: the application inside the test's own process, on each kind of database."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.config import Settings, load
from tests.support.api import Api
from tests.support.environment import product_settings
from tests.support.senders import in_process

_DATABASES = ("sqlite", "postgres")

SettingsFactory = Callable[..., Settings]


def pytest_configure(config: pytest.Config) -> None:
    """Describe the marks."""
    for mark in (
        "database(*kinds): run on these only, of sqlite and postgres",
        "settings(**values): settings of `app` that differ from the tests' defaults",
    ):
        config.addinivalue_line("markers", mark)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run whatever uses `database` on each kind."""
    if "database" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("database")
        kinds = mark.args if mark else _DATABASES
        metafunc.parametrize("database", kinds, indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh, migrated database; a test that uses it runs on each kind."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
def settings_factory(database: str, tmp_path: Path) -> SettingsFactory:
    """Makes settings: `settings_factory(**values)`, in lower case."""

    def make(**values: Any) -> Settings:
        return load(product_settings(tmp_path, **{"database_url": database, **values}))

    return make


@pytest.fixture
def settings(
    request: pytest.FixtureRequest, settings_factory: SettingsFactory
) -> Settings:
    """The settings of `app`; the mark `settings` changes them."""
    mark = request.node.get_closest_marker("settings")
    return settings_factory(**(mark.kwargs if mark else {}))


@pytest.fixture
def app_factory(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[Settings], Flask]]:
    """Makes applications in the test's process, whose databases are closed with it.

    What they learn of the database's clock is forgotten with them.
    """
    from app import clock, create_app

    monkeypatch.setattr(clock, "_estimate", clock.OffsetEstimate())

    apps: list[Flask] = []

    def make(settings: Settings) -> Flask:
        apps.append(create_app(settings))
        return apps[-1]

    yield make
    for app in apps:
        app.extensions["database"].close()
        with app.app_context():
            app.extensions["sqlalchemy"].engine.dispose()


@pytest.fixture
def app(settings: Settings, app_factory: Callable[[Settings], Flask]) -> Flask:
    """The application; nothing listens on a port."""
    return app_factory(settings)


@pytest.fixture
def api(app: Flask) -> Api:
    """A client of the API of `app`."""
    return Api(in_process(app.test_client()))
