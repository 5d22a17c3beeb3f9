"""What the benchmark ran on, and whether it had that for itself."""

import os
import platform
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

from bench import floor
from tests.support.javascript import node_program

_WINDOW_SECONDS = 0.3
_QUIET_SHARE = 0.1
_PACKAGES = ("gunicorn", "gevent", "python-socketio", "python-engineio")


def facts() -> dict[str, str]:
    """Return the machine and the versions, by name."""
    node = subprocess.run(
        [node_program(), "--version"], check=True, capture_output=True, text=True
    )
    return {
        "processor": f"{_processor()}, {len(os.sched_getaffinity(0))} cores",
        "kernel": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "Node.js": node.stdout.strip(),
        **{package: version(package) for package in _PACKAGES},
        "floor": floor.language(),
    }


def wait_until_quiet(timeout: float) -> bool:
    """Wait until nothing else uses the machine; tell whether that came to be."""
    deadline = time.monotonic() + timeout
    while _busy_share() > _QUIET_SHARE:
        if time.monotonic() > deadline:
            return False
    return True


def _busy_share() -> float:
    """Return the share of all cores' time that is used, as far as now shows."""
    before = _times()
    time.sleep(_WINDOW_SECONDS)
    spent = [after - since for after, since in zip(_times(), before, strict=True)]
    idle = sum(spent[3:5])
    return 1 - idle / max(1, sum(spent))


def _times() -> list[int]:
    # user, nice, system, idle, iowait, irq, softirq, steal: hundredths of a second.
    return [int(time_) for time_ in Path("/proc/stat").read_text().split()[1:9]]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
