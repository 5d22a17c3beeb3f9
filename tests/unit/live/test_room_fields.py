"""A state is what its schema says, though marshmallow does not dump its timers."""

import uuid
from dataclasses import asdict

import pytest

from app.live.schemas import RoomStateSchema, room_fields
from app.rooms import countdown
from app.rooms.aggregate import Room, Timer

ROOM = uuid.uuid4()


def timer(position, state):
    return Timer(
        id=uuid.uuid4(),
        room_id=ROOM,
        title="Grüße 🎬",
        description="",
        completion_message="Thank you",
        position=position,
        **asdict(state),
        revision=7,
    )


@pytest.mark.parametrize("count", [0, 2])
def test_a_state_is_what_its_schema_dumps(count):
    room = Room(
        id=ROOM,
        owner_id="ada",
        name="Hall",
        description="Upstairs",
        share_token="a-token",
        current_timer_id=None,
        revision=9,
        stamp="000000",
        created_at=1,
        updated_at=2,
    )
    idle = countdown.fresh(60_000)
    timers = [timer(0, idle), timer(1, countdown.start(idle, 5))][:count]
    shown = {
        name: getattr(room, name)
        for name in RoomStateSchema().fields
        if name not in ("timers", "server_time")
    }

    dumped = RoomStateSchema(exclude=("server_time",)).dump({**shown, "timers": timers})
    assert room_fields(room, timers) == dumped
