"""Becomes another program, one that dies with the process that started it.

    python attached.py PARENT_PID SIGNAL USER COMMAND [ARGUMENT ...]

A program of its own, because `preexec_fn` can deadlock in a process with threads. Loads
the standard library only. `USER` is a name to switch to, or empty.
"""

import ctypes
import os
import pwd
import sys

_PR_SET_PDEATHSIG = 1


def _become(name: str) -> None:
    user = pwd.getpwnam(name)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def _attach(parent: int, signal_number: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal_number)
    # The parent may have died before the kernel was told to watch it.
    if os.getppid() != parent:
        sys.exit("The process that started this one is gone.")


def main(parent: str, signal_number: str, user: str, *command: str) -> None:
    """Turn this process into `command`."""
    if user:
        # Changing the user makes the kernel forget the death signal, so it comes first.
        _become(user)
    _attach(int(parent), int(signal_number))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
