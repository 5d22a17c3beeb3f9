"""Passing a connection to the worker that owns its Engine.IO session.

gunicorn hands a new connection to any worker, while an Engine.IO session lives in one.
So a session id begins with the id of its worker, and a worker that finds another's id
in a request line sends the whole connection there: the file descriptor over a Unix
socket (`SCM_RIGHTS`), with no byte of the request consumed. The owner serves it as if
it had accepted it.
"""

import array
import json
import logging
import re
import secrets
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
from gevent import socket as gsocket
from gevent.lock import Semaphore

# A request line with a session id fits in here with room to spare.
PEEK_BYTES = 2048
_LEADS = (b"GET /socket.io/", b"POST /socket.io/")
# The owner's queue is short: this often it is tried again, for about half a second.
_ATTEMPTS = 250
_ATTEMPT_SECONDS = 0.002
_MESSAGE_BYTES = 512

_SESSION_ID = re.compile(r"[a-z0-9]+-[a-z0-9]+\.[A-Za-z0-9_-]+")
_SESSION = re.compile(
    rb"[A-Z]{1,10} (?:https?://[^/ ]*)?/socket\.io/[^ ]*[?&]sid=([a-z0-9]+-[a-z0-9]+)\."
)

Address = Any
Serve = Callable[[socket.socket, Address], None]

_log = logging.getLogger(__name__)


def new_session_id(worker: str) -> str:
    """Return an unguessable session id (120 bits) that names its worker."""
    return f"{worker}.{secrets.token_urlsafe(15)}"


def is_session_id(name: str) -> bool:
    """Tell whether a name can only be that of a client, of any worker."""
    return bool(_SESSION_ID.fullmatch(name))


def owner_of(head: bytes) -> str | None:
    """Return the worker that a request's first bytes ask for, if they name one."""
    match = _SESSION.match(head)
    return match[1].decode() if match else None


def may_name_owner(head: bytes) -> bool:
    """Tell whether a request line that begins so may still name a worker."""
    return any(head[: len(lead)] == lead[: len(head)] for lead in _LEADS)


class Switchboard:
    """Sends connections to other workers, and serves those that they send.

    Attributes:
        worker: the id of this worker, `<machine>-<number>`.
        sent: how many connections were handed to others.
        received: how many came from others.
        kept: how many were served here because their owner is gone.
    """

    def __init__(self, folder: Path, worker: str) -> None:
        """Use sockets in `folder`, which only the server's user may enter.

        Args:
            folder: shared by the workers of one gunicorn.
            worker: the id of this worker.
        """
        self.worker = worker
        self.sent = 0
        self.received = 0
        self.kept = 0
        self._folder = folder
        self._outgoing = gsocket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        # Two greenlets must not send on one gevent socket at once.
        self._sending = Semaphore()
        self._incoming = self._bind(folder / worker)

    def run(self, serve: Serve) -> None:
        """Hand what other workers send to `serve`, until the greenlet is killed."""
        while True:
            gsocket.wait_read(self._incoming.fileno())
            try:
                self._receive(serve)
            except BlockingIOError:
                continue
            except Exception:  # noqa: BLE001 - one odd connection must not be the last one
                _log.exception("a connection that was handed over could not be served")

    def close(self) -> None:
        """Receive no more; what others try to send is theirs to keep."""
        (self._folder / self.worker).unlink(missing_ok=True)
        self._incoming.close()
        self._outgoing.close()

    def send(self, connection: socket.socket, address: Address, owner: str) -> bool:
        """Hand a connection to its owner; false where that worker is gone.

        The caller forgets the connection after a success, without shutting it down.
        """
        message = json.dumps(address).encode()
        rights = array.array("i", [connection.fileno()])
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)]
        for _ in range(_ATTEMPTS):
            try:
                with self._sending:
                    target = str(self._folder / owner)
                    # gevent's sendmsg answers 0 while the owner's queue is full.
                    if self._outgoing.sendmsg([message], ancillary, 0, target):
                        self.sent += 1
                        return True
            except (FileNotFoundError, ConnectionError):
                break
            gevent.sleep(_ATTEMPT_SECONDS)
        self.kept += 1
        return False

    def _receive(self, serve: Serve) -> None:
        message, descriptors, _flags, _ = socket.recv_fds(
            self._incoming, _MESSAGE_BYTES, 1, socket.MSG_CMSG_CLOEXEC
        )
        for descriptor in descriptors:
            self.received += 1
            connection = gsocket.socket(fileno=descriptor)
            address = json.loads(message)
            serve(connection, tuple(address) if isinstance(address, list) else address)

    @staticmethod
    def _bind(path: Path) -> socket.socket:
        incoming = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        # A worker with this id can only have died: its socket is stale.
        path.unlink(missing_ok=True)
        incoming.bind(str(path))
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        incoming.setblocking(False)
        return incoming
