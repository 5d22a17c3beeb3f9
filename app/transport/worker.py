"""The gunicorn worker: HTTP and WebSockets on gevent, with limits and a soft end."""

import gc
import logging
import sys
import time
from pathlib import Path
from typing import Any

import gevent
from gevent.event import Event
from geventwebsocket.gunicorn.workers import GeventWebSocketWorker
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.http.wsgi import base_environ  # type: ignore[import-untyped]

from app.transport import drain, hardening, versions
from app.transport.drain import Closable
from app.transport.handover import Switchboard
from app.transport.server import RESERVED, Server
from app.transport.versions import UnsupportedLibraryError

# The arbiter allows 30 s; an orphan should be gone sooner.
BEAT_SECONDS = 1.0
_FINISH_SECONDS = 0.2
_KILL_SECONDS = 0.5
_COLLECT_AFTER = (20_000, 20, 50)

_log = logging.getLogger(__name__)


class Worker(GeventWebSocketWorker):  # type: ignore[misc]
    """Serves the Flask application, whose Socket.IO is at `extensions["socketio"]`.

    Attributes:
        folder: where the workers of one gunicorn reach each other; set before the fork.
        machine: the id of this machine, likewise.
        strict: whether libraries that are not known stop the start, likewise.
        wanted_seconds: how long a session may be without a purpose.
    """

    folder: str
    machine: str
    strict = False
    wanted_seconds = hardening.WANTED_SECONDS

    _stock = False

    def init_process(self) -> None:
        """Prepare the process and serve until the worker is told to stop.

        Where a library is not as this folder knows it, everything works in the
        library's own way: slower, without the limits, and with one worker a machine for
        long-polling. That is for development; a strict worker does not start.
        """
        try:
            versions.check()
        except UnsupportedLibraryError as error:
            if self.strict:
                _log.critical("cannot serve", extra={"error": str(error)})
                sys.exit(Arbiter.WORKER_BOOT_ERROR)
            self._stock = True
            _log.warning("on the stock path", extra={"error": str(error)})
        self._told_to_stop = Event()
        # Else gevent prints what a greenlet did not catch on stderr.
        hub = gevent.get_hub()
        setattr(hub, "print_exception", _log_exception)  # noqa: B010 - mypy forbids =
        super().init_process()

    def load_wsgi(self) -> None:
        """Load the application."""
        super().load_wsgi()
        if not self._stock:
            server = self.wsgi.extensions["socketio"].server
            limits = (self.worker_connections, self.wanted_seconds)
            hardening.harden(server, self._id, *limits)

    def run(self) -> None:
        """Serve until told to stop, then finish within the graceful time-out."""
        if self._stock:
            super().run()
            return
        _calm_collector()
        switchboard = Switchboard(Path(self.folder), self._id)
        servers = [self._serve(listener, switchboard) for listener in self.sockets]
        receiving = gevent.spawn(switchboard.run, servers[0].adopt)
        while self.alive:
            self.notify()
            self._told_to_stop.wait(BEAT_SECONDS)
        self._finish(servers)
        receiving.kill()
        switchboard.close()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Begin to finish at once, and not only at the next beat."""
        super().handle_exit(sig, frame)
        self._told_to_stop.set()

    @property
    def _id(self) -> str:
        return f"{self.machine}-{self.age:x}"

    def _serve(self, listener: Any, switchboard: Switchboard) -> Server:
        listener.setblocking(1)
        environ = {**base_environ(self.cfg), "wsgi.multithread": True}
        server = Server(
            listener,
            application=self.wsgi,
            switchboard=switchboard,
            max_connections=self.worker_connections + RESERVED,
            environ=environ,
        )
        server.start()
        return server

    def _finish(self, servers: list[Server]) -> None:
        grace = float(self.cfg.graceful_timeout)
        deadline = time.monotonic() + grace
        for server in servers:
            server.finish()
        drain.send_elsewhere(self._sessions, grace, self._pause)
        while any(server.busy for server in servers) and time.monotonic() < deadline:
            self._pause(_FINISH_SECONDS)
        left = sum(server.busy for server in servers)
        if left:
            _log.warning("connections outlived the grace", extra={"connections": left})
        for server in servers:
            server.stop(timeout=_KILL_SECONDS)

    def _pause(self, seconds: float) -> None:
        self.notify()
        gevent.sleep(seconds)

    def _sessions(self) -> list[Closable]:
        engine = self.wsgi.extensions["socketio"].server.eio
        return [each for each in list(engine.sockets.values()) if not each.closed]


def _calm_collector() -> None:
    # Sessions live long, and looking through all of them stops every viewer: rarely,
    # then, and never through what belongs to the program itself.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


def _log_exception(context: Any, kind: Any, error: Any, traceback: Any) -> None:
    del context
    _log.error("greenlet failed", exc_info=(kind, error, traceback))
