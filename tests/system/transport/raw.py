"""Connections on which every byte is the test's own."""

import json
import socket
from contextlib import suppress
from typing import Self

MASK = b"\1\2\3\4"


class Connection:
    """A TCP connection to the server, as a context manager."""

    def __init__(self, port: int, timeout: float = 5) -> None:
        self.port = port
        self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def read_until(self, mark: bytes) -> bytes:
        """Return what comes up to and with `mark`.

        Raises:
            EOFError: the server closed the connection before.
        """
        while mark not in self.received:
            self._receive()
        found, _, self.received = self.received.partition(mark)
        return found + mark

    def rest(self) -> bytes:
        """Return what comes until the server closes the connection."""
        with suppress(EOFError, ConnectionResetError):
            while True:
                self._receive()
        return self.received

    def request(self, line: str, *headers: str) -> None:
        """Send a request without a body."""
        lines = [line, f"Host: 127.0.0.1:{self.port}", *headers, "", ""]
        self.send("\r\n".join(lines).encode())

    def status(self) -> int:
        """Return the status of the next answer."""
        return int(self.read_until(b"\r\n").split()[1])

    def upgrade(self, path: str = "/socket.io/", *headers: str) -> int:
        """Ask for a WebSocket, and return the answer's status."""
        self.request(
            f"GET {path}?EIO=4&transport=websocket HTTP/1.1",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            *headers,
        )
        return self.status()

    def open_websocket(self) -> str:
        """Open a WebSocket, and return the id of its session."""
        assert self.upgrade() == 101
        self.read_until(b"\r\n\r\n")
        self.read_until(b"0{")
        sid = json.loads(b"{" + self.read_until(b"}"))["sid"]
        return str(sid)

    def send_text(self, text: str) -> None:
        """Send a short text frame."""
        payload = bytes(byte ^ MASK[at % 4] for at, byte in enumerate(text.encode()))
        self.send(bytes((0x81, 0x80 | len(payload))) + MASK + payload)

    def close_code(self) -> int:
        """Return the code with which the server closes the WebSocket."""
        rest = self.rest()
        at = rest.index(b"\x88")
        return int.from_bytes(rest[at + 2 : at + 4])

    def _receive(self) -> None:
        data = self._socket.recv(4096)
        if not data:
            raise EOFError
        self.received += data
