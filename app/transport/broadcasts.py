"""Client managers for Socket.IO that tell a room's clients, in one worker or in many.

`LocalManager` serves one process; `RedisManager` hands broadcasts to the other workers
as well. Both are used in the same way, described at `Manager`.
"""

import itertools
import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import gevent
import socketio
from gevent import Greenlet

from app.transport import handover, messages, parcels, sessions
from app.transport.deliveries import Deliveries, Delivery, Receiver
from app.transport.greenlets import keep_running
from app.transport.listening import Listener
from app.transport.messages import Broadcast, Message, Repeats, UnreadableMessageError
from app.transport.parcels import Parcel
from app.transport.publishing import Publisher

__all__ = ["Broadcast", "LocalManager", "Manager", "RedisManager"]

_RECOUNT = messages.RECOUNT.encode()
_log = logging.getLogger(__name__)


class Manager(socketio.Manager):  # type: ignore[misc]
    """Keeps the clients of this worker, and tells them what any worker broadcasts.

    Attributes:
        deliver: called with each broadcast for this worker's clients, whichever worker
            it came from; `fan_out` unless it is replaced.
        on_subscribed: called in a greenlet whenever broadcasts may have been lost: the
            connection to the other workers is there for the first time, or again.
        on_recount: called when a worker, this one included, says that its counts of
            clients have changed (`messages.RECOUNT`).
        on_presence: called with a client that polls and whether it is here, when it has
            not polled for a while, and when it does again.
        covers: by the name of an event, the events that a slow client need not hear any
            more once it hears this one.
        published: how many broadcasts were handed to the other workers.
        dropped: how many were given up.
        received: how many came from other workers.
        reconnects: how often the connection to the other workers came back.
    """

    published = 0
    dropped = 0
    received = 0
    reconnects = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.deliver: Callable[[Broadcast], None] = self.fan_out
        self.on_subscribed: Callable[[], None] = _nothing
        self.on_recount: Callable[[], None] = _nothing
        self.on_presence: Callable[[str, bool], None] = _nothing
        self.covers: Mapping[str, frozenset[str]] = {}
        self._deliveries = Deliveries()
        self._entered: dict[str, tuple[str, ...]] = {}

    @property
    def connected(self) -> bool:
        """Whether the other workers were heard of lately; asks nobody."""
        return True

    def start(self) -> None:
        """Begin to exchange broadcasts with the other workers."""
        gevent.spawn(self.on_subscribed)

    def stop(self) -> None:
        """End the exchange."""

    def broadcast(self, broadcast: Broadcast) -> None:
        """Tell the room's clients on all workers; waits for no network."""
        self.deliver(broadcast)

    def fan_out(self, broadcast: Broadcast) -> None:
        """Tell the room's clients on this worker; encodes each event once.

        Those who are in the room now are told, in the order of the broadcasts; where
        they are many, most of them only after this has returned.
        """
        news = [self._parcel(event, data) for event, data in broadcast.events()]
        delivery = Delivery(news, self._receivers(broadcast.room))
        self._deliveries.begin(broadcast.room, delivery)

    def tell(self, sid: str, event: str, data: Any) -> None:
        """Tell one client of this worker, after all that is on its way to it.

        A client that is gone is not told.
        """
        session = self._session_of(sid)
        if session is not None and not session.closed:
            if self._deliveries.under_way:
                self._deliveries.hasten(session)
            _receiver(session).send_parcel(self._parcel(event, data))

    def keep(self, sid: str) -> None:
        """Note that a client of this worker has a purpose here.

        One for which this is not called within a minute is sent elsewhere.
        """
        session = self._session_of(sid)
        if session is not None:
            session.wanted = True

    def _session_of(self, sid: str) -> Any:
        eio_sid = self.eio_sid_from_sid(sid, messages.NAMESPACE)
        return self.server.eio.sockets.get(eio_sid)

    def _receivers(self, room: str) -> list[Receiver]:
        sockets = self.server.eio.sockets
        members = self.get_participants(messages.NAMESPACE, room)
        found = [sockets.get(eio_sid) for _, eio_sid in members]
        return [_receiver(session) for session in found if session is not None]

    def _parcel(self, event: str, data: Any) -> Parcel:
        # As python-socketio does: several arguments are a tuple.
        arguments = data if isinstance(data, tuple) else (data,)
        covers = self.covers.get(event, frozenset())
        return parcels.of_event(event, arguments, covers)

    def enter_room(
        self, sid: str, namespace: str, room: str, eio_sid: str | None = None
    ) -> None:
        """Add a client to a room; one that left in the meantime enters nothing."""
        if self.is_connected(sid, namespace) or self.is_pre_connected(sid, namespace):
            if self._deliveries.under_way:
                # News of the room that it was in must not follow news of this one.
                self._deliveries.hasten(self._session_of(sid))
            self.basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
            entered = self._entered.get(sid, ())
            if room not in entered:
                self._entered[sid] = (*entered, room)

    def leave_room(self, sid: str, namespace: str, room: str) -> None:
        """Remove a client from a room."""
        self.basic_leave_room(sid, namespace, room)
        left = tuple(other for other in self._entered.get(sid, ()) if other != room)
        if left:
            self._entered[sid] = left
        else:
            self._entered.pop(sid, None)

    def basic_disconnect(self, sid: str, namespace: str, **_options: Any) -> None:
        """Forget a client of this worker.

        The base looks for it in all rooms, of which each client has one of its own: a
        hall that leaves at once would cost the square of its viewers.
        """
        for room in (*self._entered.pop(sid, ()), sid, None):
            self.basic_leave_room(sid, namespace, room)
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            if sid in pending.get(namespace, ()):
                pending[namespace].remove(sid)
                if not pending[namespace]:
                    del pending[namespace]


class LocalManager(Manager):
    """For one process."""


class RedisManager(Manager, socketio.PubSubManager):  # type: ignore[misc]
    """For several workers, which tell each other over Redis.

    What Redis loses is lost: `on_subscribed` is when to compare with the database.
    """

    name = "redis"

    def __init__(self, url: str, channel: str) -> None:
        """Exchange broadcasts on `channel`; nothing runs before `start`."""
        super().__init__(channel=channel)
        self.host_id: str = uuid.uuid4().hex
        self._signature = messages.signature(self.host_id)
        self.received = 0
        self._numbers = itertools.count()
        self._repeats = Repeats()
        self._publisher = Publisher(url, channel, self._resume)
        self._listener = Listener(url, channel, self._receive, self._resume)
        self._greenlets: list[Greenlet[[], None]] = []

    @property
    def connected(self) -> bool:
        """Whether Redis was heard of in the last seconds; asks nobody."""
        return self._listener.connected

    @property
    def published(self) -> int:  # type: ignore[override]
        """How many broadcasts Redis took."""
        return self._publisher.published

    @property
    def dropped(self) -> int:  # type: ignore[override]
        """How many broadcasts were given up because Redis was away for too long."""
        return self._publisher.dropped

    @property
    def reconnects(self) -> int:  # type: ignore[override]
        """How often the subscription was established again."""
        return max(0, self._listener.subscriptions - 1)

    def initialize(self) -> None:
        """Do nothing: python-socketio calls it at the first client, which is late."""

    def start(self) -> None:
        """Begin to publish and to listen; Redis need not be there yet."""
        if not self._greenlets:
            runs = (self._publisher.run, self._listener.run)
            self._greenlets = [keep_running(run) for run in runs]

    def stop(self) -> None:
        """End publishing and listening; what still waits is lost."""
        gevent.killall(self._greenlets)
        self._greenlets = []
        self._publisher.close()
        self._listener.close()

    def broadcast(self, broadcast: Broadcast) -> None:
        """Tell the room's clients on all workers; waits for no network.

        Raises:
            ValueError, TypeError: the payload is not JSON.
        """
        message = Message(self.host_id, next(self._numbers), broadcast)
        self._publisher.put(messages.encode(message))
        self.deliver(broadcast)

    def emit(
        self,
        event: str,
        data: Any,
        namespace: str | None = None,
        room: str | None = None,
        to: str | None = None,
        **options: Any,
    ) -> None:
        """Emit an event, on all workers where it is for a plain room.

        What is for one client, for everybody, or wants an answer stays in this worker.
        """
        room, namespace = to or room, namespace or messages.NAMESPACE
        if self._is_for_all_workers(namespace, room, options):
            self.broadcast(Broadcast(str(room), event, data))
            return
        options.pop("ignore_queue", None)
        socketio.Manager.emit(self, event, data, namespace, room, **options)

    def can_disconnect(self, sid: str, namespace: str) -> bool:
        """Tell whether this worker has the client; the others are not asked."""
        return bool(socketio.Manager.can_disconnect(self, sid, namespace))

    def disconnect(self, sid: str, namespace: str, **_options: Any) -> None:
        """Forget a client of this worker."""
        self.basic_disconnect(sid, namespace)

    def close_room(self, room: str, namespace: str) -> None:
        """Remove this worker's clients from a room."""
        self.basic_close_room(room, namespace)

    def _is_for_all_workers(
        self, namespace: str, room: str | None, options: dict[str, Any]
    ) -> bool:
        return (
            isinstance(room, str)
            and namespace == messages.NAMESPACE
            and not any(options.values())
            # One that is gone must not be sought on all workers.
            and not handover.is_session_id(room)
            and not self.is_sid_room(namespace, room)
        )

    def _receive(self, text: bytes) -> None:
        if text == _RECOUNT:
            self.on_recount()
            return
        if self._signature in text:
            # This worker's own, which Redis tells to all who listen.
            return
        try:
            message = messages.decode(text)
        except UnreadableMessageError as error:
            _log.debug("message ignored", extra={"error": str(error)})
            return
        if self._repeats.is_repeat(message):
            return
        self.received += 1
        try:
            self.deliver(message.broadcast)
        except Exception:  # noqa: BLE001 - one odd message must not make this worker deaf
            _log.exception("broadcast could not be delivered")

    def _resume(self) -> None:
        gevent.spawn(self.on_subscribed)


class _Stock:
    """A session of python-engineio itself, which sends in its own way."""

    def __init__(self, session: Any) -> None:
        self._session = session

    def send_parcel(self, parcel: Parcel) -> None:
        if not self._session.closed:
            self._session.send(parcel.packet())


def _receiver(session: Any) -> Receiver:
    # Not of a worker of ours: Flask-SocketIO's test client.
    return session if isinstance(session, sessions.Session) else _Stock(session)


def _nothing(*_arguments: object) -> None:
    pass
