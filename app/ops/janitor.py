"""Clean up what has had its day."""

import threading

from flask import Flask
from structlog import get_logger

from app import clock, idempotency
from app.clock import Instant
from app.db.engine import AWAY

INTERVAL_SECONDS = 3600.0

_log = get_logger(__name__)


class Janitor:
    """Forgets idempotency keys that have expired, once an hour."""

    def __init__(self, app: Flask) -> None:
        """Clean up in the database of `app`."""
        self._app = app

    def run(self) -> None:
        """Clean up until the process ends; the database may come and go."""
        pause = threading.Event()
        while not pause.wait(INTERVAL_SECONDS):
            try:
                self.clean()
            except AWAY as error:
                _log.warning("cleaning waits for the database", error=str(error))

    def clean(self) -> int:
        """Forget the keys that have expired; answer how many."""
        with self._app.app_context():
            expired = Instant(clock.now() - idempotency.KEPT_MS)
            return idempotency.prune(expired)
