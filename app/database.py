"""Transactions: one per command, on PostgreSQL and on SQLite."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from psycogreen.gevent import gevent_wait_callback
from sqlalchemy import (
    JSON,
    Connection,
    Engine,
    FromClause,
    event,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from structlog import get_logger

from app.extensions import Model, db

# The server gives up before the client does: silence means that it hangs.
SILENCE_SECONDS = 10
_STATEMENT_SECONDS = 8
_SQLITE_BUSY_SECONDS = 5
_CALLBACKS = "after_commit"
_IMMEDIATE = "sqlite_begin_immediate"

_log = get_logger(__name__)

# SQLite has one writer. A greenlet that waited for SQLite's own lock would block the
# whole process, the lock's holder included, so writers queue here first.
_sqlite_writer = threading.Lock()


def engine_options(database_url: str) -> dict[str, Any]:
    """Return SQLAlchemy's engine options for the database at `database_url`."""
    if make_url(database_url).get_backend_name() == "sqlite":
        return {
            "connect_args": {"timeout": _SQLITE_BUSY_SECONDS},
            "hide_parameters": True,
        }
    return {
        # Share tokens and titles are nobody's business in a log.
        "hide_parameters": True,
        "pool_size": 10,
        "max_overflow": 10,
        "pool_timeout": 5,
        "pool_pre_ping": True,
        # One round trip for the many rows of a batch of finishes.
        "executemany_mode": "values_plus_batch",
        "connect_args": {
            "connect_timeout": 3,
            "options": f"-c lock_timeout=5s -c statement_timeout={_STATEMENT_SECONDS}s"
            " -c idle_in_transaction_session_timeout=30s",
        },
    }


def wait_for_postgres(connection: Any) -> None:
    """Let other greenlets work while PostgreSQL does: psycopg2's wait callback.

    Raises:
        psycopg2.OperationalError: nothing was heard for longer than any statement may
            take; psycopg2 then closes the connection.
    """
    try:
        gevent_wait_callback(connection, timeout=SILENCE_SECONDS)
    except TimeoutError as error:
        raise psycopg2.OperationalError("PostgreSQL does not answer") from error


def prepare_engine(engine: Engine) -> None:
    """Give SQLite what the product relies on: WAL, foreign keys, immediate writers."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


def close_engine(engine: Engine) -> None:
    """Close the database before the process ends.

    SQLite's own file then holds all of it: what is still in the `-wal` file beside it
    would be missing from a copy, and would undo a copy that is put back.
    """
    if engine.dialect.name == "sqlite":
        # Not through a session: inside a transaction there is no checkpoint.
        with closing(engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


@contextmanager
def transaction() -> Iterator[None]:
    """Run the block as one write transaction of the current session.

    Commits at the end of the block and rolls back on any exception; then, and only
    after a commit, calls what `after_commit` registered. A block inside a block
    joins the outer one.
    """
    session = db.session()
    if _CALLBACKS in session.info:
        yield
        return
    with _writer(session):
        callbacks: list[Callable[[], None]] = []
        session.info[_CALLBACKS] = callbacks
        try:
            yield
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            del session.info[_CALLBACKS]
    for callback in callbacks:
        _call(callback)


def after_commit(callback: Callable[[], None]) -> None:
    """Call `callback` once the current `transaction` has committed; else never."""
    db.session().info[_CALLBACKS].append(callback)


def insert_into(model: type[Model]) -> Any:
    """Return an INSERT that knows `ON CONFLICT`, in the words of this database."""
    dialect = db.session.get_bind().dialect.name
    return {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect](model)


def numbered(values: list[str]) -> FromClause:
    """Return the values as a table: `value` and, counted from 0, its `number`.

    They are one parameter, however many they are.
    """
    listed = literal(values, JSON)
    if db.session.get_bind().dialect.name == "sqlite":
        each = func.json_each(listed).table_valued("value", "key").alias()
        return select(each.c.value, each.c.key.label("number")).subquery()
    each = (
        func.json_array_elements_text(listed)
        .table_valued("value", with_ordinality="ordinality")
        .render_derived()
    )
    return select(each.c.value, (each.c.ordinality - 1).label("number")).subquery()


@contextmanager
def savepoint() -> Iterator[None]:
    """Undo the block alone on an exception, and forget what it wanted published."""
    callbacks = db.session().info[_CALLBACKS]
    kept = len(callbacks)
    try:
        with db.session.begin_nested():
            yield
    except BaseException:
        del callbacks[kept:]
        raise


def _call(callback: Callable[[], None]) -> None:
    # The command is committed: whatever fails now, its answer says so, and what
    # viewers were not told is told when their rooms are reconciled.
    try:
        callback()
    except Exception:  # noqa: BLE001 - handled as the comment above says
        _log.exception("publishing failed")


@contextmanager
def _writer(session: Session) -> Iterator[None]:
    if session.get_bind().dialect.name != "sqlite":
        yield
        return
    with _sqlite_writer:
        # A read transaction that turns into a write one can meet SQLITE_BUSY, which
        # no waiting cures: end it and begin as a writer.
        session.commit()
        session.connection(execution_options={_IMMEDIATE: True})
        yield


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Off, so that the driver begins nothing by itself and _begin_sqlite decides.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get(_IMMEDIATE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
