"""A server that cannot work does not start, and says all that is wrong at once."""

import subprocess
import sys

import pytest

from tests.support.environment import ROOT, child_environment, product_settings
from tests.support.ports import free_port
from tests.support.server import Server
from tests.support.waiting import patient

REDIS = "redis://127.0.0.1:1/0"
POSTGRES = "postgresql://nobody@127.0.0.1:1/none"


@pytest.fixture
def start(tmp_path):
    """Starts gunicorn with settings, and returns how it ended."""

    def run(variables=None, **settings):
        given = product_settings(tmp_path, **{"port": free_port(), **settings})
        variables = given | (variables or {})
        return subprocess.run(
            [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"],
            check=False,
            cwd=ROOT,
            env=child_environment(tmp_path) | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=patient(30),
        )

    return run


REFUSED = {
    "two workers without Redis": (
        {"web_concurrency": 2, "database_url": POSTGRES},
        ["WEB_CONCURRENCY", "REDIS_URL"],
    ),
    "two workers on SQLite": (
        {"web_concurrency": 2, "redis_url": REDIS},
        ["WEB_CONCURRENCY", "DATABASE_URL"],
    ),
    "production without anything": (
        {"app_env": "production", "jwt_secret": None},
        ["DATABASE_URL", "JWT_SECRET"],
    ),
    "production with a short secret": (
        {"app_env": "production", "jwt_secret": "short", "database_url": POSTGRES},
        ["JWT_SECRET"],
    ),
    "everything wrong": (
        {
            "app_env": "staging",
            "port": "many",
            "database_url": "mysql://localhost/x",
            "redis_url": "http://localhost",
            "cors_origin": "*",
            "log_level": "loud",
            "rate_limit_commands": "often",
            "web_concurrency": 0,
            "trusted_proxies": -1,
        },
        [
            "APP_ENV",
            "PORT",
            "DATABASE_URL",
            "REDIS_URL",
            "CORS_ORIGIN",
            "LOG_LEVEL",
            "RATE_LIMIT_COMMANDS",
            "WEB_CONCURRENCY",
            "TRUSTED_PROXIES",
        ],
    ),
}


@pytest.mark.parametrize(("settings", "named"), REFUSED.values(), ids=REFUSED.keys())
def test_wrong_settings_are_all_named_with_status_two(start, settings, named):
    ended = start(**settings)

    assert ended.returncode == 2, ended.stdout
    for name in named:
        assert name in ended.stdout
    assert "Traceback" not in ended.stdout


def test_a_refusal_shows_no_secret(start):
    ended = start(jwt_secret="tell-nobody", redis_url="http://:pass-word@localhost")

    assert ended.returncode == 2
    assert "tell-nobody" not in ended.stdout
    assert "pass-word" not in ended.stdout


@pytest.fixture
def other_library(tmp_path):
    """Variables with which Python finds another release of a library."""
    folder = tmp_path / "packages" / "gevent_websocket-0.11.0.dist-info"
    folder.mkdir(parents=True)
    metadata = "Metadata-Version: 2.1\nName: gevent-websocket\nVersion: 0.11.0\n"
    (folder / "METADATA").write_text(metadata)
    return {"PYTHONPATH": str(folder.parent)}


def test_in_production_a_library_that_is_not_known_stops_the_start(
    start, sqlite_url, other_library
):
    run = start(other_library, app_env="production", database_url=sqlite_url)

    assert run.returncode != 0
    assert "gevent-websocket is 0.11.0" in run.stdout


def test_in_development_a_library_that_is_not_known_is_a_warning(
    sqlite_url, other_library
):
    class OtherServer(Server):
        def environment(self):
            return super().environment() | other_library

    with OtherServer(sqlite_url) as server:
        assert "on the stock path" in server.read_log()
