"""Whether commands work, and how each dependency does."""

from dataclasses import dataclass

from sqlalchemy import text

from app.config import Settings
from app.db.engine import AWAY
from app.extensions import db, wired
from app.transport.broadcasts import Manager


@dataclass(frozen=True)
class Health:
    """The state of the server.

    Attributes:
        status: `ok`, `degraded` (commands work, something else does not) or `down`.
        database: `up` or `down`.
        redis: `up`, `down`, or `none` where the server runs without it.
    """

    status: str
    database: str
    redis: str

    @property
    def http_status(self) -> int:
        """503 only when commands cannot work."""
        return 503 if self.status == "down" else 200


def check() -> Health:
    """Ask the database; of Redis, tell what its own connection last saw."""
    database, redis = _database(), _redis()
    if database == "down":
        return Health("down", database, redis)
    return Health("degraded" if redis == "down" else "ok", database, redis)


def _database() -> str:
    try:
        db.session.execute(text("SELECT 1"))
    except AWAY:
        return "down"
    return "up"


def _redis() -> str:
    settings: Settings = wired("settings")
    if settings.redis_url is None:
        return "none"
    manager: Manager = wired("manager")
    return "up" if manager.connected else "down"
