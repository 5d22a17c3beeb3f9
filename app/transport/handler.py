"""One connection: requests are read whole, and gevent.pywsgi's half answers them."""

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from socket import MSG_PEEK, SHUT_WR, SO_RCVLOWAT, SO_SNDBUF, SOL_SOCKET
from typing import Any

import gevent
from gevent import socket as gsocket
from gevent.pywsgi import WSGIHandler
from geventwebsocket.websocket import Stream

from app.transport import handover, requests, upgrades
from app.transport.departures import CONNECTION
from app.transport.reader import BLOCK_BYTES, ConnectionReader
from app.transport.requests import Head, RefusedRequestError, TooLargeError
from app.transport.upgrades import Refusal
from app.transport.websocket import WebSocket

MAX_MESSAGE_BYTES = 16 * 1024
# What the kernel keeps of answers that a client does not read is twice as much. Left to
# itself it keeps 4 MB for each, and a thousand such clients have all that it has.
SEND_BUFFER_BYTES = 32 * 1024
# Of an answer, taken by the client within the time-out. Of more, a slow one that takes
# what it can would be cut off.
WRITTEN_BYTES = 64 * 1024
# For a client to read the answer before it has sent all that it wanted to.
LINGER_SECONDS = 2.0
LINGER_BYTES = 1024 * 1024

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_TIMEOUT = RefusedRequestError("it took too long", "408 Request Timeout")
# gevent's `sleep(0)` comes back before the loop has looked at a single socket.
_TURN_OF_THE_LOOP = 1e-6

# Its stubs are those of another release.
_Base: Any = WSGIHandler

_log = logging.getLogger(__name__)
_access = logging.getLogger("app.transport.access")


class Handler(_Base):  # type: ignore[misc]
    """Serves one connection for as long as it lasts.

    The application is entered with a request that is there as a whole: while a client
    is waited for, nothing is held but its own bytes. What did not arrive whole and well
    ends the connection. It logs no request line: paths and queries hold share tokens
    and session ids.
    """

    # gevent's, until the connection is handed over.
    socket: Any
    max_message_bytes = MAX_MESSAGE_BYTES
    logger = logging.getLogger("geventwebsocket")

    response_headers: list[tuple[bytes, bytes]]

    # Whether no request has come on the connection yet. Its first one is served even by
    # a worker that is about to end: the client has no other to send it to.
    is_new = True

    _awaited_seconds = requests.FIRST_SECONDS
    _began = 0.0
    _reached_application = False
    # Whether the client may still be sending when the connection ends.
    _is_cut_short = False

    def __init__(self, sock: Any, address: Any, server: Any) -> None:
        super().__init__(sock, address, server, ConnectionReader(sock))
        sock.settimeout(requests.STALL_SECONDS)
        sock.setsockopt(SOL_SOCKET, SO_SNDBUF, SEND_BUFFER_BYTES)

    def handle(self) -> None:
        """Serve the connection until it ends, however it does."""
        try:
            while self.handle_one_request():
                pass
        except OSError as error:
            self._note_loss(error)
        finally:
            self._end_connection()

    def handle_one_request(self) -> bool:
        """Serve the next request; tell whether the connection can carry another."""
        self._reached_application = False
        head = self._await_request()
        self.is_new = False
        self._began = time.monotonic()
        if not head or self._hand_over(head):
            return False
        try:
            with self._arriving():
                self._read_request()
        except (RefusedRequestError, TimeoutError) as error:
            self._refuse(error if isinstance(error, RefusedRequestError) else _TIMEOUT)
            return False
        self.application = self.server.application
        self.handle_one_response()
        self._awaited_seconds = requests.IDLE_SECONDS
        return not (self.close_connection or self.server.stopping)

    def _await_request(self) -> bytes:
        """Return the first bytes of the next request; none when there is no other."""
        if self.server.stopping:
            if not self.is_new:
                return b""
            self._awaited_seconds = requests.LAST_SECONDS
        self.rfile.skip_empty_lines()
        if self.rfile.holds_bytes:
            # Sent ahead of its turn: it cannot leave this worker any more. All others
            # have theirs first, however many requests came at once.
            gevent.sleep(_TURN_OF_THE_LOOP)
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

    @contextmanager
    def _arriving(self) -> Iterator[None]:
        """Let the server end the connection while a request arrives."""
        self.server.arriving.add(self)
        try:
            yield
        finally:
            self.server.arriving.discard(self)

    def _hand_over(self, head: bytes) -> bool:
        """Pass the connection to the worker whose session is asked for, if there is."""
        with self._arriving():
            line = self._whole_line(head)
        owner = handover.owner_of(line)
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

    def _read_request(self) -> None:
        """Read the next request with its body, and make its environment.

        Raises:
            RefusedRequestError: it is none, or did not arrive whole.
            TimeoutError: it took too long.
            OSError: the connection failed.
        """
        reader = self.rfile
        reader.deadline = self._began + requests.ARRIVAL_SECONDS
        head = reader.read_head()
        self.request_version = head.version
        self.close_connection = not head.keeps_alive
        reader.deadline = self._began + requests.WHOLE_SECONDS
        self.environ = self._environment(head)
        try:
            self._invite_body(head)
            body = reader.read_body(head, self.server.max_body_bytes)
        except TooLargeError as error:
            # The application says so in its own way.
            self.environ[requests.REFUSED] = error.code
            self._is_cut_short = self.close_connection = True
            body = b""
        else:
            if head.has_length:
                self.environ["CONTENT_LENGTH"] = str(len(body))
        self.environ["wsgi.input"] = self.wsgi_input = _Body(body)

    def _invite_body(self, head: Head) -> None:
        waits = head.expects_continue and head.length != 0
        if waits and not self.rfile.holds_bytes:
            if (head.length or 0) > self.server.max_body_bytes:
                raise TooLargeError
            self.socket.sendall(_CONTINUE)

    def _environment(self, head: Head) -> dict[str, Any]:
        environ: dict[str, Any] = self.server.get_environ()
        environ |= head.variables
        if isinstance(self.client_address, tuple):
            environ["REMOTE_ADDR"] = str(self.client_address[0])
            environ["REMOTE_PORT"] = str(self.client_address[1])
        environ["wsgi.input_terminated"] = True
        return environ

    def _refuse(self, refusal: RefusedRequestError) -> None:
        """Answer what cannot be served, in as few words as may be."""
        self._is_cut_short = self.close_connection = True
        self._log_refused(refusal.code)
        self.socket.sendall(
            f"HTTP/1.1 {refusal.status}\r\n"
            "Connection: close\r\nContent-Length: 0\r\n\r\n".encode()
        )

    def run_application(self) -> None:
        """Let the application answer, over a WebSocket where one is wanted."""
        if not upgrades.is_wanted(self.environ):
            self._reached_application = True
            self.environ[CONNECTION] = self.socket
            super().run_application()
            return
        refusal = upgrades.refusal(
            self.environ, self.server.is_origin_allowed, self.server.refusal
        )
        if refusal is not None:
            self._refuse_upgrade(refusal)
            return
        self._reached_application = True
        self._run_websocket()

    def _refuse_upgrade(self, refusal: Refusal) -> None:
        self.close_connection = True
        self.start_response(refusal.status, refusal.all_headers())
        self.result = [refusal.body]
        self.process_result()

    def _run_websocket(self) -> None:
        """Answer 101, and hand the WebSocket to the application until it ends."""
        self.close_connection = True
        websocket = WebSocket(self.environ, Stream(self), self, self.max_message_bytes)
        self.environ["wsgi.websocket"] = websocket
        # Engine.IO does not know it among others that the client would take as well.
        self.environ["HTTP_UPGRADE"] = upgrades.PROTOCOL
        self.status = b"101 Switching Protocols"
        self._sendall(upgrades.acceptance(self.environ))
        try:
            list(self.application(self.environ, _ignore_response))
        finally:
            websocket.close()
            self.environ["wsgi.websocket"] = None
            if websocket.detached:
                self._forget_connection()

    def finalize_headers(self) -> None:
        """Say how the answer ends, and whether the connection does."""
        super().finalize_headers()
        if self.environ["REQUEST_METHOD"] == "HEAD":
            # The base would send the end of the body that it leaves out.
            self.response_use_chunked = False
        elif not self._has_end():
            self.close_connection = True
        if self.close_connection or self.server.stopping:
            self.close_connection = True
            self._announce_close()

    def _write(self, data: bytes) -> None:
        # Werkzeug leaves out the body that nobody asked for; Engine.IO does not.
        if self.environ["REQUEST_METHOD"] == "HEAD":
            return
        view = memoryview(data)
        for start in range(0, len(view), WRITTEN_BYTES):
            super()._write(view[start : start + WRITTEN_BYTES])

    def _has_end(self) -> bool:
        return (
            self.response_use_chunked
            or self.code in (204, 304)
            or any(
                name.lower() == b"content-length" for name, _ in self.response_headers
            )
        )

    def _announce_close(self) -> None:
        others = [
            (name, value)
            for name, value in self.response_headers
            if name.lower() != b"connection"
        ]
        upgrade = any(name.lower() == b"upgrade" for name, _ in others)
        value = b"Upgrade, close" if upgrade else b"close"
        self.response_headers = [*others, (b"Connection", value)]

    def log_request(self) -> None:
        """Log what the application, which logs its own requests, did not see."""
        if not self._reached_application:
            # Negative where the client did not take all of the answer.
            self._log_refused(abs(self.code or 0))

    def _log_refused(self, status: int) -> None:
        milliseconds = round(1000 * (time.monotonic() - self._began), 1)
        facts = {"peer": self._peer(), "status": status, "duration_ms": milliseconds}
        _access.info("request refused", extra=facts)

    def _log_error(self, kind: Any, error: Any, traceback: Any) -> None:
        if isinstance(error, OSError):
            self._note_loss(error)
        elif isinstance(error, Exception):
            _log.error("request failed", exc_info=(kind, error, traceback))

    def _note_loss(self, error: OSError) -> None:
        _log.info("connection lost: %s", error, extra={"peer": self._peer()})

    def _peer(self) -> str:
        address = self.client_address
        return str(address[0]) if isinstance(address, tuple) else ""

    def _end_connection(self) -> None:
        if self.socket is None:
            return
        if self._is_cut_short or self.rfile.holds_bytes:
            with suppress(OSError):
                self._linger()
        self.socket.close()

    def _linger(self) -> None:
        """Let the client read the answer, which closing at once would take from it.

        A connection that is closed with bytes unread is reset (RFC 9112, section 9.6).
        """
        self.socket.shutdown(SHUT_WR)
        deadline, left = time.monotonic() + LINGER_SECONDS, LINGER_BYTES
        while left > 0 and (seconds := deadline - time.monotonic()) > 0:
            self.socket.settimeout(seconds)
            data = self.socket.recv(BLOCK_BYTES)
            if not data:
                break
            left -= len(data)


class _Body(BytesIO):
    """A request's whole body: nothing of it is left on the connection."""

    def _discard(self) -> None:
        pass


def _ignore_response(
    _status: str, _headers: Iterable[Any], _error: Any = None
) -> list[bytes]:
    # The 101 was the answer.
    return []
