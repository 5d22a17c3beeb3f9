"""Tell the viewers of a room what changed, and remember what they were told."""

import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import gevent

from app import instants
from app.live.presence import LocalViewers
from app.live.schemas import TIMER_EVENTS, describe
from app.live.state import RoomState, RoomStates
from app.live.told import Told
from app.problems import socket_error
from app.rooms.changes import Event
from app.transport.broadcasts import Broadcast, Manager

KEPT_ROOMS = 10_000
# How long news waits for older news of the same room that comes over Redis.
HOLD_SECONDS = 0.15


class Broadcaster:
    """Publishes this worker's changes and delivers everybody's to its viewers."""

    def __init__(
        self,
        manager: Manager,
        viewers: LocalViewers,
        states: RoomStates,
        observe: Callable[[str, int], None],
    ) -> None:
        """Deliver through `manager`; tell `observe` each event and its receivers."""
        self._manager = manager
        self._viewers = viewers
        self._states = states
        self._observe = observe
        self._told: dict[str, Told[Broadcast]] = {}
        self._tokens: dict[str, str] = {}
        # The newest revision that was heard of, watched room or not: a viewer that
        # joins compares the state it read with this.
        self._heard: OrderedDict[str, int] = OrderedDict()
        manager.deliver = self.deliver

    def describe(self, name: str, subject: Any) -> dict[str, Any]:
        """Return the fields that the event `name` carries of `subject`."""
        return describe(name, subject)

    def publish(self, room_id: uuid.UUID, events: Sequence[Event]) -> None:
        """Tell every viewer of a room, on all workers; waits for no network."""
        for _, told in groupby(events, key=lambda event: event.revision):
            # One message for a revision: a viewer that misses one event must miss the
            # revision. Several, as of a batch of finishes, are messages of their own.
            (name, payload), *also = [(event.name, _stamped(event)) for event in told]
            self._manager.broadcast(Broadcast(str(room_id), name, payload, tuple(also)))

    def deliver(self, broadcast: Broadcast) -> None:
        """Tell this worker's viewers what one of the workers published."""
        room = broadcast.room
        revision = max(_revision_in(payload) for _, payload in broadcast.events())
        self._hear(room, revision)
        told = self._told.get(room)
        if told is None:
            return
        if broadcast.event == "room-state":
            told.reach(revision)
        was_waiting = told.waiting
        for ready in told.take(revision, broadcast):
            self._tell(ready)
        if told.waiting and not was_waiting:
            gevent.spawn_later(HOLD_SECONDS, self._release, told)

    def _release(self, told: Told[Broadcast]) -> None:
        for ready in told.release():
            self._tell(ready)

    def _tell(self, broadcast: Broadcast) -> None:
        if broadcast.event == "share-token-revoked":
            self.send_away(broadcast.room)
            return
        self._fan_out(broadcast)
        if broadcast.event == "room-deleted":
            self._close(broadcast.room)

    def watch(self, sid: str, state: RoomState) -> None:
        """Make a socket a viewer of the room whose state it is about to get."""
        room = str(state.room_id)
        self._viewers.join(sid, room)
        self._manager.enter_room(sid, "/", room)
        # The first viewer gets a state of at least what was heard of before.
        heard = max(state.revision, self._heard.get(room, 0))
        self._told.setdefault(room, Told(heard))
        self._tokens[room] = state.share_token

    def leave(self, sid: str) -> None:
        """Make a socket a viewer of no room."""
        room = self._viewers.room_of(sid)
        if room is None:
            return
        self._viewers.leave(sid)
        self._manager.leave_room(sid, "/", room)
        self._forget_if_empty(room)

    def disconnect(self, sid: str) -> None:
        """Forget a socket that is gone."""
        room = self._viewers.room_of(sid)
        self._viewers.disconnect(sid)
        if room is not None:
            self._forget_if_empty(room)

    def is_current(self, state: RoomState) -> bool:
        """Tell whether nothing newer than `state` was heard of."""
        return state.revision >= self._heard.get(str(state.room_id), 0)

    def is_watched(self, state: RoomState) -> bool:
        """Tell whether this worker hears of the room's changes for its viewers."""
        return str(state.room_id) in self._told

    def newest(self, room: str) -> int:
        """Return the newest revision of a watched room that was heard of."""
        told = self._told.get(room)
        return max(self._heard.get(room, 0), told.revision if told else 0)

    def watched(self) -> dict[str, tuple[int, str]]:
        """Return what the viewers of each watched room know: revision and token."""
        return {
            room: (told.revision, self._tokens[room])
            for room, told in self._told.items()
        }

    def send_state(self, state: RoomState) -> None:
        """Send this worker's viewers of a room its whole state."""
        room = str(state.room_id)
        self._hear(room, state.revision)
        if room in self._told:
            self._told[room].reach(state.revision)
        self._fan_out(Broadcast(room, "room-state", state.stamped()))

    def send_deleted(self, room: str, revision: int) -> None:
        """Tell this worker's viewers that their room is gone."""
        payload = {"id": room, "revision": revision, "serverTime": instants.now()}
        self._fan_out(Broadcast(room, "room-deleted", payload))
        self._close(room)

    def send_away(self, room: str) -> None:
        """Send this worker's viewers out of a room whose share token has ended."""
        error = socket_error("share-token-revoked", "This link is no longer valid.")
        self._fan_out(Broadcast(room, "error", error))
        self._close(room)

    def send_count(self, room: str, count: int) -> None:
        """Tell this worker's viewers of a room how many watch."""
        self._fan_out(Broadcast(room, "user-count", self.count_payload(room, count)))

    def count_payload(self, room: str, count: int) -> dict[str, int]:
        """Return the payload of `user-count`."""
        return {
            "count": count,
            "revision": self.newest(room),
            "serverTime": instants.now(),
        }

    def _fan_out(self, broadcast: Broadcast) -> None:
        receivers = self._viewers.in_room(broadcast.room)
        for event, _ in broadcast.events():
            self._observe(event, receivers)
        self._manager.fan_out(broadcast)

    def _hear(self, room: str, revision: int) -> None:
        self._heard[room] = max(revision, self._heard.get(room, 0))
        self._heard.move_to_end(room)
        if len(self._heard) > KEPT_ROOMS:
            self._heard.popitem(last=False)

    def _close(self, room: str) -> None:
        for sid in self._viewers.viewers_of(room):
            self.leave(sid)

    def _forget_if_empty(self, room: str) -> None:
        if not self._viewers.in_room(room):
            self._told.pop(room, None)
            token = self._tokens.pop(room, None)
            if token is not None:
                self._states.forget(token)


def _stamped(event: Event) -> dict[str, Any]:
    stamps = {"revision": event.revision, "serverTime": instants.now()}
    if event.name in TIMER_EVENTS:
        # A change of a timer is one of its room: a screen need not ask for the room.
        stamps["updatedAt"] = event.updated_at
    return {**event.payload, **stamps}


def _revision_in(data: Any) -> int:
    # The queue is open to other programs, which may send anything.
    revision = data.get("revision") if isinstance(data, dict) else None
    return revision if isinstance(revision, int) else 0
