"""Processes of this machine, as Linux shows them in `/proc`."""

from pathlib import Path


def children(pid: int) -> list[int]:
    """Return the ids of the living children of `pid`."""
    ids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return sorted(child for child in ids if _living_parent(child) == pid)


def is_alive(pid: int) -> bool:
    """Tell whether `pid` runs; one that ended and was not waited for does not."""
    return _living_parent(pid) is not None


def _living_parent(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name before the last bracket may hold anything, brackets and blanks included.
    state, parent = stat.rpartition(")")[2].split()[:2]
    return None if state == "Z" else int(parent)
