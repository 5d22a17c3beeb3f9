"""Socket.IO: what viewers ask for, and how it is answered."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import marshmallow as ma
import socketio as python_socketio
from flask import Flask
from flask_socketio import SocketIO
from structlog import get_logger

from app import clock
from app.config import Settings
from app.db.engine import AWAY
from app.errors import DomainError
from app.live.audience import Audience
from app.live.schemas import COVERED, JoinRoom, Nothing, RequestSync
from app.problems import bounded, socket_error
from app.transport import origins, packets
from app.transport.acks import (
    acknowledgement_wanted,
    after_acknowledgement,
    note_acknowledgements,
)
from app.transport.broadcasts import Manager

MAX_MESSAGE_BYTES = 16 * 1024

Answer = dict[str, Any] | None
Handler = Callable[[str, dict[str, Any]], Answer]

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
    # Handlers are python-socketio's: Flask-SocketIO would make up an HTTP request for
    # each event, and match its URL, which is a fifth of what a joining viewer costs.
    server: python_socketio.Server = socketio.server  # type: ignore[attr-defined]
    note_acknowledgements(server)
    _answer_connections(server, audience)
    manager.covers = COVERED
    manager.on_presence = audience.viewers.note_presence
    for event, schema, handle in (
        ("join-room", JoinRoom(), partial(_join_room, audience, manager)),
        ("ping", Nothing(), partial(_ping, manager)),
        ("request-sync", RequestSync(), partial(_sync, audience, manager)),
    ):
        server.on(event, _answering(app, manager, schema, handle))
    server.on("*", partial(_unknown, manager))


def _answer_connections(server: python_socketio.Server, audience: Audience) -> None:
    def connect(sid: str, _environ: dict[str, Any], _auth: Any) -> None:
        # Nothing else here: a client that leaves while its connect handler waits
        # would stay in its rooms for good (python-socketio 5.18.1).
        audience.viewers.connect(sid)

    def disconnect(sid: str, _reason: str) -> None:
        audience.broadcaster.disconnect(sid)

    server.on("connect", connect)
    server.on("disconnect", disconnect)


def _join_room(
    audience: Audience, manager: Manager, sid: str, payload: dict[str, Any]
) -> Answer:
    state = audience.join(sid, payload["share_token"])
    manager.keep(sid)

    def show() -> None:
        manager.tell(sid, "room-state", state.stamped())
        manager.tell(sid, "user-count", audience.count_for_newcomer(state))

    after_acknowledgement(show)
    return {"ok": True, "roomId": str(state.room_id), "revision": state.revision}


def _ping(manager: Manager, sid: str, _payload: dict[str, Any]) -> Answer:
    answer = {"serverTime": clock.now()}
    if not acknowledgement_wanted():
        manager.tell(sid, "pong", answer)
    return answer


def _sync(
    audience: Audience, manager: Manager, sid: str, payload: dict[str, Any]
) -> Answer:
    state = audience.state_for(sid)
    held = payload.get("revision", 0)
    if held == state.revision:
        return {"upToDate": True, "revision": state.revision}
    # What it holds was committed before it asked: the database has lost that.
    restored = held > state.revision
    after_acknowledgement(
        lambda: manager.tell(sid, "room-state", state.stamped(restored=restored))
    )
    return {"upToDate": False, "revision": state.revision}


def _unknown(manager: Manager, event: str, sid: str, *_payload: Any) -> Answer:
    return _refuse(manager, sid, "unknown-event", f"There is no event {event[:40]!r}.")


def _answering(
    app: Flask, manager: Manager, schema: ma.Schema, handle: Handler
) -> Callable[..., Answer]:
    """Read an event's payload, and answer what is refused with an `error` event."""

    def answer(sid: str, *arguments: Any) -> Answer:
        refuse = partial(_refuse, manager, sid)
        try:
            payload = _payload(schema, arguments)
            with app.app_context():
                return handle(sid, payload)
        except ma.ValidationError as error:
            return refuse("invalid-payload", _sentence(error))
        except DomainError as error:
            return refuse(error.code, error.detail)
        except AWAY as error:
            _log.warning("database away", error=str(error))
            return refuse("database-away", "The database is away.")
        except Exception:  # noqa: BLE001 - handled: reported, and answered
            _log.exception("event handler failed")
            return refuse("internal", "The server failed.")

    return answer


def _payload(schema: ma.Schema, arguments: tuple[Any, ...]) -> dict[str, Any]:
    payload = arguments[0] if arguments else None
    if payload is None:
        payload = {}
    if not isinstance(payload, dict) or len(arguments) > 1:
        raise ma.ValidationError("The payload must be one object.")
    loaded: dict[str, Any] = schema.load(payload)
    return loaded


def _refuse(manager: Manager, sid: str, code: str, message: str) -> Answer:
    error = socket_error(code, message)
    manager.tell(sid, "error", error)
    return {"ok": False, "error": error}


def _sentence(error: ma.ValidationError) -> str:
    messages = bounded(error.normalized_messages())  # type: ignore[no-untyped-call]
    return "; ".join(f"{field}: {_flat(texts)}" for field, texts in messages.items())


def _flat(texts: Any) -> str:
    return " ".join(map(str, texts)) if isinstance(texts, list) else str(texts)
