"""Which requests under /socket.io/ are served, before anything is begun for them."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from app.transport.rarely import Rarely
from app.transport.upgrades import Refusal, is_wanted

# For a standard client, which tries again after 1 to 5 s by itself.
RETRY_SECONDS = 5
_TRANSPORTS = ("polling", "websocket")
_VERSION = ["4"]
_JSON = "application/json"
# Engine.IO's own codes and words, as socket.io's server answers them.
_TRANSPORT_UNKNOWN = (0, "Transport unknown")
_SESSION_UNKNOWN = (1, "Session ID unknown")
_BAD_METHOD = (2, "Bad handshake method")
_BAD_REQUEST = (3, "Bad request")
_UNSUPPORTED_VERSION = (5, "Unsupported protocol version")

FULL = Refusal(
    "503 Service Unavailable",
    json.dumps(
        {
            "type": "urn:live-timer-server:problem:server-full",
            "title": "Service Unavailable",
            "status": 503,
            "detail": "The server is full; try again in a moment.",
            "code": "server-full",
        }
    ),
    "application/problem+json",
    (("Retry-After", str(RETRY_SECONDS)),),
    closes=True,
)

Environ = Mapping[str, Any]

_full = Rarely(logging.getLogger(__name__), "a viewer was refused: the worker is full")


class Admission:
    """Decides on requests for sessions of one Engine.IO server.

    Sessions count as viewers, of which there is a maximum: each has a WebSocket or a
    poll. Those that poll and are away make room for others.
    """

    def __init__(self, engine: Any, maximum: int) -> None:
        """Admit at most `maximum` sessions to `engine`."""
        self._engine = engine
        self._maximum = maximum

    def refusal(self, environ: Environ) -> Refusal | None:
        """Return why a request is not served, if so."""
        query = parse_qs(environ.get("QUERY_STRING", ""))
        transport = query.get("transport", [""])[0]
        if transport not in _TRANSPORTS:
            return _refused(_TRANSPORT_UNKNOWN)
        # JSONP, which the protocol has no more, would let other origins read.
        if "j" in query or (is_wanted(environ) != (transport == "websocket")):
            return _refused(_BAD_REQUEST)
        if "sid" in query:
            return self._refusal_of_session(query["sid"][0], transport)
        if query.get("EIO") != _VERSION:
            return _refused(_UNSUPPORTED_VERSION)
        if environ["REQUEST_METHOD"] != "GET":
            return _refused(_BAD_METHOD)
        return None if self._has_room() else FULL

    def _refusal_of_session(self, sid: str, transport: str) -> Refusal | None:
        session = self._engine.sockets.get(sid)
        if session is None or session.closed:
            return _refused(_SESSION_UNKNOWN)
        if session.upgraded or (transport == "websocket" and not session.connected):
            return _refused(_BAD_REQUEST)
        return None

    def _has_room(self) -> bool:
        sockets, away = self._engine.sockets, self._engine.away
        if len(sockets) >= self._maximum and away:
            next(iter(away.values())).send_elsewhere()
        if len(sockets) < self._maximum:
            return True
        _full.note(viewers=len(sockets))
        return False


def guard(engine: Any, admission: Admission) -> None:
    """Have `engine` serve only what is admitted.

    WebSockets are asked for before their 101, by whoever sends it.
    """
    serve = engine.handle_request

    def handle_request(environ: Environ, start_response: Callable[..., Any]) -> Any:
        is_asked = environ["REQUEST_METHOD"] == "OPTIONS" or is_wanted(environ)
        refusal = None if is_asked else admission.refusal(environ)
        if refusal is None:
            return serve(environ, start_response)
        headers = [*refusal.all_headers(), *engine._cors_headers(environ)]
        start_response(refusal.status, headers)
        return [refusal.body]

    engine.handle_request = handle_request


def _refused(error: tuple[int, str]) -> Refusal:
    code, message = error
    body = json.dumps({"code": code, "message": message}, separators=(",", ":"))
    return Refusal("400 Bad Request", body, _JSON)
