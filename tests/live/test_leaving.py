"""Viewers are sent away when their link ends, and told when their room does."""

from tests.live.refusals import assert_still_answered, refusal_of


def rotate(operator, room):
    path = f"/api/rooms/{room.id}/share-token"
    return operator.request("POST", path, token=room.admin_token).json["shareToken"]


def test_a_revoked_link_sends_its_viewers_away(operator, room, watch):
    viewer = watch(room)

    rotate(operator, room)

    error = viewer.wait_for("error").payload
    assert error.keys() == {"code", "message"}
    assert error["code"] == "share-token-revoked"
    assert_still_answered(viewer)


def test_who_was_sent_away_hears_no_more(operator, room, watch):
    away, witness = watch(room), watch()
    token = rotate(operator, room)
    away.wait_for("error")
    witness.join(token)
    since = len(away.recording)

    operator.update_room(room, name="Behind closed doors")

    witness.wait_for("room-update")
    away.call("ping")
    assert away.events(since=since) == []
    assert refusal_of(away, "request-sync") == "not-found"


def test_the_new_token_is_not_told_to_those_who_held_the_old(operator, room, watch):
    viewer = watch(room)

    token = rotate(operator, room)

    viewer.wait_for("error")
    assert token not in str(viewer.events())


def test_the_old_token_opens_nothing_and_the_new_one_does(operator, room, watch):
    token = rotate(operator, room)
    viewer = watch()
    old = {"shareToken": room.share_token}

    assert refusal_of(viewer, "join-room", old) == "not-found"
    assert operator.request("GET", f"/api/rooms/{room.share_token}").status == 404
    assert viewer.join(token) == {"ok": True, "roomId": room.id, "revision": 2}


def test_a_deleted_room_says_goodbye_to_its_viewers(operator, room, watch):
    viewer = watch(room)

    operator.delete_room(room)

    payload = viewer.wait_for("room-deleted").payload
    assert payload.keys() == {"id", "revision", "serverTime"}
    assert (payload["id"], payload["revision"]) == (room.id, 2)
    assert_still_answered(viewer)


def test_a_deleted_room_cannot_be_joined(operator, room, watch):
    viewer = watch(room)
    operator.delete_room(room)
    viewer.wait_for("room-deleted")

    token = {"shareToken": room.share_token}

    assert refusal_of(viewer, "join-room", token) == "not-found"


def test_a_viewer_of_a_deleted_room_can_join_another(operator, room, watch):
    viewer = watch(room)
    operator.delete_room(room)
    viewer.wait_for("room-deleted")
    other = operator.create_room("Foyer")

    assert viewer.join(other.share_token)["ok"]
    operator.update_room(other, name="Foyer, ground floor")

    viewer.wait_for("room-update", lambda update: update["id"] == other.id)
