"""Bring viewers to what the database holds: the newest, or what is left after a loss.

Every few seconds, and whenever the connection to Redis is back, a worker compares what
its viewers were told with the database, in one query. This is what makes every screen
converge when Redis is away, a message was lost, or a worker died between its commit
and its broadcast; and when the database went back, by a restore or a failover.
"""

import threading
import uuid
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import bindparam, select
from structlog import get_logger

from app.db.engine import AWAY
from app.errors import NotFound
from app.extensions import db
from app.live.broadcast import Broadcaster, Known
from app.live.state import RoomState, RoomStates
from app.rooms.model import RoomRow

INTERVAL_SECONDS = 3.0
# A message of a change that the query already saw may be on its way: not yet lost.
GRACE_SECONDS = 0.3
# How often a state is read again that news of the room has overtaken.
READS = 3

# Made once, and asked without a session: it is asked for as long as the worker lives.
_STORED = select(
    RoomRow.id, RoomRow.revision, RoomRow.share_token, RoomRow.stamp
).where(RoomRow.id.in_(bindparam("rooms", expanding=True)))

_log = get_logger(__name__)


@dataclass(frozen=True)
class Stored:
    """What the database says of a room."""

    revision: int
    share_token: str
    stamp: str


@dataclass(frozen=True)
class Suspect:
    """A watched room of which the database and what is known differ.

    Attributes:
        stored: what the database says, None where the room is gone.
        lost: whether it lacks what was known before it was asked.
    """

    stored: Stored | None
    lost: bool


Suspects = dict[str, Suspect]


class Reconciler:
    """Compares this worker's watched rooms with the database."""

    def __init__(
        self, app: Flask, broadcaster: Broadcaster, states: RoomStates
    ) -> None:
        """Reconcile the rooms that `broadcaster` has viewers of."""
        self._app = app
        self._broadcaster = broadcaster
        self._states = states
        self._woken = threading.Event()

    def wake(self) -> None:
        """Reconcile now rather than at the next turn: messages may have been lost."""
        self._woken.set()

    def run(self) -> None:
        """Reconcile until the process ends; the database may come and go."""
        pause = threading.Event()
        while True:
            self._woken.wait(INTERVAL_SECONDS)
            self._woken.clear()
            try:
                suspects = self.behind()
                if suspects:
                    pause.wait(GRACE_SECONDS)
                    self.catch_up(suspects)
            except AWAY as error:
                _log.warning("reconciling waits for the database", error=str(error))

    def behind(self) -> Suspects:
        """Return the watched rooms whose viewers do not know what the database has.

        A room that is no longer there is among them, as None.
        """
        # Noted before the database is asked: news that comes meanwhile is no loss.
        watched = self._broadcaster.watched()
        if not watched:
            return {}
        stored = self._stored(list(watched))
        return {
            room: suspect
            for room, (known, token) in watched.items()
            if (suspect := _suspect(known, token, stored.get(room))) is not None
        }

    def catch_up(self, suspects: Suspects) -> None:
        """Tell the viewers of the rooms that still do not know what `suspects` says."""
        watched = self._broadcaster.watched()
        went_back = [
            room
            for room, suspect in suspects.items()
            if room in watched and self._told_to_go_back(room, suspect, *watched[room])
        ]
        if went_back:
            _log.warning(
                "the database went back", rooms=len(went_back), first=went_back[0]
            )

    def _told_to_go_back(
        self, room: str, suspect: Suspect, known: Known, token: str
    ) -> bool:
        stored = suspect.stored
        if stored is None:
            self._broadcaster.send_deleted(room, known.newest + 1)
        elif stored.share_token != token:
            self._broadcaster.send_away(room)
        elif suspect.lost or known.revision < stored.revision:
            return self._send_state(room, token)
        return False

    def _send_state(self, room: str, share_token: str) -> bool:
        """Send a room's state; answer whether it was one to go back to."""
        for _ in range(READS):
            known = self._broadcaster.known(room)
            state = self._read(share_token)
            if state is None:
                return False
            if not known.is_beyond(state.revision, state.stamp):
                if known.revision < state.revision:
                    self._broadcaster.send_state(state)
                return False
            if self._broadcaster.go_back(state, known):
                return True
        # So busy that each read was overtaken: the next turn tells.
        return False

    def _read(self, share_token: str) -> RoomState | None:
        try:
            with self._app.app_context():
                return self._states.refreshed(share_token)
        except NotFound:
            # Deleted or revoked since the query: the next turn tells.
            return None

    def _stored(self, rooms: list[str]) -> dict[str, Stored]:
        wanted = [uuid.UUID(room) for room in rooms]
        with self._app.app_context():
            engine = db.engine
        if engine.dialect.name == "postgresql":
            # A statement by itself: BEGIN and ROLLBACK would be two more round trips.
            engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            rows = connection.execute(_STORED, {"rooms": wanted}).all()
        return {
            str(row.id): Stored(row.revision, row.share_token, row.stamp)
            for row in rows
        }


def _suspect(known: Known, token: str, stored: Stored | None) -> Suspect | None:
    if stored is None:
        return Suspect(None, lost=True)
    lost = known.is_beyond(stored.revision, stored.stamp)
    behind = stored.revision > known.revision or stored.share_token != token
    return Suspect(stored, lost) if lost or behind else None
