"""A live viewer: joins a room over Socket.IO, records events and draws a screen."""

from collections.abc import Callable, Sequence
from typing import Any, Self

from app.clock import now
from tests.support.ordered_client import OrderedClient
from tests.support.recording import Event, Predicate, Recording
from tests.support.screen import Json, Screen
from tests.support.waiting import patient


class Viewer:
    """Watches a server, in a thread of its own; joins again at every connect.

    Attributes:
        recording: every event, and `connect`, `connect_error` and `disconnect`.
        client: the Socket.IO client, for what this class does not offer.
    """

    def __init__(
        self, base_url: str, transports: Sequence[str] | None = None, **options: Any
    ) -> None:
        """Connect; `transports` None polls first and then upgrades.

        `options` are those of `socketio.Client`, such as `reconnection=False`.
        """
        self.recording = Recording()
        self._screen = Screen()
        self._share_token: str | None = None
        self.client = OrderedClient(**options)
        self.client.on("*", self._receive)
        self.client.on("connect", self._connected)
        for event in ("connect_error", "disconnect"):
            self.client.on(event, self._receiver(event))
        try:
            self.client.connect(
                base_url, transports=transports, wait_timeout=patient(5)
            )
        except BaseException:
            self.client.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.disconnect()

    @property
    def transport(self) -> str:
        """What the connection uses now: `polling` or `websocket`."""
        return self.client.transport()

    def join(self, share_token: str, timeout: float = 5) -> Any:
        """Join a room and return the server's acknowledgement."""
        self._share_token = share_token
        with self.recording.changed:
            self._screen.begin()
        return self.call("join-room", {"shareToken": share_token}, timeout)

    def call(self, event: str, payload: Any = None, timeout: float = 5) -> Any:
        """Send an event and return the server's acknowledgement."""
        return self.client.call(event, payload, timeout=patient(timeout))

    def emit(self, event: str, payload: Any = None) -> None:
        """Send an event that needs no answer."""
        self.client.emit(event, payload)

    def wait_for(
        self,
        event: str,
        predicate: Predicate | None = None,
        timeout: float = 5,
        since: int = 0,
    ) -> Event:
        """Return the first such event, also a past one (see `Recording.wait_for`)."""
        return self.recording.wait_for(event, predicate, timeout, since)

    def wait_until(
        self, shows: Callable[[Screen], object], timeout: float = 5
    ) -> Screen:
        """Wait until the screen satisfies `shows`, and return the screen."""
        self.recording.wait(lambda: shows(self._screen), "the screen", timeout)
        return self._screen

    def wait_until_shows(self, state: Json, timeout: float = 5) -> None:
        """Wait until the screen shows `state`, as the API answered it."""
        wanted = Screen.showing(state).state()
        self.wait_until(lambda screen: screen.state() == wanted, timeout)

    def events(self, name: str | None = None, since: int = 0) -> list[Event]:
        """Return the events so far, in order."""
        return self.recording.events(name, since)

    def state(self) -> Json:
        """Return what the screen shows, in the form of a `room-state`."""
        with self.recording.changed:
            return self._screen.state()

    def disconnect(self) -> None:
        """Leave for good."""
        self.client.close()

    def _connected(self) -> None:
        self._receive("connect")
        if self._share_token is not None:
            with self.recording.changed:
                self._screen.begin()
            self.client.emit("join-room", {"shareToken": self._share_token})

    def _receiver(self, event: str) -> Callable[..., None]:
        return lambda *payload: self._receive(event, *payload)

    def _receive(self, event: str, payload: Any = None, *_more: Any) -> None:
        arrived = now()
        with self.recording.changed:
            self._screen.apply(event, payload)
            self.recording.add(Event(event, payload, arrived))
