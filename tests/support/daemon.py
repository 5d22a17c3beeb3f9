"""A real server as a child process, with temporary data, gone with the tests."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

from tests.support.environment import child_environment
from tests.support.ports import free_port
from tests.support.waiting import patient, wait_until

_ATTACHED = Path(__file__).with_name("attached.py")
_PORT_TAKEN = re.compile(r"(address already|connection) in use", re.IGNORECASE)
_ATTEMPTS = 5
_LOG_TAIL = 6000


class StartError(Exception):
    """The server did not become ready; its log says why."""


class Daemon(ABC):
    """What every server of the tests can do, as a context manager.

    Start them from the thread that outlives them: Linux sends the death signal when the
    thread that spawned a process ends, not when its process does.

    Attributes:
        port: stays the same over stop and start.
        folder: the server's own, removed at the end.
    """

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    # Sent by the kernel when the tests die; SIGKILL also ends a frozen process.
    death_signal: ClassVar[signal.Signals] = signal.SIGKILL
    start_timeout: ClassVar[float] = 30

    def __init__(self) -> None:
        self.port = 0
        self.user = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """Return the program and its arguments, for `port` and `folder`."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Tell whether this process, and no other on the same port, serves."""

    def prepare(self) -> None:  # noqa: B027 - most need nothing
        """Make in `folder` what the first start needs."""

    def environment(self) -> dict[str, str]:
        """Return the child's whole environment."""
        return child_environment(self.folder)

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.name}-"))
        try:
            self.prepare()
            self._start_on_a_free_port()
        except BaseException:
            self._clean_up()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            self._clean_up()

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process is not None, f"{self.name} is not running"
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process exists, frozen or not."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start, on the same port and data as before, and wait until it serves.

        Raises:
            StartError: with the end of the log.
        """
        self._log_start = len(self.read_log())
        self._process = self._spawn()
        try:
            wait_until(self._started, f"{self.name} starts", self.start_timeout)
        except TimeoutError as error:
            self.kill()
            raise StartError(f"{error}\n{self.log_tail()}") from error

    def stop(self, timeout: float = 15) -> int | None:
        """Ask it to end, wait, and return its exit status (None where none ran).

        One that does not end in `timeout` calm seconds is killed: the status is
        then -9.
        """
        if self._process is None:
            return None
        if self.running:
            self.thaw()
            self.signal(self.stop_signal)
        try:
            return self._process.wait(patient(timeout))
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """End it with SIGKILL, as a crash would, and return its exit status."""
        assert self._process is not None, f"{self.name} is not running"
        self._process.kill()
        return self._process.wait()

    def freeze(self) -> None:
        """Stop its execution: connections stay open and nothing answers."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Continue after `freeze`."""
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        """Send `number` to the main process."""
        os.kill(self.pid, number)

    def read_log(self) -> str:
        """Return all it has written so far, over all its starts."""
        try:
            return self._log.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def read_current_log(self) -> str:
        """Return what it has written since it was started last."""
        return self.read_log()[self._log_start :]

    def log_tail(self) -> str:
        """Return the end of the log, for a failure's message."""
        return f"--- {self.name}'s log ---\n{self.read_log()[-_LOG_TAIL:]}"

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _spawn(self) -> subprocess.Popen[bytes]:
        attach = [os.getpid(), int(self.death_signal), self.user]
        shim = [sys.executable, "-I", "-S", _ATTACHED, *attach]
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [str(part) for part in (*shim, *self.command())],
                cwd=self.working_folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal is for the tests, which then stop servers.
                start_new_session=True,
            )

    @property
    def working_folder(self) -> Path:
        """Where the process runs."""
        return self.folder

    def _started(self) -> bool:
        if not self.running:
            raise StartError(f"{self.name} ended at once\n{self.log_tail()}")
        return self.is_ready()

    def _start_on_a_free_port(self) -> None:
        # Between finding a free port and binding it, someone else may take it.
        for attempt in range(1, _ATTEMPTS + 1):
            self.port = free_port()
            try:
                self.start()
            except StartError:
                taken = _PORT_TAKEN.search(self.read_current_log())
                if not taken or attempt == _ATTEMPTS:
                    raise
            else:
                return

    def _clean_up(self) -> None:
        if self._process is not None:
            if self.running:
                self.kill()
            # Children that outlived a killed master share its process group.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)
