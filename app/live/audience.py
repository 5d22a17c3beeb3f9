"""The viewers of this worker: how one joins, and how they are counted."""

import threading
from collections import OrderedDict
from collections.abc import Callable

import redis
from structlog import get_logger

from app import clock
from app.clock import Instant
from app.errors import NotFound
from app.live.broadcast import Broadcaster, Known
from app.live.presence import (
    EXPIRY_MS,
    REFRESH_MS,
    Census,
    Counts,
    LocalViewers,
    Presence,
)
from app.live.state import RoomState, RoomStates

COUNT_SECONDS = 1.0
# One would do: what was heard before a read was committed before it.
FRESH_READS = 2
WARN_AGAIN_MS = 60_000
_KEPT_WARNINGS = 1_000

_log = get_logger(__name__)


class Audience:
    """Joins viewers to rooms, and tells them once a second how many they are."""

    def __init__(
        self,
        viewers: LocalViewers,
        states: RoomStates,
        broadcaster: Broadcaster,
        presence: Presence,
    ) -> None:
        """Serve the viewers of this worker."""
        self.viewers = viewers
        self.states = states
        self.broadcaster = broadcaster
        self._presence = presence
        self._census = Census({}, {})
        self._shared: Counts = {}
        self._shared_connections = 0
        self._counted_at = clock.now()
        self._must_look = True
        self._sent: Counts = {}
        self._warned: OrderedDict[str, int] = OrderedDict()

    def join(self, sid: str, share_token: str) -> RoomState:
        """Make a socket a viewer of the token's room; return the state to show.

        The state is of at least what was heard of when it was read, so that no change
        falls between reading it and hearing of the next one.

        Raises:
            NotFound: no room has this share token.
        """
        state = self._known(share_token) or self.states.read(share_token)
        if self.broadcaster.is_watched_by_another_link(state):
            # One of the two links has ended and this worker has not heard of it: the
            # database says whether it is the newcomer's or that of the others.
            state = self.states.read_afresh(share_token)
            self.broadcaster.send_away(str(state.room_id))
        self.broadcaster.leave(sid)
        self.broadcaster.watch(sid, state)
        try:
            return self._believed(state, self.states.read_afresh)
        except NotFound:
            self.broadcaster.leave(sid)
            raise

    def state_for(self, sid: str) -> RoomState:
        """Return the state of the room that a socket watches, from the database.

        Raises:
            NotFound: it watches none.
        """
        room = self.viewers.room_of(sid)
        token = None if room is None else self.broadcaster.token_of(room)
        if token is None:
            raise NotFound("Join a room first.")
        return self._believed(self.states.refreshed(token), self.states.refreshed)

    def count_for_newcomer(self, state: RoomState) -> dict[str, int]:
        """Return the `user-count` for a viewer that has just joined.

        Where it is not what the others were told, all are told at the next second.
        """
        room = str(state.room_id)
        count = self.count(room)
        if self._sent.get(room) != count:
            self._sent.pop(room, None)
        return self.broadcaster.count_payload(room, count)

    def count(self, room: str) -> int:
        """Return how many watch a room over all workers, as far as it is known."""
        elsewhere = self._census.in_room(room) - self._shared.get(room, 0)
        return elsewhere + self.viewers.count(room)

    @property
    def census(self) -> Census:
        """Who watches over all workers, about a second ago."""
        return self._census

    def run(self) -> None:
        """Count once a second until the process ends; Redis may come and go."""
        pause = threading.Event()
        while not pause.wait(COUNT_SECONDS):
            self.take_count()

    def take_count(self) -> None:
        """Share this worker's counts, learn the others', and tell what changed."""
        self._exchange(clock.now())
        counts = {room: self.count(room) for room in self.viewers.counts}
        for room, count in counts.items():
            if self._sent.get(room) != count:
                self.broadcaster.send_count(room, count)
        self._sent = counts

    def look_around(self) -> None:
        """Exchange counts with the others at the next second, changed or not."""
        self._must_look = True

    def withdraw(self) -> None:
        """Take this worker's counts back before it ends."""
        try:
            self._presence.withdraw()
        except redis.RedisError as error:
            _log.info("the counts will expire", error=str(error))

    def _exchange(self, now: Instant) -> None:
        counts, connections = self.viewers.counts, self.viewers.connections
        has_changed = (counts, connections) != (self._shared, self._shared_connections)
        # Somebody's clock that goes back is no reason to wait for it.
        is_due = not 0 <= now - self._counted_at < REFRESH_MS
        if not (has_changed or is_due or self._must_look):
            return
        # Before they are read: what is announced meanwhile is read the next time.
        self._must_look = False
        try:
            self._presence.share(connections, counts, now)
            self._census = self._presence.census(now)
        except redis.RedisError as error:
            self._must_look = True
            _log.debug("counts are not shared", error=str(error))
            if now - self._counted_at > EXPIRY_MS + REFRESH_MS:
                self._census, self._shared = Census({}, {}), {}
        else:
            self._shared, self._shared_connections = counts, connections
            self._counted_at = now

    def _known(self, share_token: str) -> RoomState | None:
        # Trusted only while this worker hears of the room's changes.
        state = self.states.cached(share_token)
        if state is None or not self.broadcaster.is_watched(state):
            return None
        known = self.broadcaster.known(str(state.room_id))
        return None if known.is_beyond(state.revision, state.stamp) else state

    def _believed(self, state: RoomState, ask: Callable[[str], RoomState]) -> RoomState:
        """Return a state of at least what was heard, or else the database's word.

        One that is behind even when it is asked afresh has lost what was heard, or
        what was heard was never true.
        """
        room = str(state.room_id)
        known = self.broadcaster.known(room)
        for _ in range(FRESH_READS):
            if not known.is_beyond(state.revision, state.stamp):
                return state
            known = self.broadcaster.known(room)
            state = ask(state.share_token)
        if known.is_beyond(state.revision, state.stamp):
            self._go_back(state, known)
        return state

    def _go_back(self, state: RoomState, known: Known) -> None:
        room, now = str(state.room_id), clock.now()
        if not self.broadcaster.go_back(state, known):
            return
        if now - self._warned.get(room, -WARN_AGAIN_MS) < WARN_AGAIN_MS:
            return
        self._warned[room] = now
        self._warned.move_to_end(room)
        if len(self._warned) > _KEPT_WARNINGS:
            self._warned.popitem(last=False)
        _log.warning(
            "the database is behind what was heard",
            room=room,
            heard=known.newest,
            revision=state.revision,
        )
