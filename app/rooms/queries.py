"""What is asked about rooms without changing them."""

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select

from app.clock import Instant
from app.extensions import db
from app.rooms.model import RoomRow, TimerRow


def owned_rooms(
    owner_id: str, page: int, page_size: int
) -> tuple[Sequence[RoomRow], int]:
    """Return one page of an owner's rooms, newest first, and how many there are."""
    owned = select(RoomRow).where(RoomRow.owner_id == owner_id)
    total = db.session.scalar(select(func.count()).select_from(owned.subquery()))
    rooms = db.session.scalars(
        owned.order_by(RoomRow.created_at.desc(), RoomRow.id)
        .limit(page_size)
        .offset((page - 1) * page_size)
    )
    return rooms.all(), total or 0


def unused_rooms(since: Instant) -> Sequence[uuid.UUID]:
    """Return the rooms in which nothing changed since an instant, and nothing runs."""
    running = select(TimerRow.room_id).where(TimerRow.status == "running")
    found = select(RoomRow.id).where(
        RoomRow.updated_at < since, RoomRow.id.not_in(running)
    )
    ids = db.session.scalars(found).all()
    db.session.rollback()
    return ids


def all_rooms() -> Sequence[uuid.UUID]:
    """Return every room."""
    ids = db.session.scalars(select(RoomRow.id).order_by(RoomRow.id)).all()
    db.session.rollback()
    return ids
