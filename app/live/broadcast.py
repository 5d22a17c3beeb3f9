"""Tell the viewers of a room what changed, and remember what they were told."""

import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import gevent

from app import clock
from app.live.presence import LocalViewers
from app.live.schemas import TIMER_EVENTS, describe
from app.live.state import RoomState, RoomStates
from app.live.told import Told
from app.problems import socket_error
from app.revisions import differ
from app.rooms.events import Event
from app.transport.broadcasts import Broadcast, Manager

KEPT_ROOMS = 10_000
# How long news waits for older news of the same room that comes over Redis.
HOLD_SECONDS = 0.15
_NOTHING: tuple[int, str | None] = (0, None)


@dataclass(frozen=True)
class Known:
    """What this worker knows of a room, from the room's news and from states.

    Attributes:
        revision: up to which its viewers know everything; 0 where none watch.
        newest: the newest revision that was heard of.
        stamp: the stamp of `newest`, where it is known.
        astray: whether its viewers were told what the database has lost.
        taken: how much news came to its viewers.
    """

    revision: int
    newest: int
    stamp: str | None
    astray: bool
    taken: int

    def is_beyond(self, revision: int, stamp: str) -> bool:
        """Tell whether a database that is at a revision now has lost something.

        What was known before the database was asked was committed before.
        """
        return (
            self.astray
            or self.newest > revision
            or (self.newest == revision and differ(self.stamp, stamp))
        )


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
        # The newest revision that was heard of, and its stamp, watched room or not: a
        # viewer that joins compares the state it read with this.
        self._heard: OrderedDict[str, tuple[int, str | None]] = OrderedDict()
        manager.deliver = self.deliver

    def publish(self, room_id: uuid.UUID, events: Sequence[Event]) -> None:
        """Tell every viewer of a room, on all workers; waits for no network."""
        for _, told in groupby(events, key=lambda event: event.revision):
            # One message for a revision: a viewer that misses one event must miss the
            # revision. Several, as of a batch of finishes, are messages of their own.
            of_one = list(told)
            (name, payload), *also = [(event.name, _stamped(event)) for event in of_one]
            aside = {"stamp": of_one[0].stamp, "after": of_one[0].after}
            self._manager.broadcast(
                Broadcast(str(room_id), name, payload, tuple(also), aside)
            )

    def deliver(self, broadcast: Broadcast) -> None:
        """Tell this worker's viewers what one of the workers published."""
        room = broadcast.room
        revision = max(_revision_in(payload) for _, payload in broadcast.events())
        stamp, after = (broadcast.aside.get(name) for name in ("stamp", "after"))
        self._hear(room, revision, stamp)
        told = self._told.get(room)
        if told is None:
            return
        if self._names_another_link(broadcast) and revision <= told.revision:
            # Late news of a link that ended before these viewers came with a new one.
            return
        if broadcast.event == "room-state":
            self._tell_all(told.reach(revision, stamp))
        was_waiting = told.waiting
        self._tell_all(told.take(revision, broadcast, stamp, after))
        if told.waiting and not was_waiting:
            gevent.spawn_later(HOLD_SECONDS, self._release, told)

    def _release(self, told: Told[Broadcast]) -> None:
        self._tell_all(told.release())

    def _tell_all(self, ready: list[Broadcast]) -> None:
        for broadcast in ready:
            self._tell(broadcast)

    def _tell(self, broadcast: Broadcast) -> None:
        if broadcast.event == "share-token-revoked" or self._names_another_link(
            broadcast
        ):
            # The second where the first was lost: these viewers' link has ended, and
            # the new one is not for them to learn.
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
        at, stamp = self._heard.get(room, _NOTHING)
        if state.revision >= at:
            at, stamp = state.revision, state.stamp
        self._told.setdefault(room, Told(at, stamp))
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

    def known(self, room: str) -> Known:
        """Return what this worker knows of a room, watched or not."""
        newest, stamp = self._heard.get(room, _NOTHING)
        told = self._told.get(room)
        if told is None:
            return Known(0, newest, stamp, astray=False, taken=0)
        if told.newest >= newest:
            newest, stamp = told.newest, told.newest_stamp
        return Known(told.revision, newest, stamp, told.astray, told.taken)

    def is_watched_by_another_link(self, state: RoomState) -> bool:
        """Tell whether the room's viewers came with another share token."""
        known = self._tokens.get(str(state.room_id), state.share_token)
        return known != state.share_token

    def is_watched(self, state: RoomState) -> bool:
        """Tell whether this worker hears of the room's changes for its viewers."""
        return str(state.room_id) in self._told

    def newest(self, room: str) -> int:
        """Return the newest revision of a watched room that was heard of."""
        return self.known(room).newest

    def watched(self) -> dict[str, tuple[Known, str]]:
        """Return what is known of each watched room, and the token of its viewers."""
        return {room: (self.known(room), self._tokens[room]) for room in self._told}

    def token_of(self, room: str) -> str | None:
        """Return the share token of a room's viewers, None where nobody watches."""
        return self._tokens.get(room)

    def send_state(self, state: RoomState) -> None:
        """Send this worker's viewers of a room its whole state."""
        room = str(state.room_id)
        self._hear(room, state.revision, state.stamp)
        if room in self._told:
            self._tell_all(self._told[room].reach(state.revision, state.stamp))
        self._fan_out(Broadcast(room, "room-state", state.stamped()))

    def go_back(self, state: RoomState, known: Known) -> bool:
        """Believe a database that has lost what was `known` before it was asked.

        What was heard counts for nothing any more, and this worker's viewers are told
        to drop what they hold. Does nothing, and answers so, where news has come since:
        the state may be older than that.
        """
        room = str(state.room_id)
        if self.known(room) != known:
            return False
        self._heard[room] = (state.revision, state.stamp)
        told = self._told.get(room)
        if told is not None:
            told.begin_anew(state.revision, state.stamp)
            restored = state.stamped(restored=True)
            self._fan_out(Broadcast(room, "room-state", restored))
        return True

    def send_deleted(self, room: str, revision: int) -> None:
        """Tell this worker's viewers that their room is gone."""
        payload = {"id": room, "revision": revision, "serverTime": clock.now()}
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
            "serverTime": clock.now(),
        }

    def _names_another_link(self, broadcast: Broadcast) -> bool:
        token = self._tokens.get(broadcast.room)
        return any(
            isinstance(payload, dict) and payload.get("shareToken", token) != token
            for _, payload in broadcast.events()
        )

    def _fan_out(self, broadcast: Broadcast) -> None:
        receivers = self._viewers.in_room(broadcast.room)
        for event, _ in broadcast.events():
            self._observe(event, receivers)
        self._manager.fan_out(broadcast)

    def _hear(self, room: str, revision: int, stamp: str | None) -> None:
        heard, _ = self._heard.get(room, _NOTHING)
        if revision > heard or (revision == heard and stamp is not None):
            self._heard[room] = (revision, stamp)
        self._heard.setdefault(room, _NOTHING)
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
    stamps = {"revision": event.revision, "serverTime": clock.now()}
    if event.name in TIMER_EVENTS:
        # A change of a timer is one of its room: a screen need not ask for the room.
        stamps["updatedAt"] = event.updated_at
    return {**describe(event.name, event.subject), **stamps}


def _revision_in(data: Any) -> int:
    # The queue is open to other programs, which may send anything.
    revision = data.get("revision") if isinstance(data, dict) else None
    return revision if isinstance(revision, int) else 0
