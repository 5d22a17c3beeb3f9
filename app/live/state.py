"""The state of a room as screens show it: read and encoded once per revision."""

import re
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from sqlalchemy import select

from app import clock
from app.caches import ByteBoundedCache
from app.compression import GzipTail
from app.errors import NotFound
from app.extensions import db
from app.live.schemas import room_fields
from app.rooms.model import RoomRow, TimerRow
from app.transport import packets
from app.transport.packets import Encoded

# The states of some hundred ordinary rooms, or of a dozen that are full.
KEPT_BYTES = 16 * 1024 * 1024
_SHARE_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class RoomState:
    """A room at one revision.

    Attributes:
        room_id: the room.
        share_token: what its viewers hold.
        revision: the revision that the payload shows.
        stamp: that revision's stamp.
        payload: the encoded `room-state`, but for `serverTime`.
        gzip: the payload's tail, compressed once for all who ask over HTTP.
    """

    room_id: uuid.UUID
    share_token: str
    revision: int
    stamp: str
    payload: Encoded
    gzip: GzipTail = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the compression, which happens when it is first asked for."""
        object.__setattr__(self, "gzip", GzipTail(self.payload.tail))

    def stamped(self, *, restored: bool = False) -> Encoded:
        """Return the payload as it is sent now, with the server's clock in it.

        With `restored` it says that the database went back.
        """
        payload = self.payload.with_field("serverTime", clock.now())
        return payload.with_field("restored", True) if restored else payload

    def size(self) -> int:
        """Return how many bytes it takes to keep it, compressed form included."""
        return 2 * len(self.payload.tail)


class RoomStates:
    """This worker's room states: a hall that joins at once costs one read."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._states: ByteBoundedCache[str, RoomState] = ByteBoundedCache(KEPT_BYTES)
        self._reads: dict[str, Future[RoomState]] = {}

    def cached(self, share_token: str) -> RoomState | None:
        """Return the state that was read last, however old it is."""
        return self._states.get(share_token)

    def current(self, share_token: str) -> RoomState:
        """Return the state as the database has it; encodes only what is new.

        Raises:
            NotFound: no room has this share token.
        """
        cached = self._states.get(share_token)
        if cached is not None:
            newest = _revision_of(share_token)
            if newest == (cached.revision, cached.stamp):
                return cached
        return self.read_afresh(share_token)

    def read(self, share_token: str) -> RoomState:
        """Read the state from the database; callers at the same time share one read.

        Raises:
            NotFound: no room has this share token.
        """
        return self._shared(f"read {share_token}", lambda: self._read(share_token))

    def read_afresh(self, share_token: str) -> RoomState:
        """Read the state as `read` does, but by no read that began before this call.

        Raises:
            NotFound: no room has this share token.
        """
        key = f"read {share_token}"
        return self._shared_afresh(key, lambda: self._read(share_token))

    def refreshed(self, share_token: str) -> RoomState:
        """Return `current`, sharing the question with callers at the same time.

        Raises:
            NotFound: no room has this share token.
        """
        key = f"current {share_token}"
        return self._shared_afresh(key, lambda: self.current(share_token))

    def forget(self, share_token: str) -> None:
        """Drop what was read, for the token has ended."""
        self._states.pop(share_token)

    def _read(self, share_token: str) -> RoomState:
        try:
            state = _read_state(share_token)
        except NotFound:
            self.forget(share_token)
            raise
        self._states.put(share_token, state, state.size())
        return state

    def _shared_afresh(self, key: str, read: Callable[[], RoomState]) -> RoomState:
        under_way = self._reads.get(key)
        if under_way is not None:
            # It was asked before whatever the caller may have changed since.
            under_way.exception()
        return self._shared(key, read)

    def _shared(self, key: str, read: Callable[[], RoomState]) -> RoomState:
        under_way = self._reads.get(key)
        if under_way is not None:
            return under_way.result()
        future = self._reads[key] = Future()
        try:
            state = read()
        except BaseException as error:
            future.set_exception(error)
            raise
        else:
            future.set_result(state)
            return state
        finally:
            del self._reads[key]


def _revision_of(share_token: str) -> tuple[int, str]:
    found = select(RoomRow.revision, RoomRow.stamp).where(
        RoomRow.share_token == share_token
    )
    row = db.session.execute(found).first()
    db.session.rollback()
    if row is None:
        raise NotFound
    return row.revision, row.stamp


def _read_state(share_token: str) -> RoomState:
    if not _SHARE_TOKEN.fullmatch(share_token):
        raise NotFound
    # One statement is one snapshot: the revision and the timers belong together.
    rows = db.session.execute(
        select(RoomRow, TimerRow)
        .outerjoin(TimerRow, TimerRow.room_id == RoomRow.id)
        .where(RoomRow.share_token == share_token)
        .order_by(TimerRow.position, TimerRow.id)
        .execution_options(populate_existing=True)
    ).all()
    if not rows:
        raise NotFound
    room: RoomRow = rows[0][0]
    found: list[TimerRow | None] = [row[1] for row in rows]
    payload = room_fields(room, [timer for timer in found if timer is not None])
    state = RoomState(
        room.id,
        room.share_token,
        room.revision,
        room.stamp,
        Encoded(packets.dumps(payload)),
    )
    db.session.rollback()
    return state
