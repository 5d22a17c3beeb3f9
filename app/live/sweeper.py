"""Forget the viewers whose session ended without a word."""

import threading

from flask_socketio import SocketIO
from structlog import get_logger

from app.transport import hardening

INTERVAL_SECONDS = 30.0

_log = get_logger(__name__)


class Sweeper:
    """Disconnects, now and then, whom Engine.IO no longer knows."""

    def __init__(self, socketio: SocketIO) -> None:
        """Sweep the clients of `socketio`."""
        self._socketio = socketio

    def run(self) -> None:
        """Sweep until the process ends."""
        pause = threading.Event()
        while not pause.wait(INTERVAL_SECONDS):
            self.sweep()

    def sweep(self) -> int:
        """Sweep once; answer how many there were."""
        gone = hardening.sweep(self._socketio.server)  # type: ignore[attr-defined]
        if gone:
            _log.info("swept clients that had left unnoticed", clients=gone)
        return gone
