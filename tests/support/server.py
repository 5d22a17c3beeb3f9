"""The product under gunicorn, as it runs in production."""

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.api import Api
from tests.support.daemon import Daemon
from tests.support.environment import ROOT, child_environment, product_settings
from tests.support.processes import children, is_alive
from tests.support.product import run_flask
from tests.support.senders import HttpSender
from tests.support.waiting import wait_until


class Server(Daemon):
    """gunicorn with `workers` workers, as a context manager.

    `database_url` leads to a migrated database; without one the server gets the
    embedded default, which it migrates. `settings` are the product's, such as
    `app_env="production"` or `rate_limit_enabled=True`. `clock_ahead` is by how
    many seconds its machine's clock is ahead; it is behind where that is negative.
    """

    name = "server"
    death_signal = (
        signal.SIGQUIT
    )  # its quick shutdown; SIGKILL would orphan its workers

    def __init__(
        self,
        database_url: str | None = None,
        redis_url: str | None = None,
        workers: int = 1,
        clock_ahead: int = 0,
        **settings: Any,
    ) -> None:
        super().__init__()
        self._clock_ahead = clock_ahead
        self._senders: list[HttpSender] = []
        self._settings = {
            "database_url": database_url,
            "redis_url": redis_url,
            "web_concurrency": workers,
            **settings,
        }

    def __exit__(self, *exception: object) -> None:
        for sender in self._senders:
            sender.close()
        super().__exit__(*exception)

    @property
    def base_url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def working_folder(self) -> Path:
        """The repository, as for anybody who starts it."""
        return ROOT

    def api(self) -> Api:
        """Return a client with a connection of its own, closed with the server."""
        sender = HttpSender(self.base_url)
        self._senders.append(sender)
        return Api(sender)

    def restart(self) -> None:
        """Stop it and start it again on the same port."""
        self.stop()
        self.start()

    def worker_pids(self) -> list[int]:
        """Return the ids of the workers that run now."""
        return children(self.pid)

    def kill_worker(self, pid: int) -> None:
        """End a worker with SIGKILL and wait until it is gone."""
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_alive(pid), f"worker {pid} is gone")

    def reload(self, count: int, timeout: float = 20) -> None:
        """Send SIGHUP and wait until `count` other workers run and no old one.

        Until they are gone, the old ones end connections that are kept alive.
        """
        old = set(self.worker_pids())
        self.signal(signal.SIGHUP)

        def are_replaced() -> bool:
            pids = set(self.worker_pids())
            return len(pids) == count and old.isdisjoint(pids)

        wait_until(are_replaced, f"{count} other workers", timeout)

    def wait_for_workers(self, count: int, timeout: float = 10) -> list[int]:
        """Wait until exactly `count` workers run, and return their ids."""

        def workers() -> list[int] | None:
            pids = self.worker_pids()
            return pids if len(pids) == count else None

        return wait_until(workers, f"{count} workers", timeout)

    def flask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the product's commands with this server's settings."""
        return run_flask(*arguments, environment=self.environment())

    def prepare(self) -> None:
        """Migrate the embedded database."""
        if self._settings["database_url"] is None:
            run = self.flask("db", "upgrade")
            assert run.returncode == 0, run.stdout

    def environment(self) -> dict[str, str]:
        """Return the server's whole environment."""
        settings = {"port": self.port or None, **self._settings}
        instance = self.folder / "instance"
        return child_environment(self.folder) | product_settings(instance, **settings)

    def command(self) -> Sequence[str | Path]:
        """Return what `make run` runs."""
        gunicorn = ["gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]
        if self._clock_ahead:
            gunicorn = ["tests.support.wrong_clock", str(self._clock_ahead), *gunicorn]
        return [sys.executable, "-m", *gunicorn]

    def is_ready(self) -> bool:
        """Tell whether it reports that commands work."""
        sender = HttpSender(self.base_url, timeout=2)
        try:
            return sender("GET", "/health", {}, None).status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            sender.close()
