"""Screens of every kind before one room, and what each of them shows."""

from collections.abc import Callable
from typing import Any

from tests.live.show import shown
from tests.support.api import Api, Json, Room
from tests.support.javascript import StandardClients
from tests.support.screen import Screen
from tests.support.server import Server
from tests.support.viewers import Viewer
from tests.support.waiting import wait_until
from tests.system.workers import AT_ONCE, WEBSOCKET, viewers_on_each

# The standard client's own way of coming back, made quick: see AT_ONCE.
_SOON = {"reconnectionDelay": 50, "reconnectionDelayMax": 200}
SECONDS = 5


class Poller:
    """Asks for the room's state over HTTP with the tag of what it has."""

    def __init__(self, api: Api, room: Room) -> None:
        self._api = api
        self._path = f"/api/rooms/{room.share_token}"
        self._tag = ""
        self._state: Json = {}

    def state(self) -> Json:
        """Ask; return what it then shows."""
        answer = self._api.request(
            "GET", self._path, headers={"If-None-Match": self._tag}
        )
        if answer.status == 200:
            self._tag, self._state = answer.headers["etag"], shown(answer.json)
        return self._state


class Screens:
    """Viewers by WebSocket and by long-polling, standard clients, and one over HTTP."""

    def __init__(
        self,
        server: Server,
        room: Room,
        viewer_factory: Callable[..., Viewer],
        standard_clients: Callable[..., StandardClients],
    ) -> None:
        """Open them; each shows the room."""
        self._server = server
        self._room = room
        self._viewers = viewers_on_each(server, room, viewer_factory)
        self._viewers += [
            viewer_factory(server, room, transports=transports, **AT_ONCE)
            for transports in (["polling"], WEBSOCKET["transports"])
        ]
        self._standard = standard_clients(server, room, count=2, **_SOON)
        self._standard.wait_for_all("room-state")
        self._poller = Poller(server.api(), room)
        self.wait_until_all_show_the_room()

    def wait_until_all_show_the_room(self) -> None:
        """Wait until all show what the database holds."""
        wanted = shown(self._server.api().state(self._room.share_token))
        wait_until(
            lambda: all(state == wanted for state in self.states()),
            "every screen shows the room",
            SECONDS,
        )

    def states(self) -> list[Any]:
        """Return what each of them shows now."""
        return [
            *(viewer.state() for viewer in self._viewers),
            *self._of_standard_clients(),
            self._poller.state(),
        ]

    def told_to_go_back(self) -> list[bool]:
        """Return of each viewer whether it was sent a restored state."""
        return [
            any("restored" in state.payload for state in viewer.events("room-state"))
            for viewer in self._viewers
        ]

    def _of_standard_clients(self) -> list[Json]:
        screens = [Screen() for _ in range(self._standard.count)]
        for event in self._standard.events():
            if event.name == "connect":
                screens[event.viewer].begin()
            screens[event.viewer].apply(event.name, event.payload)
        return [screen.state() for screen in screens]
