"""The state that viewers see, over HTTP: for scripts, and while a socket is down."""

from flask import Response, request

from app import clock
from app.auth.access import Access, allow
from app.auth.ratelimits import unlimited
from app.compression import accepts_gzip
from app.errors import NotFound
from app.extensions import wired
from app.live.audience import Audience
from app.live.schemas import RoomStateSchema
from app.live.state import RoomState
from app.openapi import Blueprint
from app.preconditions import holds_revision, tag_of

live = Blueprint("live", __name__, url_prefix="/api/rooms", description="Viewers")

_HEADERS = {
    "ETag": {
        "description": "The room's revision and its stamp, quoted.",
        "schema": {"type": "string", "example": '"7-k3x9qa"'},
    },
    "Server-Time": {
        "description": "The server's clock (ms since the epoch, UTC).",
        "schema": {"type": "integer"},
    },
}


@live.get("/<share_token>")
@unlimited
@allow(Access.SHARE_TOKEN)
@live.response(200, RoomStateSchema, headers=_HEADERS)
@live.alt_response(304, description="Not modified", headers=_HEADERS, success=True)
@live.refuses(NotFound)
def room_state(share_token: str) -> Response:
    """Answer a room's state, exactly as `room-state` carries it."""
    audience: Audience = wired("audience")
    state = audience.states.refreshed(share_token)
    known = request.headers.get("If-None-Match", "")
    if holds_revision(known, state.revision, state.stamp):
        response = Response(status=304)
    else:
        response = _answer(state)
    response.headers["ETag"] = tag_of(state.revision, state.stamp)
    response.headers["Server-Time"] = str(clock.now())
    response.headers["Cache-Control"] = "no-cache"
    return response


def _answer(state: RoomState) -> Response:
    # Compressed here, once for a revision: app.compression would begin anew each time.
    payload = state.stamped()
    if not accepts_gzip():
        pieces = [payload.head, payload.tail]
        return Response(pieces, content_type="application/json")
    compressed = state.gzip.after(payload.head)
    response = Response(compressed, content_type="application/json")
    response.headers["Content-Encoding"] = "gzip"
    return response
