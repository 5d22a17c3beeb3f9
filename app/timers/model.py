"""A timer as it is stored."""

import uuid

from sqlalchemy import (
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
from app.instants import Instant, Millis
from app.timers.countdown import Countdown, Status

MAX_TITLE = 200
MAX_DESCRIPTION = 2000
MAX_COMPLETION_MESSAGE = 500
_RUNNING = text("status = 'running'")


class Timer(Model):
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

    @property
    def countdown(self) -> Countdown:
        """The timer's state, as the state machine reads it."""
        return Countdown(
            duration=Millis(self.duration),
            remaining=Millis(self.remaining),
            status=Status(self.status),
            started_at=None if self.started_at is None else Instant(self.started_at),
            ends_at=None if self.ends_at is None else Instant(self.ends_at),
        )

    @countdown.setter
    def countdown(self, state: Countdown) -> None:
        self.duration = state.duration
        self.remaining = state.remaining
        self.status = state.status.value
        self.started_at = state.started_at
        self.ends_at = state.ends_at
