"""The floor: a loop that only writes a frame to N sockets.

It is the C program beside this file where the machine has a compiler, else the same
loop in Python, which `python bench/floor.py PORT` runs.
"""

import contextlib
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_SOURCE = Path(__file__).with_suffix(".c")
_HOST = "127.0.0.1"
_BACKLOG = 4096


def language() -> str:
    """Return what the floor is written in on this machine."""
    return "C" if shutil.which("cc") else "Python"


def command(folder: Path, port: int) -> Sequence[str | Path]:
    """Return the program and its arguments; in `folder` it may be compiled."""
    compiler = shutil.which("cc")
    if compiler is None:
        return [sys.executable, __file__, str(port)]
    program = folder / "floor"
    subprocess.run([compiler, "-O2", "-o", program, _SOURCE], check=True)
    return [program, str(port)]


def main(port: int) -> None:
    """Serve as the C program does."""
    with socket.create_server((_HOST, port), backlog=_BACKLOG) as listener:
        orders, _ = listener.accept()
        listener.setblocking(False)
        viewers: list[socket.socket] = []
        while header := orders.recv(4, socket.MSG_WAITALL):
            frame = orders.recv(int.from_bytes(header), socket.MSG_WAITALL)
            with contextlib.suppress(BlockingIOError):
                while True:
                    viewers.append(listener.accept()[0])
            for viewer in viewers:
                viewer.sendall(frame)
            orders.sendall(b"\0")


if __name__ == "__main__":
    main(int(sys.argv[1]))
