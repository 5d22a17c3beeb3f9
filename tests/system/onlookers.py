"""Many viewers on one thread, who take next to nothing of the machine's time."""

import json
import selectors
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Self

import websocket

from app.clock import now
from tests.support.recording import Event
from tests.support.server import Server
from tests.system.wire import join_packets, websocket_to

_EVENT = "42"
_PING, _PONG = "2", "3"


class Onlookers:
    """One viewer for each share token, as a context manager.

    Attributes:
        events: all that they received, in the order of arrival.
    """

    def __init__(self, server: Server, share_tokens: Sequence[str]) -> None:
        """Watch the rooms of `share_tokens`, each with one viewer."""
        self.events: list[Event] = []
        self._server = server
        self._tokens = share_tokens
        self._over = threading.Event()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._selector = stack.enter_context(selectors.DefaultSelector())
            for viewer, token in enumerate(self._tokens):
                connection = stack.enter_context(websocket_to(self._server))
                for packet in join_packets(token):
                    connection.send(packet)
                self._selector.register(
                    connection.sock, selectors.EVENT_READ, (viewer, connection)
                )
            self._thread = threading.Thread(target=self._watch)
            self._thread.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._stack.close()

    def named(self, name: str) -> list[Event]:
        """Return the events called `name` so far."""
        return [event for event in list(self.events) if event.name == name]

    def _watch(self) -> None:
        while not self._over.is_set():
            for key, _ in self._selector.select(timeout=0.1):
                self._receive(*key.data)

    def _receive(self, viewer: int, connection: websocket.WebSocket) -> None:
        packet = connection.recv()
        if packet == _PING:
            connection.send(_PONG)
        elif packet.startswith(_EVENT):
            name, payload = json.loads(packet.removeprefix(_EVENT))
            self.events.append(Event(name, payload, now(), viewer))
