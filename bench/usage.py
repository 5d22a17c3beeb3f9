"""What the processes of a server use, as Linux shows it in `/proc`."""

import time
from collections.abc import Callable
from pathlib import Path

from tests.support.processes import children

_WINDOW_SECONDS = 0.2
_CALM_SHARE = 0.1
_CALM_TIMEOUT_SECONDS = 20.0


class Usage:
    """The use of a process and its children, which must not change meanwhile."""

    def __init__(self, pid: int) -> None:
        """Watch the process `pid` and the children that it has now."""
        self._pids = [pid, *children(pid)]

    def cpu_seconds(self) -> float:
        """Return the CPU time of all threads so far, in user mode and in the kernel.

        `schedstat` has in nanoseconds what `stat` has as `utime` and `stime`, which
        count in hundredths of a second.
        """
        tasks = (
            task for pid in self._pids for task in Path(f"/proc/{pid}/task").iterdir()
        )
        return sum(map(_nanoseconds, tasks)) / 1e9

    def memory_bytes(self) -> int:
        """Return the proportional set size: shared pages count by their shares."""
        return sum(map(_proportional_set_size, self._pids))

    def wait_until_calm(self, meanwhile: Callable[[float], None] = time.sleep) -> None:
        """Return once hardly any CPU is used; `meanwhile` passes so many seconds.

        Raises:
            TimeoutError: the server does not come to rest.
        """
        deadline = time.monotonic() + _CALM_TIMEOUT_SECONDS
        while self._share_of_a_core(meanwhile) > _CALM_SHARE:
            if time.monotonic() > deadline:
                raise TimeoutError("The server does not come to rest.")

    def _share_of_a_core(self, meanwhile: Callable[[float], None]) -> float:
        begun, used = time.monotonic(), self.cpu_seconds()
        meanwhile(_WINDOW_SECONDS)
        return (self.cpu_seconds() - used) / (time.monotonic() - begun)


def _nanoseconds(task: Path) -> int:
    try:
        return int((task / "schedstat").read_text().split()[0])
    except FileNotFoundError:
        # A thread that ended between listing and reading.
        return 0


def _proportional_set_size(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"The kernel does not tell the memory of process {pid}.")
