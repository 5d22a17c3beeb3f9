"""`join-room`: what is let in, and what is refused without losing the connection."""

import pytest

from tests.live.refusals import assert_still_answered, refusal_of


def test_a_viewer_with_the_share_token_gets_the_room_as_http_shows_it(
    operator, room, watch
):
    timer = operator.create_timer(room, "Keynote")
    viewer = watch()

    answer = viewer.join(room.share_token)

    assert answer == {"ok": True, "roomId": room.id, "revision": 2}
    shown = viewer.wait_for("room-state").payload
    fetched = operator.state(room.share_token)
    assert shown | {"serverTime": 0} == fetched | {"serverTime": 0}
    assert [each["id"] for each in shown["timers"]] == [timer["id"]]


def test_a_joining_viewer_is_told_how_many_watch(room, watch):
    assert watch(room).wait_for("user-count").payload["count"] == 1


def test_an_unknown_token_is_refused(watch):
    viewer = watch()

    assert refusal_of(viewer, "join-room", {"shareToken": "x" * 24}) == "not-found"

    assert_still_answered(viewer)
    assert viewer.events("room-state") == []


def test_the_id_of_a_room_is_not_its_token(room, watch):
    assert refusal_of(watch(), "join-room", {"shareToken": room.id}) == "not-found"


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        [],
        ["token"],
        "token",
        7,
        True,
        {"shareToken": None},
        {"shareToken": 7},
        {"shareToken": ["token"]},
        {"shareToken": {"$ne": ""}},
        {"shareToken": ""},
        {"shareToken": "   "},
        {"shareToken": "x" * 65},
        {"shareToken": "x" * 10_000},
        {"shareToken": "nul\x00byte"},
        {"shareToken": "half \ud800 pair"},
        {"sharetoken": "token"},
        {"share_token": "token"},
        {"shareToken": "token", "role": "owner"},
        ({"shareToken": "token"}, {"shareToken": "token"}),
    ],
    ids=repr,
)
def test_a_payload_that_is_no_join_is_refused_and_the_connection_stays(watch, payload):
    viewer = watch()

    assert refusal_of(viewer, "join-room", payload) == "invalid-payload"

    assert_still_answered(viewer)


@pytest.mark.parametrize("token", ["' OR 1=1 --", "../../etc/passwd", "%s", "日本"])
def test_a_token_that_could_be_none_is_not_found(watch, token):
    assert refusal_of(watch(), "join-room", {"shareToken": token}) == "not-found"


def test_many_wrong_fields_are_refused_in_few_words(watch):
    viewer = watch()

    answer = viewer.call("join-room", {f"field{n}": 0 for n in range(900)})

    assert answer["error"]["code"] == "invalid-payload"
    assert len(answer["error"]["message"]) < 1_000
    assert_still_answered(viewer)


def test_an_extra_field_is_named_in_the_refusal(room, watch):
    viewer = watch()
    payload = {"shareToken": room.share_token, "role": "owner"}

    assert refusal_of(viewer, "join-room", payload) == "invalid-payload"

    assert "role" in viewer.wait_for("error").payload["message"]
    assert viewer.events("room-state") == []


def test_a_refused_join_leaves_the_viewer_in_its_room(operator, room, watch):
    viewer = watch(room)

    refusal_of(viewer, "join-room", {"shareToken": "x" * 24})
    operator.update_room(room, name="Renamed")

    viewer.wait_until(lambda screen: screen.state()["name"] == "Renamed")


def test_joining_another_room_leaves_the_first(operator, room, watch):
    other = operator.create_room("Foyer")
    mover, stays = watch(room), watch(room)

    mover.join(other.share_token)
    mover.wait_for("room-state", lambda state: state["id"] == other.id)
    since = len(mover.recording)
    operator.update_room(room, name="Nobody told the mover")
    operator.update_room(other, name="Foyer, ground floor")

    stays.wait_for("room-update", lambda update: update["id"] == room.id)
    mover.wait_for("room-update", lambda update: update["id"] == other.id)
    assert {event.payload["id"] for event in mover.events("room-update", since)} == {
        other.id
    }
    stays.wait_for("user-count", lambda count: count["count"] == 1, since=3)


def test_joining_the_same_room_again_counts_once(room, watch):
    viewer, other = watch(room), watch(room)

    for _ in range(3):
        assert viewer.join(room.share_token)["ok"]

    viewer.call("ping")
    assert viewer.events("user-count")[-1].payload["count"] == 2
    other.wait_for("user-count", lambda count: count["count"] == 2)
