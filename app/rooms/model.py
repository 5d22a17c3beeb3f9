"""A room: what belongs together on stage, and the one sequence of its changes."""

import secrets
import uuid

from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.revisions import NO_STAMP, STAMP_LENGTH, new_stamp

MAX_NAME = 100
MAX_DESCRIPTION = 2000
_SHARE_TOKEN_BYTES = 18


def new_share_token() -> str:
    """Return an unguessable token of 144 bits, safe in a URL."""
    return secrets.token_urlsafe(_SHARE_TOKEN_BYTES)


class Room(Model):
    """A room; each change of it, or of anything in it, takes its next `revision`.

    Instants are milliseconds since the epoch, UTC. `owner_id` is the subject of the
    owner's tokens and never leaves the server. `current_timer_id` is what the
    screens show; it has no foreign key because the rooms feature, which owns the
    column, does not know the timers feature: `delete_timer` clears it. `stamp` is set
    anew with each revision: it tells apart two that have the same number.
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
    # The default is for workers of a version before, while the server is reloaded.
    stamp: Mapped[str] = mapped_column(
        String(STAMP_LENGTH), default=new_stamp, server_default=NO_STAMP
    )
    created_at: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[int] = mapped_column(BigInteger)
