"""One viewer: a raw Engine.IO session over a WebSocket, as cheap as Python allows."""

import json
import socket
import struct
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from tests.support.crowd import frames

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_PONG = frames.from_client("3")
_CONNECT = frames.from_client("40")

Address = tuple[str, int]


class Kind(Enum):
    """What a packet means to the load."""

    OPENED = auto()
    CONNECTED = auto()
    JOINED = auto()
    STATE = auto()
    PING = auto()
    UPDATE = auto()
    COUNT = auto()
    FINISH = auto()
    OTHER = auto()


Event = tuple[Kind, Any]

_EVENTS: dict[str, tuple[Kind, Callable[[dict[str, Any]], Any]]] = {
    "timer-update": (Kind.UPDATE, lambda payload: payload["revision"]),
    "room-state": (Kind.STATE, lambda payload: payload["revision"]),
    "user-count": (Kind.COUNT, lambda payload: payload["count"]),
    "timer-finished": (Kind.FINISH, lambda payload: payload["endsAt"]),
}


class ViewerError(Exception):
    """A viewer did not get what the server owes it: the run fails."""


class Viewer:
    """A connection and what it was told.

    Attributes:
        revision: the room's newest revision that it was told of.
        joined: whether it has the room's state.
        count: how many viewers it was told there are.
        unread: bytes of a frame that is not whole yet.
    """

    __slots__ = (
        "_share_token",
        "_upgraded",
        "count",
        "joined",
        "recv",
        "revision",
        "sock",
        "unread",
    )

    def __init__(self, address: Address, share_token: str) -> None:
        """Connect and ask for a WebSocket; on loopback nothing of it blocks."""
        self.sock = socket.create_connection(address)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.sock.setblocking(False)
        self.recv = self.sock.recv
        self.revision = self.count = 0
        self.unread = b""
        self.joined = self._upgraded = False
        self._share_token = share_token
        self._begin(address)

    def _begin(self, address: Address) -> None:
        self.sock.send(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
            b"Host: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Sec-WebSocket-Version: 13\r\n\r\n" % (address[0].encode(), address[1])
        )

    @property
    def settled(self) -> bool:
        """Whether what it reads next means the same to every viewer."""
        return self.joined and not self.unread

    def read(self, data: bytes) -> list[Event]:
        """Return what `data`, with what was unread before, means.

        Raises:
            ViewerError: the server refused or closed the connection.
        """
        data = self.unread + data
        if not self._upgraded:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self.unread = head
                return []
            if not head.startswith(b"HTTP/1.1 101"):
                raise ViewerError(f"No WebSocket: {head!r}")
            self._upgraded = True
        try:
            texts, self.unread = frames.split(data)
        except frames.ClosedError as error:
            raise ViewerError(f"The server closed the connection: {error}") from error
        return [meaning(text) for text in texts]

    def answer(self, event: Event) -> None:
        """Do what an event asks for, other than to be measured."""
        kind, value = event
        if kind is Kind.PING:
            self.sock.send(_PONG)
        elif kind is Kind.OPENED:
            self.sock.send(_CONNECT)
        elif kind is Kind.CONNECTED:
            payload = json.dumps({"shareToken": self._share_token})
            self.sock.send(frames.from_client(f'420["join-room",{payload}]'))
        elif kind is Kind.STATE:
            self.revision = value
        elif kind is Kind.COUNT:
            self.count = value
        elif kind is Kind.JOINED:
            self.joined = True

    def close(self) -> None:
        """Reset the connection: thousands must not wait for their time to pass."""
        self.sock.close()


class PlainViewer(Viewer):
    """A viewer of the floor, which has no protocol but the frame itself."""

    __slots__ = ()

    def _begin(self, address: Address) -> None:
        self.joined = self._upgraded = True


def meaning(text: str) -> Event:
    """Return what a packet means.

    Raises:
        ViewerError: it is a refusal.
    """
    if text == "2":
        return Kind.PING, None
    if text.startswith("42"):
        return _event(*json.loads(text[2:]))
    if text.startswith("430"):
        answer = json.loads(text[3:])
        if not answer[0]["ok"]:
            raise ViewerError(f"Refused: {text}")
        return Kind.JOINED, None
    if text.startswith("0"):
        return Kind.OPENED, None
    if text.startswith("40"):
        return Kind.CONNECTED, None
    raise ViewerError(f"Unexpected: {text}")


def _event(name: str, payload: dict[str, Any]) -> Event:
    if name == "error":
        raise ViewerError(f"Refused: {payload}")
    if name not in _EVENTS:
        return Kind.OTHER, None
    kind, value = _EVENTS[name]
    return kind, value(payload)
