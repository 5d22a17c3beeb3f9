"""A client of the HTTP API, the same for API tests and system tests.

Methods named after commands return what the API answered and raise `RefusedError` on
anything but success; `request` returns any answer.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.responses import RefusedError, Response
from tests.support.senders import Send

Json = dict[str, Any]


@dataclass(frozen=True)
class Room:
    """A room as its owner holds it."""

    id: str
    share_token: str
    admin_token: str
    refresh_token: str | None
    created: Json
    """The answer that created it."""


class Api:
    """Speaks to the server that `send` reaches."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def request(
        self,
        method: str,
        path: str,
        json: Any = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request, with `json` as its body and `token` as its bearer's."""
        body, described = _encoded(json)
        identity = {"Authorization": f"Bearer {token}"} if token else {}
        return self._send(
            method, path, {**described, **identity, **(headers or {})}, body
        )

    def create_room(
        self, name: str = "Main stage", token: str | None = None, **fields: Any
    ) -> Room:
        """Create a room, for a new owner or for the one that `token` names."""
        created = self._command("POST", "/api/rooms", {"name": name, **fields}, token)
        return Room(
            id=created["id"],
            share_token=created["shareToken"],
            admin_token=created.get("adminToken", token),
            refresh_token=created.get("refreshToken"),
            created=created,
        )

    def state(self, share_token: str) -> Json:
        """Return what a viewer of the room sees."""
        return self._command("GET", f"/api/rooms/{share_token}")

    def update_room(
        self,
        room: Room,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> Json:
        """Change fields of the room."""
        path = f"/api/rooms/{room.id}"
        return self._command("PUT", path, fields, token or room.admin_token, headers)

    def delete_room(self, room: Room, *, token: str | None = None) -> None:
        """Delete the room and all that is in it."""
        self._command(
            "DELETE", f"/api/rooms/{room.id}", None, token or room.admin_token
        )

    def create_timer(
        self,
        room: Room,
        title: str = "Opening",
        duration: int = 60_000,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> Json:
        """Add a timer of `duration` milliseconds."""
        path = f"/api/rooms/{room.id}/timers"
        timer = {"title": title, "duration": duration, **fields}
        return self._command("POST", path, timer, token or room.admin_token, headers)

    def update_timer(
        self,
        room: Room,
        timer: Json,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> Json:
        """Change fields of the timer."""
        path = f"/api/timers/{timer['id']}"
        return self._command("PUT", path, fields, token or room.admin_token, headers)

    def delete_timer(
        self, room: Room, timer: Json, *, token: str | None = None
    ) -> None:
        """Delete the timer."""
        path = f"/api/timers/{timer['id']}"
        self._command("DELETE", path, None, token or room.admin_token)

    def start(self, room: Room, timer: Json, **options: Any) -> Json:
        """Start the timer; `options` are `token` and `headers`."""
        return self._timer_command("start", room, timer, **options)

    def pause(self, room: Room, timer: Json, **options: Any) -> Json:
        """Pause the timer; `options` are `token` and `headers`."""
        return self._timer_command("pause", room, timer, **options)

    def reset(self, room: Room, timer: Json, **options: Any) -> Json:
        """Reset the timer; `options` are `token` and `headers`."""
        return self._timer_command("reset", room, timer, **options)

    def _timer_command(
        self,
        command: str,
        room: Room,
        timer: Json,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        path = f"/api/timers/{timer['id']}/{command}"
        return self._command("POST", path, None, token or room.admin_token, headers)

    def _command(
        self,
        method: str,
        path: str,
        json: Any = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        response = self.request(method, path, json, token, headers)
        if not response.ok:
            raise RefusedError(f"{method} {path}", response)
        return response.json


def _encoded(body: Any) -> tuple[bytes | None, Json]:
    if body is None:
        return None, {}
    return json.dumps(body).encode(), {"Content-Type": "application/json"}
