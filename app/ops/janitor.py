"""Clean up what has had its day."""

import threading

from flask import Flask
from structlog import get_logger

from app import clock, idempotency
from app.clock import Instant
from app.config import Settings
from app.db.engine import AWAY
from app.rooms.log import Log

INTERVAL_SECONDS = 3600.0
# After each few rows of logs, for others to work.
_BREATH_SECONDS = 0.01
_DAY_MS = 24 * 60 * 60 * 1000

_log = get_logger(__name__)


class Janitor:
    """Forgets idempotency keys that have expired, and old revisions, once an hour."""

    def __init__(self, app: Flask) -> None:
        """Clean up in the database of `app`."""
        self._app = app
        self._pause = threading.Event()

    def run(self) -> None:
        """Clean up until the process ends; the database may come and go."""
        while not self._pause.wait(INTERVAL_SECONDS):
            try:
                self.clean()
            except AWAY as error:
                _log.warning("cleaning waits for the database", error=str(error))

    def clean(self) -> None:
        """Forget what has expired."""
        with self._app.app_context():
            idempotency.prune(Instant(clock.now() - idempotency.KEPT_MS))
        settings: Settings = self._app.extensions["settings"]
        log: Log = self._app.extensions["log"]
        kept_ms = settings.log_retention_days * _DAY_MS
        for _ in log.forget(Instant(clock.now() - kept_ms)):
            self._pause.wait(_BREATH_SECONDS)
