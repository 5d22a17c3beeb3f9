"""Rooms that are full: what would take hundreds of requests to bring about."""

import uuid
from typing import Any

from flask import Flask

from app.extensions import db
from app.rooms.model import TimerRow
from tests.support.api import Room


def add_timers(app: Flask, room: Room, count: int, **texts: str) -> list[str]:
    """Append idle timers with these texts, whatever bounds say; return their ids."""
    fields: dict[str, Any] = {
        "title": "Talk",
        "description": "",
        "completion_message": "",
        **texts,
    }
    with app.app_context():
        timers = [
            TimerRow(
                room_id=uuid.UUID(room.id),
                position=position,
                duration=60_000,
                remaining=60_000,
                status="idle",
                revision=1,
                **fields,
            )
            for position in range(count)
        ]
        db.session.add_all(timers)
        db.session.commit()
        return [str(timer.id) for timer in timers]
