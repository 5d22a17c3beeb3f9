"""What python-socketio does not tell an event handler about acknowledgements.

A handler's return value is sent as the acknowledgement once it has returned.
python-socketio 5.18.1 tells it neither whether anybody waits for that, nor gives it a
way to send something afterwards.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import socketio

from app.transport.sessions import Session

Call = Callable[[], None]


@dataclass
class _Event:
    wanted: bool
    session: Any
    afterwards: list[Call] = field(default_factory=list)


_event: ContextVar[_Event | None] = ContextVar("event", default=None)


def acknowledgement_wanted() -> bool:
    """Tell an event handler whether its return value will be sent to the client."""
    event = _event.get()
    return event is not None and event.wanted


def after_acknowledgement(call: Call) -> None:
    """Call something as soon as the running handler's acknowledgement is sent.

    By then the handler's application context has ended. The handler must not wait for
    anything any more: the acknowledgement leaves in one piece with what `call` sends.
    """
    event = _event.get()
    if event is None:
        call()
        return
    if isinstance(event.session, Session):
        event.session.hold()
    event.afterwards.append(call)


def note_acknowledgements(server: socketio.Server) -> None:
    """Make the functions above work in the handlers of `server`.

    Where the library has changed, no acknowledgement counts as wanted and nothing
    waits for one; see `versions`.
    """
    handle = getattr(server, "_handle_event_internal", None)
    if handle is None:
        return

    def noting(*args: Any) -> None:
        _, _, eio_sid, _, _, packet_id = args
        event = _Event(packet_id is not None, server.eio.sockets.get(eio_sid))
        former = _event.set(event)
        try:
            handle(*args)
            for call in event.afterwards:
                call()
        finally:
            _event.reset(former)
            if event.afterwards and isinstance(event.session, Session):
                event.session.release()

    server._handle_event_internal = noting
