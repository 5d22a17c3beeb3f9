"""What makes a server tell a crowd: commands that change a timer."""

import json
import socket
from collections.abc import Iterator
from itertools import count, cycle

from tests.support.api import Json, Room
from tests.support.crowd.viewer import Address

_READ_BYTES = 65_536


class Commands:
    """Requests that make a server tell its viewers, over one kept connection.

    Attributes:
        answer: the body of the last whole answer.
    """

    def __init__(self, address: Address, requests: Iterator[bytes]) -> None:
        """Send one of `requests` at a time, to `address`."""
        self._sock = socket.create_connection(address)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests = requests
        self._unread = b""
        self.answer = b""

    def fileno(self) -> int:
        """Return the connection's file descriptor."""
        return self._sock.fileno()

    def send(self) -> None:
        """Send the next command."""
        self._sock.sendall(next(self._requests))

    def receive(self) -> bool:
        """Read what has arrived; tell whether the answer is whole.

        Raises:
            RuntimeError: the command was refused, or the connection is gone.
        """
        data = self._sock.recv(_READ_BYTES)
        if not data:
            raise RuntimeError("The server closed the connection for commands.")
        self._unread += data
        head, end, body = self._unread.partition(b"\r\n\r\n")
        if not end or len(body) < _content_length(head):
            return False
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"A command was refused: {self._unread!r}")
        self._unread, self.answer = b"", body
        return True

    def run(self) -> None:
        """Send the next command and wait for its answer."""
        self.send()
        while not self.receive():
            pass

    def close(self) -> None:
        """Close the connection."""
        self._sock.close()


def starts_and_pauses(address: Address, room: Room, timer: Json) -> Commands:
    """Return commands that pause and start `timer`, which must be running, in turn."""
    path = f"/api/timers/{timer['id']}"
    return Commands(
        address,
        cycle(
            _request(address, "POST", f"{path}/{command}", room)
            for command in ("pause", "start")
        ),
    )


def descriptions(
    address: Address, room: Room, timer: Json, characters: int
) -> Commands:
    """Return commands that describe `timer` anew, each time in so many characters."""
    path = f"/api/timers/{timer['id']}"
    return Commands(
        address,
        (
            _request(address, "PUT", path, room, {"description": text})
            for text in (f"{number:0{characters}}" for number in count())
        ),
    )


def _request(
    address: Address, method: str, path: str, room: Room, body: Json | None = None
) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    lines = (
        f"{method} {path} HTTP/1.1",
        f"Host: {address[0]}:{address[1]}",
        f"Authorization: Bearer {room.admin_token}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode() + content


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise RuntimeError(f"An answer without a length: {head!r}")
