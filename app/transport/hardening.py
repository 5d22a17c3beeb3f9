"""A Socket.IO server whose clients cannot do to it what python-socketio lets them."""

import logging
from functools import partial
from typing import Any

import engineio.socket
import socketio
from engineio.payload import Payload

from app.transport.admission import Admission, guard
from app.transport.backlog import Ledger
from app.transport.deadlines import Deadlines
from app.transport.handover import new_session_id
from app.transport.incoming import StrictPacket, close_on_malformed
from app.transport.messages import NAMESPACE
from app.transport.pinger import Pinger
from app.transport.polling import Bell
from app.transport.sessions import ABSENCE_SECONDS, Session

# A client may gather that many packets while its last POST is under way; Engine.IO's
# own limit of 16 is too low for a burst of clock pings.
MAX_POSTED_PACKETS = 64
# For a session to become wanted, or it is sent elsewhere.
WANTED_SECONDS = 60.0

_NO_ENVIRON: dict[str, Any] = {}
_log = logging.getLogger(__name__)


def harden(
    server: socketio.Server,
    worker: str,
    max_sessions: int,
    wanted_seconds: float = WANTED_SECONDS,
) -> None:
    """Make `server` and its sessions behave as this module says.

    The classes of sessions and payloads are Engine.IO's for the whole process.

    Args:
        server: whose sessions have not begun.
        worker: the id with which session ids begin.
        max_sessions: how many there may be.
        wanted_seconds: a session that is not wanted within these is sent elsewhere.
    """
    engineio.socket.Socket = Session
    Payload.max_decode_packets = MAX_POSTED_PACKETS
    server.packet_class = StrictPacket
    # What a client sends is handled in its order, and no faster than it is answered:
    # else each event would begin a greenlet, as many as a client likes.
    server.async_handlers = False
    engine = server.eio
    engine.create_queue = Bell
    engine.ledger = Ledger()
    engine.away = {}
    engine.note_presence = partial(_note_presence, server)
    engine.pinger = Pinger(engine.ping_interval, engine.ping_timeout)
    engine.absences = Deadlines(ABSENCE_SECONDS, Session.miss)
    engine.unwanted = Deadlines(wanted_seconds, Session.leave_unless_wanted)
    engine.admission = Admission(engine, max_sessions)
    guard(engine, engine.admission)
    # A client's mistakes are no errors of ours.
    engine._log_error_once = _note_mistake
    engine._ok = partial(_ok, engine._ok)
    # Its task would look at every session again and again; the pinger does that.
    engine.start_service_task = False
    engine.on("connect", partial(_connect, server))
    engine.generate_id = partial(new_session_id, worker)
    close_on_malformed(server)


def _connect(server: socketio.Server, eio_sid: str, _environ: dict[str, Any]) -> Any:
    session = server.eio.sockets.get(eio_sid)
    if session is not None:
        server.eio.unwanted.add(session)
    # python-socketio keeps it for as long as the session lives, and it holds the
    # request with its buffers; the product's handlers ask for nothing of it.
    return server._handle_eio_connect(eio_sid, _NO_ENVIRON)


def _note_mistake(message: str, _key: str) -> None:
    _log.info("request refused: %s", message)


def _ok(stock: Any, packets: Any = None, **options: Any) -> dict[str, Any]:
    # Engine.IO's protocol has it in small letters.
    answer: dict[str, Any] = stock(packets, **options)
    return answer if packets is not None else answer | {"response": b"ok"}


def _note_presence(server: socketio.Server, eio_sid: str, here: bool) -> None:
    sid = server.manager.sid_from_eio_sid(eio_sid, NAMESPACE)
    if sid is not None:
        server.manager.on_presence(sid, here)


def sweep(server: socketio.Server) -> int:
    """Disconnect the clients whose session Engine.IO no longer has; return how many.

    python-socketio forgets nobody who leaves while the connect handler runs: without
    this they stay in their rooms for good. Call it every now and then.
    """
    gone = [
        (eio_sid, namespace)
        for namespace in list(server.manager.get_namespaces())
        for sid, eio_sid in server.manager.get_participants(namespace, None)
        if server.manager.is_connected(sid, namespace) and _is_gone(server, eio_sid)
    ]
    for eio_sid, namespace in gone:
        reason = server.reason.TRANSPORT_CLOSE
        server._handle_disconnect(eio_sid, namespace, reason)
        server.environ.pop(eio_sid, None)
    return len(gone)


def _is_gone(server: socketio.Server, eio_sid: str) -> bool:
    session = server.eio.sockets.get(eio_sid)
    return session is None or bool(session.closed)
