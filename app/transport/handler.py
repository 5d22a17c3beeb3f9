"""What gevent.pywsgi does with a connection, made fit for the open internet."""

import logging
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from http.client import HTTPException
from socket import MSG_PEEK, SO_RCVLOWAT, SOL_SOCKET
from typing import Any

from gevent import Timeout
from gevent import socket as gsocket
from gevent.pywsgi import MAX_REQUEST_LINE  # type: ignore[attr-defined] # no stub
from geventwebsocket.handler import WebSocketHandler
from geventwebsocket.websocket import Stream

from app.transport import frames, handover, requests, upgrades
from app.transport.departures import CONNECTION
from app.transport.reader import ConnectionReader
from app.transport.websocket import WebSocket

MAX_MESSAGE_BYTES = 16 * 1024

_BAD_REQUEST = "400 Bad Request"
_CLOSE = "Connection: close\r\nContent-Length: 0\r\n\r\n"

_log = logging.getLogger(__name__)
_access = logging.getLogger("app.transport.access")


class Handler(WebSocketHandler):  # type: ignore[misc]
    """Serves one connection for as long as it lasts.

    Lets no request take forever to arrive, passes on only WebSockets that are wanted
    and allowed, and logs what never reaches the application. It logs no request line:
    paths and queries hold share tokens and session ids.
    """

    # gevent's, until the connection is handed over.
    socket: Any
    max_message_bytes = MAX_MESSAGE_BYTES
    websocket: WebSocket | None
    logger = logging.getLogger("geventwebsocket")

    _awaited_seconds = requests.FIRST_SECONDS
    _reached_application = False

    def __init__(self, sock: Any, address: Any, server: Any) -> None:
        super().__init__(sock, address, server, ConnectionReader(sock))
        sock.settimeout(requests.STALL_SECONDS)

    def handle(self) -> None:
        """Serve the connection until it ends, however it does."""
        try:
            super().handle()
        except OSError:
            self._log_error(*sys.exc_info())

    def handle_one_request(self) -> Any:
        """Serve the next request; true where the connection can carry another."""
        self._reached_application = False
        head = self._await_request()
        if not head or self._hand_over(head):
            return None
        self.rfile.deadline = time.monotonic() + requests.WHOLE_SECONDS
        more = super().handle_one_request()
        self._awaited_seconds = requests.IDLE_SECONDS
        # A body that did not arrive as a whole must not be read as another request.
        done = self.server.stopping or self.rfile.failed
        return None if more is True and done else more

    def _await_request(self) -> bytes:
        """Return the first bytes of the next request; none when there is no other."""
        if self.server.stopping:
            return b""
        if self.rfile.holds_bytes:
            # Sent ahead of its turn: it cannot leave this worker any more.
            return b"?"
        self.server.idle.add(self)
        self.socket.settimeout(self._awaited_seconds)
        try:
            head: bytes = self.socket.recv(handover.PEEK_BYTES, MSG_PEEK)
        except OSError:
            return b""
        finally:
            self.server.idle.discard(self)
        self.socket.settimeout(requests.STALL_SECONDS)
        return head

    def _hand_over(self, head: bytes) -> bool:
        """Pass the connection to the worker whose session is asked for, if there is."""
        owner = handover.owner_of(self._whole_line(head))
        switchboard = self.server.switchboard
        if owner in (None, switchboard.worker):
            return False
        if not switchboard.send(self.socket, self.client_address, owner):
            # Its worker is gone: Engine.IO answers that, and the client comes back.
            return False
        self._forget_connection()
        return True

    def _forget_connection(self) -> None:
        # Neither shut down nor read empty: it lives on elsewhere.
        self.close_connection = True
        self.rfile.close()
        self.socket.close()
        self.socket = None

    def _whole_line(self, head: bytes) -> bytes:
        deadline = time.monotonic() + requests.ARRIVAL_SECONDS
        while b"\n" not in head and len(head) < handover.PEEK_BYTES:
            if not handover.may_name_owner(head):
                break
            longer = self._peek_beyond(len(head), deadline - time.monotonic())
            if len(longer) == len(head):
                break
            head = longer
        return head

    def _peek_beyond(self, count: int, seconds: float) -> bytes:
        # Peeking takes nothing away, so that the connection stays readable: only more
        # than what was seen is worth waking up for.
        self.socket.setsockopt(SOL_SOCKET, SO_RCVLOWAT, count + 1)
        try:
            gsocket.wait_read(self.socket.fileno(), max(0.0, seconds), TimeoutError())
        except TimeoutError:
            pass
        finally:
            self.socket.setsockopt(SOL_SOCKET, SO_RCVLOWAT, 1)
        head: bytes = self.socket.recv(handover.PEEK_BYTES, MSG_PEEK)
        return head

    def read_requestline(self) -> str:
        """Read the request line; empty where only its beginning came.

        Raises:
            TimeoutError: it takes too long; the connection is then closed.
        """
        with Timeout(requests.ARRIVAL_SECONDS, TimeoutError):
            line = str(super().read_requestline())
        whole = line.endswith("\n") or len(line) >= MAX_REQUEST_LINE
        return line if whole else ""

    def read_request(self, raw_requestline: str) -> bool:
        """Read the headers.

        Raises:
            ValueError: they are malformed or too long.
            TimeoutError: they take too long.
        """
        with Timeout(requests.ARRIVAL_SECONDS, TimeoutError):
            return bool(super().read_request(raw_requestline))

    def MessageClass(self, source: Any, *arguments: Any) -> Any:  # noqa: N802 - pywsgi's name
        """Parse the headers."""
        limited = requests.LimitedLines(source)
        headers = super().MessageClass(limited, *arguments)
        requests.check_framing(headers.raw_items(), self.request_version)
        return headers

    def _connection_upgrade_requested(self) -> bool:
        # The base also believes `Connection: upgrade` alone, and then reads a body
        # twice: once from the connection, and once more out of what follows it.
        return bool(self.headers.get("Upgrade", "").lower() == "websocket")

    def run_application(self) -> None:
        """Let the application answer, over a WebSocket where one is wanted."""
        if upgrades.is_wanted(self.environ) and self._refuse_upgrade():
            return
        self._reached_application = True
        self.environ[CONNECTION] = self.socket
        super().run_application()

    def _refuse_upgrade(self) -> bool:
        refusal = upgrades.refusal(
            self.environ, self.server.is_origin_allowed, self.server.refusal
        )
        if refusal is None:
            return False
        self.close_connection = True
        refusal = replace(refusal, closes=True)
        self.start_response(refusal.status, refusal.all_headers())
        self.result = [refusal.body]
        self.process_result()
        return True

    def upgrade_connection(self) -> None:
        """Answer 101; whether the request may have it was decided before."""
        self.websocket = WebSocket(
            self.environ, Stream(self), self, self.max_message_bytes
        )
        self.environ["wsgi.websocket"] = self.websocket
        self.environ["wsgi.websocket_version"] = upgrades.VERSION
        key = self.environ["HTTP_SEC_WEBSOCKET_KEY"].strip()
        self.start_response(
            "101 Switching Protocols",
            [
                ("Upgrade", "websocket"),
                ("Connection", "Upgrade"),
                ("Sec-WebSocket-Accept", frames.accept_key(key)),
            ],
        )

    def run_websocket(self) -> None:
        """Hand the WebSocket to the application until it ends."""
        # The base keeps a table by peer address, where clients behind one Unix socket
        # are all the same.
        try:
            list(self.application(self.environ, _ignore_response))
        finally:
            websocket = self.environ["wsgi.websocket"]
            websocket.close()
            self.environ["wsgi.websocket"] = None
            self.websocket = None
            if websocket.detached:
                self._forget_connection()

    def log_request(self) -> None:
        """Log what the application, which logs its own requests, did not see."""
        if not self._reached_application:
            _access.info("request refused", extra=self._facts())

    def log_error(self, msg: str, *_args: Any) -> None:
        """Take no part: the base's messages quote the request line."""

    def _handle_client_error(self, error: Exception) -> tuple[str, bytes]:
        if not isinstance(error, (OSError, ValueError, HTTPException)):
            _log.error("request could not be read", exc_info=error)
        status = _BAD_REQUEST
        if isinstance(error, TimeoutError):
            status = "408 Request Timeout"
        elif isinstance(error, requests.OversizedHeadersError):
            status = "431 Request Header Fields Too Large"
        return status, f"HTTP/1.1 {status}\r\n{_CLOSE}".encode()

    def _log_error(self, kind: Any, error: Any, traceback: Any) -> None:
        if isinstance(error, OSError):
            _log.info("connection lost: %s", error, extra={"peer": self._peer()})
        elif isinstance(error, Exception):
            _log.error("request failed", exc_info=(kind, error, traceback))

    def _facts(self) -> dict[str, Any]:
        status = self.status or _BAD_REQUEST
        text = status.decode() if isinstance(status, bytes) else status
        return {
            "peer": self._peer(),
            "status": int(text[:3]) if text[:3].isdigit() else 0,
            "duration_ms": round(1000 * (self.time_finish - self.time_start), 1),
        }

    def _peer(self) -> str:
        address = self.client_address
        return str(address[0]) if isinstance(address, tuple) else ""


def _ignore_response(
    _status: str, _headers: Iterable[Any], _error: Any = None
) -> list[bytes]:
    # The 101 was the answer.
    return []
