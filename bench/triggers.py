"""What makes a server tell its viewers: a command, or the floor's frame."""

import json
import socket
from collections.abc import Iterator, Sequence
from itertools import cycle

from bench import frames
from bench.viewer import Address
from tests.support.api import Json, Room

_READ_BYTES = 65_536


class Commands:
    """Starts and pauses a timer in turn, over one kept connection.

    Attributes:
        answer: the body of the last whole answer.
    """

    def __init__(self, address: Address, room: Room, timer: Json) -> None:
        """Command `timer`, which must be running, as the owner of its room."""
        self._sock = socket.create_connection(address)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests: Iterator[bytes] = cycle(
            _request(address, f"/api/timers/{timer['id']}/{command}", room)
            for command in ("pause", "start")
        )
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


class FloorFrames:
    """Has the floor write a frame like that of a server's update.

    Attributes:
        revision: that of the last frame.
    """

    def __init__(self, address: Address) -> None:
        """Become the floor's first connection, which it takes orders from."""
        self._sock = socket.create_connection(address)
        self.revision = 0

    def fileno(self) -> int:
        """Return the connection's file descriptor."""
        return self._sock.fileno()

    def send(self) -> None:
        """Send the frame that the floor is to write to everybody."""
        self.revision += 1
        frame = frames.from_server("timer-update", _update(self.revision))
        self._sock.sendall(len(frame).to_bytes(4) + frame)

    def receive(self) -> bool:
        """Read that the frame was written."""
        if not self._sock.recv(1):
            raise RuntimeError("The floor ended.")
        return True

    def close(self) -> None:
        """Close the connection, which ends the floor."""
        self._sock.close()


def _request(address: Address, path: str, room: Room) -> bytes:
    lines: Sequence[str] = (
        f"POST {path} HTTP/1.1",
        f"Host: {address[0]}:{address[1]}",
        f"Authorization: Bearer {room.admin_token}",
        "Content-Length: 0",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise RuntimeError(f"An answer without a length: {head!r}")


def _update(revision: int) -> Json:
    """Return a payload of the size that the product's has."""
    payload: Json = json.loads(
        '{"id":"6b1f4a52-6c4e-4e0e-9d0f-2f5f6f3b8f11",'
        '"roomId":"0d6a2f0e-8a55-4a7c-8f0b-1f6c5e0f7a22",'
        '"title":"Opening keynote","description":"","completionMessage":"",'
        '"position":0,"duration":1800000,"remaining":1800000,"status":"running",'
        '"startedAt":1800000000000,"endsAt":1800001800000,'
        f'"revision":{revision},"serverTime":1800000000000}}'
    )
    return payload
