"""Fixtures: logging set up for one test, and the lines that it wrote."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask

from app.config import load
from app.ops import logs
from tests.support.environment import product_settings

Configure = Callable[..., None]


@pytest.fixture
def configure(tmp_path: Path) -> Iterator[Configure]:
    """Sets logging up: `configure(app_env="production", log_level="info")`."""
    root = logging.getLogger()
    before, level, structured = root.handlers[:], root.level, structlog.get_config()

    def set_up(**settings: Any) -> None:
        database = f"sqlite:///{tmp_path / 'timers.db'}"
        environ = product_settings(tmp_path, database_url=database, **settings)
        logs.configure(load(environ))

    yield set_up
    root.handlers[:] = before
    root.setLevel(level)
    structlog.configure(**structured)


@pytest.fixture
def app(configure: Configure) -> Flask:
    """An application that does nothing but log, in production."""
    configure(app_env="production")
    app = Flask(__name__)
    logs.init_app(app)
    return app
