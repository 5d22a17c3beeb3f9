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
from functools import cache
from typing import Any

from sqlalchemy import Engine
from structlog import get_logger

from app.db.engine import DRIVERS_AWAY, DatabaseAwayError

Row = tuple[Any, ...]
Parameters = Mapping[str, Any]

_log = get_logger(__name__)

# SQLite has one writer. A greenlet that waited for SQLite's own lock would block the
# whole process, the lock's holder included, so writers queue here first.
_sqlite_writer = threading.Lock()


class Transaction:
    """One write transaction: asks, gathers what to write, and writes it at the end.

    Attributes:
        broken: whether its connection is of no use any more.
    """

    def __init__(self, connection: Any, *, on_sqlite: bool) -> None:
        """Use a connection of the driver's, in autocommit mode, for one transaction."""
        self._connection = connection
        self._cursor = connection.cursor()
        self._on_sqlite = on_sqlite
        self._begun = False
        self.broken = False
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
        """Undo all of it; a connection that cannot is `broken`."""
        if self._begun:
            self._begun = False
            try:
                self._run([("ROLLBACK", {})])
            except DatabaseAwayError:
                self.broken = True

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
            mogrify = self._cursor.mogrify
            self._cursor.execute(b";\n".join(mogrify(*each) for each in statements))
        except DRIVERS_AWAY as error:
            raise DatabaseAwayError(str(error)) from error


class Database:
    """Where write transactions begin.

    Attributes:
        on_sqlite: whether it is SQLite, in this process; else it is PostgreSQL.
    """

    def __init__(self, engine: Engine) -> None:
        """Use the engine's pool of connections."""
        self._engine = engine
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
        with self._own_transaction() as transaction:
            return transaction.look(statement, parameters)

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
        with self._writer, self._own_transaction() as transaction:
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

    @contextmanager
    def _own_transaction(self) -> Iterator[Transaction]:
        try:
            taken = self._engine.raw_connection()
        except DRIVERS_AWAY as error:
            raise DatabaseAwayError(str(error)) from error
        connection: Any = taken.driver_connection
        if not self.on_sqlite:
            # So that the driver does not send a BEGIN of its own, in a trip of its own.
            connection.autocommit = True
        transaction = Transaction(connection, on_sqlite=self.on_sqlite)
        try:
            yield transaction
        finally:
            if transaction.broken:
                taken.invalidate()
            elif not self.on_sqlite:
                connection.autocommit = False
            taken.close()


def _call(callback: Callable[[], None]) -> None:
    # The command is committed: whatever fails now, its answer says so, and what
    # viewers were not told is told when their rooms are reconciled.
    try:
        callback()
    except Exception:  # noqa: BLE001 - handled as the comment above says
        _log.exception("publishing failed")


@cache
def _for_sqlite(statement: str) -> str:
    return re.sub(r"%\((\w+)\)s", r":\1", statement)
