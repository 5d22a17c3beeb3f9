"""Bring viewers up to date that a lost message left behind.

Every few seconds, and whenever the connection to Redis is back, a worker compares what
its viewers were told with the database, in one query. This is what makes every screen
converge when Redis is away, a message was lost, or a worker died between its commit
and its broadcast.
"""

import threading
import uuid

from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from structlog import get_logger

from app.errors import NotFound
from app.extensions import db
from app.live.broadcast import Broadcaster
from app.live.state import RoomStates
from app.rooms.model import Room

INTERVAL_SECONDS = 3.0
# A message of a change that the query already saw may be on its way: not yet lost.
GRACE_SECONDS = 0.3

_log = get_logger(__name__)

Revisions = dict[str, tuple[int, str]]


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
            except (OperationalError, InterfaceError, PoolTimeoutError) as error:
                _log.warning("reconciling waits for the database", error=str(error))

    def behind(self) -> Revisions:
        """Return the watched rooms whose viewers do not know the database's revision.

        A room that is no longer there is among them, with revision 0.
        """
        watched = self._broadcaster.watched()
        if not watched:
            return {}
        stored = self._stored(list(watched))
        return {
            room: stored.get(room, (0, ""))
            for room, (revision, token) in watched.items()
            if room not in stored
            or stored[room][0] > revision
            or stored[room][1] != token
        }

    def catch_up(self, suspects: Revisions) -> None:
        """Send the state of the rooms that are still behind `suspects`' revisions."""
        watched = self._broadcaster.watched()
        for room, (revision, token) in suspects.items():
            if room not in watched:
                continue
            told, told_token = watched[room]
            if not revision:
                self._broadcaster.send_deleted(room, told + 1)
            elif token != told_token:
                self._broadcaster.send_away(room)
            elif told < revision:
                self._send_state(token)

    def _send_state(self, share_token: str) -> None:
        try:
            with self._app.app_context():
                self._broadcaster.send_state(self._states.current(share_token))
        except NotFound:
            # Deleted or revoked since the query: the next turn tells.
            return

    def _stored(self, rooms: list[str]) -> Revisions:
        wanted = [uuid.UUID(room) for room in rooms]
        with self._app.app_context():
            rows = db.session.execute(
                select(Room.id, Room.revision, Room.share_token).where(
                    Room.id.in_(wanted)
                )
            ).all()
        return {str(row.id): (row.revision, row.share_token) for row in rows}
