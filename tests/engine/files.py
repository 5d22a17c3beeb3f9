"""Files that this process may have open."""

import resource

import pytest

# Beside the connections.
_OTHERS = 500


def room_for_files(count: int) -> None:
    """Make sure that this process and the servers that it starts may open so many.

    Skips the test where the machine does not let them.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count + _OTHERS:
        pytest.skip(f"this machine allows {hard} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
