"""The product's own commands, run as an operations person runs them."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.environment import ROOT, child_environment, product_settings
from tests.support.waiting import patient


def run_flask(
    *arguments: str, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run `flask --app wsgi` with `arguments` and wait for its end."""
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
        check=False,
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=patient(30),
    )


def migrate(database_url: str, folder: Path) -> None:
    """Bring the database to the newest schema; `folder` is for the product's files.

    A process of its own, because Alembic sets up the logging of the one that it is in.
    """
    settings = product_settings(folder, database_url=database_url)
    run = run_flask("db", "upgrade", environment=child_environment(folder) | settings)
    assert run.returncode == 0, f"The migrations failed:\n{run.stdout}"
