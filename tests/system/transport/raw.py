"""Connections on which every byte is the test's own."""

import json
import socket
import struct
from contextlib import suppress
from typing import Self

from tests.support.waiting import patient

MASK = b"\1\2\3\4"
_POLLING = "/socket.io/?EIO=4&transport=polling"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, bits: int = 0
) -> bytes:
    """Return a client's frame; `bits` are reserved ones of its first byte."""
    first, length = (0x80 if fin else 0) | bits | opcode, len(payload)
    if length < 126:
        head = bytes((first, 0x80 | length))
    elif length < 1 << 16:
        head = bytes((first, 0xFE)) + length.to_bytes(2)
    else:
        head = bytes((first, 0xFF)) + length.to_bytes(8)
    return head + MASK + bytes(byte ^ MASK[at % 4] for at, byte in enumerate(payload))


class Connection:
    """A TCP connection to the server, as a context manager."""

    def __init__(self, port: int, timeout: float = 5) -> None:
        self.port = port
        self._socket = socket.create_connection(("127.0.0.1", port), patient(timeout))
        self.received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def send_all_it_takes(self, data: bytes, at_once: int) -> None:
        """Send bytes in pieces, until the server has enough of them."""
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(ConnectionError):
            for start in range(0, len(data), at_once):
                self._socket.sendall(data[start : start + at_once])

    def end_sending(self) -> None:
        """Close this half of the connection."""
        self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Cut the connection off."""
        linger = (socket.SOL_SOCKET, socket.SO_LINGER)
        self._socket.setsockopt(*linger, _RESET_ON_CLOSE)
        self._socket.close()

    def has_ended(self) -> bool:
        """Tell, without waiting, whether the server has ended the connection."""
        self._socket.setblocking(False)
        try:
            while self._socket.recv(4096):
                pass
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
        return True

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

    def received_so_far(self) -> bytes:
        """Return, without waiting, what came and was not read."""
        timeout = self._socket.gettimeout()
        self._socket.setblocking(False)
        with suppress(BlockingIOError, ConnectionError):
            while data := self._socket.recv(1 << 20):
                self.received += data
        self._socket.settimeout(timeout)
        return self.received

    def request(self, line: str, *headers: str) -> None:
        """Send a request without a body."""
        lines = [line, f"Host: 127.0.0.1:{self.port}", *headers, "", ""]
        self.send("\r\n".join(lines).encode("latin-1"))

    def status(self) -> int:
        """Return the status of the next answer."""
        return int(self.read_until(b"\r\n").split()[1])

    def upgrade(self, path: str = "/socket.io/", *headers: str, query: str = "") -> int:
        """Ask for a WebSocket, and return the answer's status."""
        self.request(
            f"GET {path}?EIO=4&transport=websocket{query} HTTP/1.1",
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
        """Send a text in one frame."""
        self.send(frame(0x1, text.encode()))

    def join(self, share_token: str) -> None:
        """Open a WebSocket and join a room."""
        self.open_websocket()
        self.join_over(share_token)

    def join_over(self, share_token: str) -> None:
        """Join a room over the WebSocket that is open."""
        self.ask_to_join(share_token)
        self.read_until(b'["user-count"')
        self.read_until(b"]")

    def ask_to_join(self, share_token: str) -> None:
        """Join a room over the WebSocket that is open, and read nothing."""
        self.send_text("40")
        self.send_text(f'42["join-room",{json.dumps({"shareToken": share_token})}]')

    def open_polling(self) -> str:
        """Open a session over long-polling, and return its id."""
        self.request(f"GET {_POLLING} HTTP/1.1")
        self.read_until(b'"sid":"')
        sid = self.read_until(b'"')[:-1].decode()
        self.read_until(b"}")
        return sid

    def poll(self, sid: str) -> None:
        """Ask for what waits in a session over long-polling; read nothing."""
        self.request(f"GET {_POLLING}&sid={sid} HTTP/1.1")

    def post(self, sid: str, *packets: str) -> None:
        """Send packets in one body, and read the answer."""
        body = "\x1e".join(packets).encode()
        head = [f"POST {_POLLING}&sid={sid} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        head += [f"Content-Length: {len(body)}", "", ""]
        self.send("\r\n".join(head).encode() + body)
        assert self.status() == 200
        self.read_until(b"\r\n\r\nok")

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
