"""What gunicorn does with the settings."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.environment import ROOT, child_environment, product_settings
from tests.support.server import Server
from tests.support.waiting import patient

# gunicorn itself reads WEB_CONCURRENCY, and fails first where it is no number.
WRONG = {"port": 0, "log_level": "loud", "web_concurrency": 0}


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"], id="gunicorn"),
        pytest.param(["wsgi"], id="wsgi"),
    ],
)
def test_wrong_settings_are_all_named_and_the_process_ends_with_status_2(
    command: list[str], tmp_path: Path
):
    environment = child_environment(tmp_path) | product_settings(tmp_path, **WRONG)

    run = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=patient(30),
        check=False,
    )

    assert run.returncode == 2
    assert all(name.upper() in run.stderr for name in WRONG)
    assert "Traceback" not in run.stderr


def test_whoever_starts_it_is_told_how_to_create_a_room(
    server_factory: Callable[..., Server],
):
    server = server_factory(embedded=True)

    log = server.read_log()

    assert f"curl -X POST http://localhost:{server.port}/api/rooms" in log
    assert f"http://localhost:{server.port}/api/docs" in log


def test_the_folder_of_the_metrics_goes_with_the_server(
    server_factory: Callable[..., Server], tmp_path: Path
):
    def folders() -> list[Path]:
        return list(tmp_path.glob("live-timer-metrics-*"))

    server = server_factory(embedded=True, tmpdir=tmp_path)
    assert len(folders()) == 1

    server.stop()

    assert folders() == []


def test_the_libraries_are_those_that_the_transport_knows(server_factory):
    server = server_factory(embedded=True)

    assert "stock path" not in server.read_log()
