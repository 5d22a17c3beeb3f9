"""`ping`, `request-sync` and what nobody knows: each gets its answer."""

import pytest

from app.clock import now
from tests.live.refusals import assert_still_answered, refusal_of
from tests.support.waiting import wait_until


@pytest.mark.parametrize("payload", [None, {}, {"sent": 1}], ids=repr)
def test_a_ping_is_acknowledged_with_the_server_s_clock(watch, payload):
    before = now()

    answer = watch().call("ping", payload)

    assert answer.keys() == {"serverTime"}
    assert before <= answer["serverTime"] <= now()


@pytest.mark.parametrize("payload", [None, {}], ids=repr)
def test_a_ping_without_acknowledgement_is_answered_with_pong(watch, payload):
    viewer, before = watch(), now()

    viewer.emit("ping", payload)

    pong = viewer.wait_for("pong").payload
    assert pong.keys() == {"serverTime"}
    assert before <= pong["serverTime"] <= now()


def test_an_acknowledged_ping_causes_no_pong(watch):
    viewer = watch()

    viewer.call("ping")
    viewer.emit("ping")

    viewer.wait_for("pong")
    assert len(viewer.events("pong")) == 1


@pytest.mark.parametrize("payload", [[], "now", 7, ({}, {})], ids=repr)
def test_a_ping_with_anything_but_an_object_is_refused(watch, payload):
    viewer = watch()

    assert refusal_of(viewer, "ping", payload) == "invalid-payload"

    assert_still_answered(viewer)


@pytest.mark.parametrize("payload", [None, {}, {"revision": 0}], ids=repr)
def test_a_sync_sends_the_whole_state(operator, room, watch, payload):
    viewer = watch(room)
    since = len(viewer.recording)

    answer = viewer.call("request-sync", payload)

    assert answer == {"upToDate": False, "revision": 1}
    state = viewer.wait_for("room-state", since=since).payload
    fetched = operator.state(room.share_token)
    assert state | {"serverTime": 0} == fetched | {"serverTime": 0}


def test_a_sync_at_the_newest_revision_is_only_acknowledged(room, watch):
    viewer = watch(room)
    since = len(viewer.recording)

    answer = viewer.call("request-sync", {"revision": 1})

    assert answer == {"upToDate": True, "revision": 1}
    viewer.call("ping")
    assert viewer.events("room-state", since) == []


@pytest.mark.parametrize("revision", [0, 2, 2**53])
def test_a_sync_at_any_other_revision_sends_the_state(room, watch, revision):
    viewer = watch(room)
    since = len(viewer.recording)

    viewer.emit("request-sync", {"revision": revision})

    assert viewer.wait_for("room-state", since=since).payload["revision"] == 1


@pytest.mark.parametrize(("revision", "restored"), [(0, None), (2, True)])
def test_who_holds_more_than_the_database_is_told_to_drop_it(
    room, watch, revision, restored
):
    viewer = watch(room)
    since = len(viewer.recording)

    viewer.emit("request-sync", {"revision": revision})

    state = viewer.wait_for("room-state", since=since).payload
    assert state.get("restored") is restored


@pytest.mark.parametrize(
    "payload",
    [
        [],
        "1",
        {"revision": "1"},
        {"revision": 1.5},
        {"revision": -1},
        {"revision": True},
        {"revision": 2**60},
        {"revision": [1]},
        {"revision": 1, "extra": 1},
        ({}, {}),
    ],
    ids=repr,
)
def test_a_sync_with_a_strange_revision_is_refused(room, watch, payload):
    viewer = watch(room)

    assert refusal_of(viewer, "request-sync", payload) == "invalid-payload"

    assert_still_answered(viewer)


def test_a_sync_before_joining_is_refused(watch):
    viewer = watch()

    assert refusal_of(viewer, "request-sync") == "not-found"

    assert_still_answered(viewer)


def test_a_sync_after_the_room_is_gone_is_refused(operator, room, watch):
    viewer = watch(room)
    operator.delete_room(room)
    viewer.wait_for("room-deleted")

    assert refusal_of(viewer, "request-sync") == "not-found"


@pytest.mark.parametrize(
    "event", ["start", "timer-update", "room-state", "leave-room", "x" * 100, "日本"]
)
def test_an_unknown_event_is_refused_and_the_connection_stays(watch, event):
    viewer = watch()

    assert refusal_of(viewer, event, {"id": 1}) == "unknown-event"

    assert_still_answered(viewer)


def test_what_a_viewer_sends_is_never_passed_on(room, watch):
    loud, quiet = watch(room), watch(room)
    since = len(quiet.recording)

    loud.emit("timer-update", {"id": "forged", "revision": 10**9})
    loud.emit("room-deleted", {"id": room.id})
    wait_until(lambda: len(loud.events("error")) == 2, "both are refused")
    quiet.call("ping")

    told = {event.name for event in quiet.events(since=since)}
    assert told <= {"user-count"}
