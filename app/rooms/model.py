"""The tables of rooms: what is stored of a room, its timers and its log."""

import uuid

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.revisions import NO_STAMP, STAMP_LENGTH, new_stamp
from app.rooms.aggregate import (
    MAX_NAME,
    MAX_TITLE,
    new_share_token,
)

_RUNNING = text("status = 'running'")
_NONE_YET = text("0")


class RoomRow(Model):
    """A room; each change of it, or of anything in it, takes its next `revision`.

    Instants are milliseconds since the epoch, UTC. `owner_id` is the subject of the
    owner's tokens and never leaves the server. `current_timer_id` is what the screens
    show; it has no foreign key (docs/decisions/0009). `stamp` is set anew with each
    revision: it tells apart two that have the same number. `log_rows` and `log_bytes`
    count what was ever written to the room's log.
    """

    __tablename__ = "rooms"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    owner_id: Mapped[str] = mapped_column(String(255), index=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    description: Mapped[str] = mapped_column(Text, default="")
    share_token: Mapped[str] = mapped_column(
        String(64), unique=True, default=new_share_token
    )
    current_timer_id: Mapped[uuid.UUID | None] = mapped_column(default=None)
    revision: Mapped[int] = mapped_column(BigInteger, default=1)
    # The defaults are for workers of a version before, while the server is reloaded.
    stamp: Mapped[str] = mapped_column(
        String(STAMP_LENGTH), default=new_stamp, server_default=NO_STAMP
    )
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)
    log_rows: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default=_NONE_YET
    )
    log_bytes: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default=_NONE_YET
    )


class TimerRow(Model):
    """A timer; `revision` is its room's at the timer's latest change.

    Instants are milliseconds since the epoch, UTC; lengths are milliseconds.
    """

    __tablename__ = "timers"
    __table_args__ = (
        CheckConstraint(
            "status IN ('idle', 'running', 'paused', 'finished')", name="status"
        ),
        # What is over, and what ends next, without reading the timers that rest.
        Index(
            "ix_timers_running_ends_at",
            "ends_at",
            postgresql_where=_RUNNING,
            sqlite_where=_RUNNING,
        ),
        Index("ix_timers_room_id_position", "room_id", "position"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    room_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("rooms.id", ondelete="CASCADE")
    )
    title: Mapped[str] = mapped_column(String(MAX_TITLE))
    description: Mapped[str] = mapped_column(Text, default="")
    completion_message: Mapped[str] = mapped_column(Text, default="")
    position: Mapped[int]
    duration: Mapped[int]
    remaining: Mapped[int]
    status: Mapped[str] = mapped_column(String(8))
    started_at: Mapped[int | None] = mapped_column(BigInteger, default=None)
    ends_at: Mapped[int | None] = mapped_column(BigInteger, default=None)
    revision: Mapped[int] = mapped_column(BigInteger)


class RevisionRow(Model):
    """A row of a room's log: who made one of its revisions, and what it changed.

    It outlives its room, so that it has no foreign key. `changes` is as
    `app.rooms.differences` describes it. `noticed_by` says, of what the clock made, who
    noticed that it was due. `number` and `bytes_until` count the log's rows and bytes
    until this one. An undo names the revision that it `undoes` and the command's that
    this comes to, its `origin`; what is undone by now says by which revision.
    """

    __tablename__ = "room_revisions"
    __table_args__ = (Index("ix_room_revisions_at", "at"),)

    room_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str] = mapped_column(String(300))
    command: Mapped[str] = mapped_column(String(40))
    noticed_by: Mapped[str | None] = mapped_column(String(40), default=None)
    changes: Mapped[dict[str, object]] = mapped_column(JSON)
    number: Mapped[int] = mapped_column(BigInteger)
    bytes_until: Mapped[int] = mapped_column(BigInteger)
    undoes: Mapped[int | None] = mapped_column(BigInteger, default=None)
    origin: Mapped[int | None] = mapped_column(BigInteger, default=None)
    undone_by: Mapped[int | None] = mapped_column(BigInteger, default=None)
