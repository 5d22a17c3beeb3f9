"""Whether the client that sent an event waits for an acknowledgement.

python-socketio 5.18.1 acknowledges with what the handler returns, and does not tell
the handler whether anybody waits for it.
"""

from contextvars import ContextVar
from typing import Any

import socketio

_wanted: ContextVar[bool] = ContextVar("acknowledgement_wanted", default=False)


def acknowledgement_wanted() -> bool:
    """Tell an event handler whether its return value will be sent to the client."""
    return _wanted.get()


def note_acknowledgements(server: socketio.Server) -> None:
    """Make `acknowledgement_wanted` true in the handlers of `server`.

    Where the library has changed it stays false; see `versions`.
    """
    handle = getattr(server, "_handle_event_internal", None)
    if handle is None:
        return

    def noting(*args: Any) -> None:
        *_, packet_id = args
        reset = _wanted.set(packet_id is not None)
        try:
            handle(*args)
        finally:
            _wanted.reset(reset)

    server._handle_event_internal = noting
