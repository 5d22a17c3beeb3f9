"""The instance folder: what the server keeps on this machine, for its user alone."""

import os
from contextlib import suppress
from pathlib import Path

DEFAULT = Path(__file__).resolve().parent.parent / "instance"
_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
# The embedded database with what SQLite puts beside it, and the development secret
# with what it is made from.
_OURS = ("timers.db*", "jwt-secret*")


def make_private(folder: Path) -> None:
    """Make the folder, or tighten one that is ours, so that only this user enters it.

    Whatever the umask is, the folder is 0700 and our files in it are 0600. A folder
    that holds other people's files too is left as it is, unless it is the default one:
    `INSTANCE_PATH` may be something like `/tmp`.
    """
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    folder = folder.resolve()
    ours = {path for pattern in _OURS for path in folder.glob(pattern)}
    if folder == DEFAULT or ours.issuperset(folder.iterdir()):
        _restrict(folder, _FOLDER_MODE)
    for path in ours:
        _restrict(path, _FILE_MODE)


def make_private_file(path: Path) -> None:
    """Make an empty file that only this user may read and write, if there is none."""
    # Where it cannot be made, whoever opens it next says better what is wrong.
    with suppress(FileExistsError, FileNotFoundError, PermissionError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE_MODE))
        _restrict(path, _FILE_MODE)


def _restrict(path: Path, mode: int) -> None:
    # SQLite's files come and go, and another user's may be shared with us on purpose.
    with suppress(FileNotFoundError, PermissionError):
        if not path.is_symlink():
            path.chmod(mode)
