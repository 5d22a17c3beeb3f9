"""Socket.IO: what viewers ask for, and how it is answered."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

import marshmallow as ma
from flask import Flask, request
from flask_socketio import SocketIO, emit
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from structlog import get_logger

from app import instants
from app.config import Settings
from app.errors import DomainError
from app.live.audience import Audience
from app.live.schemas import JoinRoom, Nothing, RequestSync
from app.problems import socket_error
from app.transport import origins, packets
from app.transport.acks import (
    acknowledgement_wanted,
    after_acknowledgement,
    note_acknowledgements,
)
from app.transport.broadcasts import Manager

MAX_MESSAGE_BYTES = 16 * 1024

Answer = dict[str, Any] | None
Handler = Callable[[dict[str, Any]], Answer]

_log = get_logger(__name__)


def init_app(
    app: Flask, settings: Settings, manager: Manager, audience: Audience
) -> None:
    """Create Socket.IO for `app`, and answer what viewers ask on the default namespace.

    It is created here for each application: an unbound `SocketIO()` would keep the
    first application's server when it is bound a second time.
    """
    socketio = SocketIO(
        app,
        async_mode="gevent",
        client_manager=manager,
        json=packets,
        cors_allowed_origins=origins.checker(settings.cors_origin),  # type: ignore[arg-type] # Engine.IO calls it
        manage_session=False,
        max_http_buffer_size=MAX_MESSAGE_BYTES,
        logger=logging.getLogger("socketio"),
        engineio_logger=logging.getLogger("engineio"),
    )
    note_acknowledgements(socketio.server)  # type: ignore[attr-defined]
    _answer_connections(socketio, audience)
    _answer_requests(socketio, audience)
    _answer_defects(socketio)


def _answer_connections(socketio: SocketIO, audience: Audience) -> None:

    @socketio.on("connect")
    def connect() -> None:
        # Nothing else here: a client that leaves while its connect handler waits
        # would stay in its rooms for good (python-socketio 5.18.1).
        audience.viewers.connect(_sid())

    @socketio.on("disconnect")
    def disconnect(_reason: str = "") -> None:
        audience.broadcaster.disconnect(_sid())


def _answer_requests(socketio: SocketIO, audience: Audience) -> None:
    @socketio.on("join-room")
    @_answering(JoinRoom())
    def join_room(payload: dict[str, Any]) -> Answer:
        sid = _sid()
        state = audience.join(sid, payload["share_token"])
        room = str(state.room_id)

        def show() -> None:
            count = audience.broadcaster.count_payload(room, audience.count(room))
            socketio.emit("room-state", state.stamped(), to=sid)
            socketio.emit("user-count", count, to=sid)

        after_acknowledgement(show)
        return {"ok": True, "roomId": room, "revision": state.revision}

    @socketio.on("ping")
    @_answering(Nothing())
    def ping(_payload: dict[str, Any]) -> Answer:
        answer = {"serverTime": instants.now()}
        if not acknowledgement_wanted():
            emit("pong", answer)
        return answer

    @socketio.on("request-sync")
    @_answering(RequestSync())
    def request_sync(payload: dict[str, Any]) -> Answer:
        state = audience.state_for(_sid())
        if payload.get("revision") == state.revision:
            return {"upToDate": True, "revision": state.revision}
        sid = _sid()
        after_acknowledgement(
            lambda: socketio.emit("room-state", state.stamped(), to=sid)
        )
        return {"upToDate": False, "revision": state.revision}


def _answer_defects(socketio: SocketIO) -> None:
    @socketio.on("*")
    def unknown(event: str, *_payload: Any) -> Answer:
        return _refuse("unknown-event", f"There is no event {event[:40]!r}.")

    @socketio.on_error_default
    def failed(error: BaseException) -> Answer:
        _log.error("event handler failed", exc_info=error)
        return _refuse("internal", "The server failed.")


def _answering(schema: ma.Schema) -> Callable[[Handler], Callable[..., Answer]]:
    """Read an event's payload, and answer what is refused with an `error` event."""

    def decorate(handle: Handler) -> Callable[..., Answer]:
        @wraps(handle)
        def answer(*arguments: Any) -> Answer:
            try:
                return handle(_payload(schema, arguments))
            except ma.ValidationError as error:
                return _refuse("invalid-payload", _sentence(error))
            except DomainError as error:
                return _refuse(error.code, error.detail)
            except (OperationalError, InterfaceError, PoolTimeoutError) as error:
                _log.error("database away", error=str(error))
                return _refuse("database-away", "The database is away.")

        return answer

    return decorate


def _payload(schema: ma.Schema, arguments: tuple[Any, ...]) -> dict[str, Any]:
    payload = arguments[0] if arguments else None
    if payload is None:
        payload = {}
    if not isinstance(payload, dict) or len(arguments) > 1:
        raise ma.ValidationError("The payload must be one object.")
    loaded: dict[str, Any] = schema.load(payload)
    return loaded


def _refuse(code: str, message: str) -> Answer:
    error = socket_error(code, message)
    emit("error", error)
    return {"ok": False, "error": error}


def _sentence(error: ma.ValidationError) -> str:
    messages: dict[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
    return "; ".join(f"{field}: {_flat(texts)}" for field, texts in messages.items())


def _flat(texts: Any) -> str:
    return " ".join(map(str, texts)) if isinstance(texts, list) else str(texts)


def _sid() -> str:
    sid: str = request.sid  # type: ignore[attr-defined]
    return sid
