"""Engine.IO by hand, for what no library would send."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import websocket

from tests.support.api import Api
from tests.support.responses import Response
from tests.support.server import Server
from tests.support.waiting import patient

SEPARATOR = "\x1e"
_PATH = "/socket.io/?EIO=4&transport="


@contextmanager
def websocket_to(server: Server) -> Iterator[websocket.WebSocket]:
    """Open a WebSocket and read Engine.IO's first packet, nothing more."""
    url = f"ws://127.0.0.1:{server.port}{_PATH}websocket"
    connection = websocket.create_connection(
        url, timeout=patient(5), http_no_proxy=["*"]
    )
    try:
        assert connection.recv().startswith("0")
        yield connection
    finally:
        # Without a closing frame, as when the Wi-Fi goes.
        connection.shutdown()


def join_packets(share_token: str) -> list[str]:
    """Return the packets of a client that connects and joins."""
    return ["40", f"42{json.dumps(['join-room', {'shareToken': share_token}])}"]


class Polling:
    """A session over long-polling, as a context manager."""

    def __init__(self, api: Api) -> None:
        self._api = api
        opened = api.request("GET", f"{_PATH}polling")
        self._path = f"{_PATH}polling&sid={json.loads(opened.text[1:])['sid']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.post("1")

    def post(self, *packets: str) -> Response:
        """Send packets in one body."""
        # Text, which `request` would encode as JSON once more.
        headers = {"Content-Type": "text/plain;charset=UTF-8"}
        body = SEPARATOR.join(packets).encode()
        return self._api._send("POST", self._path, headers, body)

    def poll(self) -> list[str]:
        """Wait for packets."""
        return self._api.request("GET", self._path).text.split(SEPARATOR)

    def poll_until(self, prefix: str, count: int) -> list[str]:
        """Poll until so many packets began with `prefix`, and return those."""
        found: list[str] = []
        while len(found) < count:
            found += [packet for packet in self.poll() if packet.startswith(prefix)]
        return found
