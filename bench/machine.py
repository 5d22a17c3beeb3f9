"""What the benchmark ran on."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from bench import floor
from tests.support.javascript import node_program

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


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
