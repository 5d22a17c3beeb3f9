"""A server that cannot work does not start, and says all that is wrong at once."""

import subprocess
import sys

import pytest

from tests.support.environment import ROOT, child_environment, product_settings
from tests.support.waiting import patient

REDIS = "redis://127.0.0.1:1/0"
POSTGRES = "postgresql://nobody@127.0.0.1:1/none"


@pytest.fixture
def start(tmp_path):
    """Starts gunicorn with settings, and returns how it ended."""

    def run(**settings):
        variables = product_settings(tmp_path, **{"port": 15_000, **settings})
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
