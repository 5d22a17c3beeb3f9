"""What every event of a room holds, and what none may hold."""

import base64
import json

import pytest

from app.clock import now
from tests.live.show import COMMANDS, Show
from tests.support.viewers import Viewer

ROOM_EVENTS = {
    "room-state",
    "room-update",
    "room-deleted",
    "timer-created",
    "timer-update",
    "timer-deleted",
    "timer-finished",
    "user-count",
}
TIMER_FIELDS = {
    "id",
    "roomId",
    "title",
    "description",
    "completionMessage",
    "position",
    "duration",
    "remaining",
    "status",
    "startedAt",
    "endsAt",
    "revision",
}
ROOM_FIELDS = {
    "id",
    "name",
    "description",
    "shareToken",
    "currentTimerId",
    "revision",
    "createdAt",
    "updatedAt",
}
FIELDS = {
    "room-state": ROOM_FIELDS | {"timers", "serverTime"},
    "room-update": ROOM_FIELDS | {"serverTime"},
    "room-deleted": {"id", "revision", "serverTime"},
    "timer-created": TIMER_FIELDS | {"updatedAt", "serverTime"},
    "timer-update": TIMER_FIELDS | {"updatedAt", "serverTime"},
    "timer-finished": TIMER_FIELDS | {"updatedAt", "serverTime"},
    "timer-deleted": {"id", "roomId", "revision", "updatedAt", "serverTime"},
    "user-count": {"count", "revision", "serverTime"},
}


@pytest.fixture(scope="module")
def show(live_server):
    return Show(live_server.api(), live_server.api().create_room("Main stage"))


@pytest.fixture(scope="module")
def viewers(live_server, show):
    """Two viewers who saw a whole show, up to the end of its room."""
    with (
        Viewer(live_server.base_url, ["websocket"]) as one,
        Viewer(live_server.base_url, ["websocket"]) as other,
    ):
        for viewer in (one, other):
            viewer.join(show.room.share_token)
        play(show, one, other)
        yield [one, other]


def play(show, *viewers):
    for name in ("create a timer", "start another timer", "reorder the timers"):
        COMMANDS[name](show)
    show.start("Greeting")
    show.delete("Panel")
    for viewer in viewers:
        viewer.wait_for("timer-finished")
    show.api.delete_room(show.room)
    for viewer in viewers:
        viewer.wait_for("room-deleted")


def room_events(viewer):
    return [event for event in viewer.events() if event.name in ROOM_EVENTS]


def test_a_show_brings_every_event_there_is(viewers):
    for viewer in viewers:
        assert {event.name for event in room_events(viewer)} == ROOM_EVENTS


def test_every_event_carries_the_revision_and_the_server_s_time(viewers):
    started = now() - 60_000
    for event in room_events(viewers[0]):
        assert type(event.payload["revision"]) is int, event
        assert started < event.payload["serverTime"] <= event.at + 1, event


def test_every_event_has_its_fields_and_no_others(viewers):
    for event in room_events(viewers[0]):
        assert event.payload.keys() == FIELDS[event.name], event
        for timer in event.payload.get("timers", []):
            assert timer.keys() == TIMER_FIELDS


def test_revisions_never_go_back(viewers):
    for viewer in viewers:
        revisions = [event.payload["revision"] for event in room_events(viewer)]
        assert revisions == sorted(revisions)


def test_all_instants_and_lengths_are_whole_milliseconds(viewers):
    names = {"duration", "remaining", "startedAt", "endsAt", "serverTime", "createdAt"}
    for event in room_events(viewers[0]):
        for name in names & event.payload.keys():
            assert isinstance(event.payload[name], int | None), event


def test_a_finish_is_told_once_with_its_update(viewers):
    for viewer in viewers:
        (finished,) = viewer.events("timer-finished")
        updates = [event.payload for event in viewer.events("timer-update")]
        told = {k: v for k, v in finished.payload.items() if k != "serverTime"}
        assert told in [
            {k: v for k, v in update.items() if k != "serverTime"} for update in updates
        ]


def test_no_event_tells_who_owns_the_room_or_who_else_watches(show, viewers):
    owner = subject_of(show.room.admin_token)
    ids = [viewer.client.get_sid() for viewer in viewers]
    secrets = [owner, show.room.admin_token, "owner", "127.0.0.1", *ids]
    for viewer in viewers:
        received = json.dumps([event.payload for event in room_events(viewer)])
        for secret in secrets:
            assert secret not in received, secret


def subject_of(token):
    body = token.split(".")[1]
    padded = body + "=" * (-len(body) % 4)
    return json.loads(base64.urlsafe_b64decode(padded))["sub"]
