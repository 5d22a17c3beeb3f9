"""Who watches: each worker counts its own viewers and shares the counts.

A worker's counts expire in Redis unless it renews them, so that the viewers of a
killed worker disappear by themselves. What changed is shared and announced at once;
what did not is renewed now and then.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Protocol

import redis

from app.clock import Instant, Millis
from app.errors import NotFound
from app.transport.messages import RECOUNT

EXPIRY_MS = Millis(11_000)
# A killed worker's viewers are counted for as long as both together.
REFRESH_MS = Millis(4_000)
_PREFIX = "live-timer:presence"
_CONNECTIONS = "connections"

Counts = dict[str, int]


@dataclass(frozen=True)
class Census:
    """Who watches, over all workers.

    Attributes:
        connections: sockets by worker, those in no room included.
        viewers: viewers by worker and room.
    """

    connections: Counts
    viewers: dict[str, Counts]

    def in_room(self, room: str) -> int:
        """Return how many watch a room."""
        return sum(rooms.get(room, 0) for rooms in self.viewers.values())

    def by_room(self) -> Counts:
        """Return how many watch each room."""
        total: Counter[str] = Counter()
        for rooms in self.viewers.values():
            total.update(rooms)
        return dict(total)


@dataclass
class LocalViewers:
    """The sockets of this worker, and which room each watches.

    Some are away: they watch, are told everything, and are not counted.
    """

    _room_of: dict[str, str | None] = field(default_factory=dict)
    _in_room: Counter[str] = field(default_factory=Counter)
    _away: set[str] = field(default_factory=set)
    _away_from: Counter[str] = field(default_factory=Counter)

    def connect(self, sid: str) -> None:
        """Count a socket that watches nothing yet."""
        self._room_of.setdefault(sid, None)

    def join(self, sid: str, room: str) -> None:
        """Count a socket as a viewer of `room`, and of no other.

        Raises:
            NotFound: the socket is gone.
        """
        if sid not in self._room_of:
            raise NotFound("The connection is gone.")
        self.leave(sid)
        self._room_of[sid] = room
        self._in_room[room] += 1
        if sid in self._away:
            self._away_from[room] += 1

    def leave(self, sid: str) -> None:
        """Count a socket as watching nothing."""
        room = self._room_of.get(sid)
        if room is None:
            return
        self._room_of[sid] = None
        _subtract(self._in_room, room)
        if sid in self._away:
            _subtract(self._away_from, room)

    def disconnect(self, sid: str) -> None:
        """Forget a socket."""
        self.leave(sid)
        self._room_of.pop(sid, None)
        self._away.discard(sid)

    def note_presence(self, sid: str, here: bool) -> None:
        """Count a socket, or do not, for its client is away."""
        if sid not in self._room_of or here == (sid not in self._away):
            return
        room = self._room_of[sid]
        if here:
            self._away.discard(sid)
        else:
            self._away.add(sid)
        if room is not None and here:
            _subtract(self._away_from, room)
        elif room is not None:
            self._away_from[room] += 1

    def room_of(self, sid: str) -> str | None:
        """Return the room that a socket watches."""
        return self._room_of.get(sid)

    def viewers_of(self, room: str) -> list[str]:
        """Return the sockets that watch a room."""
        return [sid for sid, watched in self._room_of.items() if watched == room]

    def in_room(self, room: str) -> int:
        """Return how many watch a room, those who are away included."""
        return self._in_room[room]

    def count(self, room: str) -> int:
        """Return how many watch a room and are here."""
        return self._in_room[room] - self._away_from[room]

    @property
    def sockets(self) -> list[str]:
        """Every socket of this worker."""
        return list(self._room_of)

    @property
    def total(self) -> int:
        """How many watch any room and are here."""
        return self._in_room.total() - self._away_from.total()

    @property
    def connections(self) -> int:
        """How many sockets there are, those in no room included."""
        return len(self._room_of)

    @property
    def counts(self) -> Counts:
        """How many watch each room and are here."""
        return dict(self._in_room - self._away_from)


def _subtract(counts: Counter[str], room: str) -> None:
    counts[room] -= 1
    if not counts[room]:
        del counts[room]


class Presence(Protocol):
    """Where workers share their counts."""

    def share(self, connections: int, counts: Counts, now: Instant) -> None:
        """Make this worker's counts known until they expire; announce a change.

        Raises:
            redis.RedisError: they could not be shared.
        """

    def census(self, now: Instant) -> Census:
        """Return the counts of every live worker.

        Raises:
            redis.RedisError: they could not be read.
        """

    def withdraw(self) -> None:
        """Take this worker's counts back, for it is about to end.

        Raises:
            redis.RedisError: they could not be taken back; they will expire.
        """


class ProcessPresence:
    """The counts of the only worker there is."""

    def __init__(self, worker: str) -> None:
        """Count for `worker`."""
        self._worker = worker
        self._census = Census({}, {})

    def share(self, connections: int, counts: Counts, now: Instant) -> None:  # noqa: ARG002 - the protocol's signature
        """Keep the counts; a process cannot outlive itself, so they do not expire."""
        self._census = Census({self._worker: connections}, {self._worker: counts})

    def census(self, now: Instant) -> Census:  # noqa: ARG002 - the protocol's signature
        """Return the counts that were shared last."""
        return self._census

    def withdraw(self) -> None:
        """Forget the counts."""
        self._census = Census({}, {})


class RedisPresence:
    """Counts in Redis: a hash for each worker, and an index of workers by time."""

    def __init__(self, worker: str, client: "redis.Redis", channel: str) -> None:
        """Count for `worker`, over a client whose time-outs bound every call.

        Changes are announced on `channel`, where workers hear each other.
        """
        self._worker = worker
        self._redis = client
        self._channel = channel
        self._announced: dict[Any, Any] = {}

    def share(self, connections: int, counts: Counts, now: Instant) -> None:
        """Replace this worker's counts and put off their expiry."""
        key = f"{_PREFIX}:{self._worker}"
        fields: dict[Any, Any] = {**counts, _CONNECTIONS: connections}
        with self._redis.pipeline() as pipe:
            pipe.delete(key)
            pipe.hset(key, mapping=fields)
            pipe.pexpire(key, EXPIRY_MS)
            pipe.zadd(_PREFIX, {self._worker: now})
            pipe.zremrangebyscore(_PREFIX, 0, now - EXPIRY_MS)
            if fields != self._announced:
                pipe.publish(self._channel, RECOUNT)
            pipe.execute()
        self._announced = fields

    def census(self, now: Instant) -> Census:
        """Read the counts of every worker that shared its own lately."""
        alive = f"({now - EXPIRY_MS}"
        names: list[bytes] = self._redis.zrangebyscore(_PREFIX, alive, "+inf")  # type: ignore[assignment] # without scores
        workers = [name.decode() for name in names]
        with self._redis.pipeline(transaction=False) as pipe:
            for worker in workers:
                pipe.hgetall(f"{_PREFIX}:{worker}")
            hashes = pipe.execute()
        viewers = {
            worker: {name.decode(): int(count) for name, count in counts.items()}
            for worker, counts in zip(workers, hashes, strict=True)
            if counts
        }
        connections = {
            worker: rooms.pop(_CONNECTIONS, 0) for worker, rooms in viewers.items()
        }
        return Census(connections, viewers)

    def withdraw(self) -> None:
        """Remove this worker's counts."""
        with self._redis.pipeline() as pipe:
            pipe.delete(f"{_PREFIX}:{self._worker}")
            pipe.zrem(_PREFIX, self._worker)
            pipe.publish(self._channel, RECOUNT)
            pipe.execute()
