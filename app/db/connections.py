"""Connections of the driver's for transactions, out of the engine's pool.

One that was just used is kept at hand for the next: to put it back into SQLAlchemy's
pool and take it out again would be some of what a command costs. It stays one of those
that the pool may have.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy import Engine, PoolProxiedConnection

from app.db.engine import DRIVERS_AWAY, DatabaseAwayError, is_closed

_PREPARED = "prepared"


class Connection:
    """A connection of the driver's, in autocommit mode on PostgreSQL.

    Attributes:
        driver: the connection itself.
        prepared: the names of the statements that are prepared on it.
        broken: whether it is of no use any more.
    """

    def __init__(self, taken: PoolProxiedConnection, *, on_sqlite: bool) -> None:
        """Use one that was taken from the pool."""
        self.driver: Any = taken.driver_connection
        self.prepared: set[str] = taken.info.setdefault(_PREPARED, set())
        self.broken = False
        self._taken = taken
        self._on_sqlite = on_sqlite

    def give_back(self) -> None:
        """Return it to the pool, or end it if it is broken."""
        if self.broken:
            self._taken.invalidate()
        elif not self._on_sqlite:
            self.driver.autocommit = False
        self._taken.close()


class Connections:
    """Where transactions take their connections."""

    def __init__(self, engine: Engine) -> None:
        """Take them from the engine's pool."""
        self._engine = engine
        self._on_sqlite = engine.dialect.name == "sqlite"
        self._at_hand: Connection | None = None

    @contextmanager
    def one(self) -> Iterator[Connection]:
        """Lend a connection for the block.

        Raises:
            DatabaseAwayError: there is none to be had.
        """
        connection = self._take()
        try:
            yield connection
        finally:
            if not self._on_sqlite and not _is_idle(connection.driver):
                connection.broken = True
            if self._at_hand is None and not (self._on_sqlite or connection.broken):
                self._at_hand = connection
            else:
                connection.give_back()

    def close(self) -> None:
        """Return the one that is at hand to the pool."""
        connection, self._at_hand = self._at_hand, None
        if connection is not None:
            connection.give_back()

    def _take(self) -> Connection:
        connection, self._at_hand = self._at_hand, None
        if connection is not None:
            if not is_closed(connection.driver):
                return connection
            connection.broken = True
            connection.give_back()
        try:
            taken = self._engine.raw_connection()
        except DRIVERS_AWAY as error:
            raise DatabaseAwayError(str(error)) from error
        connection = Connection(taken, on_sqlite=self._on_sqlite)
        if not self._on_sqlite:
            # So that the driver does not send a BEGIN of its own, in a trip of its own.
            connection.driver.autocommit = True
        return connection


def _is_idle(driver: Any) -> bool:
    # Neither closed nor inside of a transaction, however its user came to an end; the
    # driver knows without asking.
    return bool(driver.get_transaction_status() == TRANSACTION_STATUS_IDLE)
