"""The engine: how connections to PostgreSQL and to SQLite are made and kept."""

import select
import sqlite3
from contextlib import closing
from typing import Any

import psycopg2
from gevent.monkey import get_original
from psycogreen.gevent import gevent_wait_callback
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    InvalidatePoolError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class DatabaseAwayError(Exception):
    """The database is away, hangs, or gave up waiting for a lock."""


# What says that the database is away; commands say the first, the ORM the others.
AWAY = (DatabaseAwayError, OperationalError, InterfaceError, PoolTimeoutError)
# The same as the drivers themselves say it.
DRIVERS_AWAY = (
    psycopg2.OperationalError,
    psycopg2.InterfaceError,
    sqlite3.OperationalError,
    DBAPIError,
    PoolTimeoutError,
)

CLOCK = "SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS bigint)"
"""PostgreSQL's clock in ms since the epoch; `now()` is when a transaction began."""

# The server gives up before the client does: silence means that it hangs.
SILENCE_SECONDS = 10
_STATEMENT_SECONDS = 8
_SQLITE_BUSY_SECONDS = 5

# Not gevent's: it is asked for what is there already, and must not switch.
_poll = get_original("select", "poll")


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
    """Have the engine keep what the product relies on.

    On SQLite: WAL, foreign keys, immediate writers. On PostgreSQL: no connection is
    taken from the pool that the server has closed meanwhile.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "checkout", _refuse_closed)


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


def is_closed(connection: Any) -> bool:
    """Tell whether PostgreSQL has closed a connection that nobody uses.

    It says nothing unasked but goodbye, when it is stopped or fails over: so looking
    whether it did costs no round trip, which `pool_pre_ping` would.
    """
    if connection.closed:
        return True
    poll = _poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    if is_closed(connection):
        raise InvalidatePoolError


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Off, so that the driver begins nothing by itself and _begin_sqlite decides.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
