"""Write transactions in as few round trips as they need.

What a change asks goes out with the `BEGIN`, and what it writes with the `COMMIT`. The
statements are SQL, written for both databases, with `%(name)s` for parameters: a
command is the product's most frequent act, and to put its statements together anew
would be most of what it costs.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Self

from sqlalchemy import Engine
from structlog import get_logger

from app.db.connections import Connection, Connections
from app.db.engine import DRIVERS_AWAY, DatabaseAwayError

Row = tuple[Any, ...]
Parameters = Mapping[str, Any]

_log = get_logger(__name__)
_PARAMETER = re.compile(r"%\((\w+)\)s")

# SQLite has one writer. A greenlet that waited for SQLite's own lock would block the
# whole process, the lock's holder included, so writers queue here first.
_sqlite_writer = threading.Lock()


class Prepared(str):  # noqa: SLOT000 - there are but a few
    """A statement that PostgreSQL parses and plans once for a connection.

    Attributes:
        name: what it is called there.
        prepare: what prepares it.
        execute: what runs it, with `%(name)s` for the parameters.
    """

    name: str
    prepare: str
    execute: str

    def __new__(cls, name: str, statement: str) -> Self:
        """Return a statement with `%(name)s` for parameters under a name."""
        prepared = super().__new__(cls, statement)
        names = list(dict.fromkeys(_PARAMETER.findall(statement)))
        numbered = _PARAMETER.sub(
            lambda found: f"${names.index(found[1]) + 1}", statement
        )
        given = ", ".join(f"%({each})s" for each in names)
        prepared.name = name
        prepared.prepare = f"PREPARE {name} AS {numbered}"
        prepared.execute = f"EXECUTE {name} ({given})" if names else f"EXECUTE {name}"
        return prepared


class Transaction:
    """One write transaction: asks, gathers what to write, and writes it at the end."""

    def __init__(self, connection: Connection, *, on_sqlite: bool) -> None:
        """Use a connection for one transaction."""
        self._connection = connection
        self._cursor = connection.driver.cursor()
        self._on_sqlite = on_sqlite
        self._begun = False
        self._writes: list[tuple[str, Parameters]] = []
        self._callbacks: list[Callable[[], None]] = []

    def ask(self, statements: Sequence[str], parameters: Parameters) -> list[Row]:
        """Run statements in one round trip; return the rows of the last.

        On PostgreSQL each statement sees what was committed before it, so that one
        that follows a lock sees what the lock waited for.
        """
        begin = () if self._begun else (self._begin,)
        self._begun = True
        self._run([(each, parameters) for each in (*begin, *statements)])
        rows: list[Row] = self._cursor.fetchall()
        return rows

    def look(self, statement: str, parameters: Parameters) -> list[Row]:
        """Run one statement that needs no transaction around it; return its rows."""
        self._run([(statement, parameters)])
        rows: list[Row] = self._cursor.fetchall()
        return rows

    def write(self, statement: str, parameters: Parameters) -> None:
        """Have a statement run at the commit, after those that were given before."""
        self._writes.append((statement, parameters))

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call `callback` once the transaction has committed; else never."""
        self._callbacks.append(callback)

    def commit(self) -> None:
        """Write what was gathered and commit, in one round trip."""
        if self._writes or self._begun:
            writes = [*self._writes, ("COMMIT", {})]
            if not self._begun:
                writes.insert(0, (self._begin, {}))
            self._begun = True
            self._run(writes)
            self._begun = False

    def roll_back(self) -> None:
        """Undo all of it; a connection that cannot is of no use any more."""
        if self._begun:
            self._begun = False
            try:
                self._run([("ROLLBACK", {})])
            except DatabaseAwayError:
                self._connection.broken = True

    def committed(self) -> None:
        """Call what waited for the commit."""
        for callback in self._callbacks:
            _call(callback)

    @property
    def _begin(self) -> str:
        return "BEGIN IMMEDIATE" if self._on_sqlite else "BEGIN"

    def _run(self, statements: Sequence[tuple[str, Parameters]]) -> None:
        try:
            if self._on_sqlite:
                for statement, parameters in statements:
                    self._cursor.execute(_for_sqlite(statement), parameters)
                return
            self._run_on_postgres(statements)
        except DRIVERS_AWAY as error:
            raise DatabaseAwayError(str(error)) from error

    def _run_on_postgres(self, statements: Sequence[tuple[str, Parameters]]) -> None:
        mogrify, known = self._cursor.mogrify, self._connection.prepared
        sent = [
            mogrify(each.execute if isinstance(each, Prepared) else each, parameters)
            for each, parameters in statements
        ]
        unknown = [
            each
            for each, _ in statements
            if isinstance(each, Prepared) and each.name not in known
        ]
        sent[:0] = [each.prepare.encode() for each in unknown]
        try:
            self._cursor.execute(b";\n".join(sent))
        except BaseException:
            # What is prepared on it is no longer known, or no longer of use: a
            # migration may have changed what a plan was made for.
            self._connection.broken = True
            raise
        known.update(each.name for each in unknown)


class Database:
    """Where write transactions begin.

    Attributes:
        on_sqlite: whether it is SQLite, in this process; else it is PostgreSQL.
    """

    def __init__(self, engine: Engine) -> None:
        """Use the engine's pool of connections."""
        self._connections = Connections(engine)
        self.on_sqlite = engine.dialect.name == "sqlite"
        self._writer = _sqlite_writer if self.on_sqlite else nullcontext()
        self._current: ContextVar[Transaction | None] = ContextVar(
            "transaction", default=None
        )

    def look(self, statement: str, parameters: Parameters) -> list[Row]:
        """Return what one statement finds that changes nothing, in one round trip.

        Raises:
            DatabaseAwayError: the database is away.
        """
        with self._connections.one() as connection:
            transaction = Transaction(connection, on_sqlite=self.on_sqlite)
            return transaction.look(statement, parameters)

    def close(self) -> None:
        """Let go of what is kept at hand, before the engine is closed."""
        self._connections.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Run the block as one write transaction.

        Commits at the end of the block and rolls back on any exception; then, and only
        after a commit, calls what `after_commit` registered. A block inside a block
        joins the outer one.

        Raises:
            DatabaseAwayError: the database is away, or gave up waiting for a lock.
        """
        current = self._current.get()
        if current is not None:
            yield current
            return
        with self._writer, self._connections.one() as connection:
            transaction = Transaction(connection, on_sqlite=self.on_sqlite)
            token = self._current.set(transaction)
            try:
                yield transaction
                transaction.commit()
            except BaseException:
                transaction.roll_back()
                raise
            finally:
                self._current.reset(token)
        transaction.committed()


def _call(callback: Callable[[], None]) -> None:
    # The command is committed: whatever fails now, its answer says so, and what
    # viewers were not told is told when their rooms are reconciled.
    try:
        callback()
    except Exception:  # noqa: BLE001 - handled as the comment above says
        _log.exception("publishing failed")


@lru_cache(maxsize=128)
def _for_sqlite(statement: str) -> str:
    return _PARAMETER.sub(r":\1", statement)
