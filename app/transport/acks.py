"""What python-socketio does not tell an event handler about acknowledgements.

A handler's return value is sent as the acknowledgement once it has returned.
python-socketio 5.18.1 tells it neither whether anybody waits for that, nor gives it a
way to send something afterwards.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import socketio

Call = Callable[[], None]

_wanted: ContextVar[bool] = ContextVar("acknowledgement_wanted", default=False)
_afterwards: ContextVar[list[Call] | None] = ContextVar("afterwards", default=None)


def acknowledgement_wanted() -> bool:
    """Tell an event handler whether its return value will be sent to the client."""
    return _wanted.get()


def after_acknowledgement(call: Call) -> None:
    """Call something as soon as the running handler's acknowledgement is sent.

    By then the handler's request context has ended.
    """
    waiting = _afterwards.get()
    if waiting is None:
        call()
    else:
        waiting.append(call)


def note_acknowledgements(server: socketio.Server) -> None:
    """Make the functions above work in the handlers of `server`.

    Where the library has changed, no acknowledgement counts as wanted and nothing
    waits for one; see `versions`.
    """
    handle = getattr(server, "_handle_event_internal", None)
    if handle is None:
        return

    def noting(*args: Any) -> None:
        *_, packet_id = args
        calls: list[Call] = []
        wanted = _wanted.set(packet_id is not None)
        afterwards = _afterwards.set(calls)
        try:
            handle(*args)
        finally:
            _afterwards.reset(afterwards)
            _wanted.reset(wanted)
        for call in calls:
            call()

    server._handle_event_internal = noting
