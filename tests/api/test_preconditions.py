"""A command may insist on the revision that its sender saw (`If-Match`)."""

import pytest


def start(api, room, timer, tag):
    path, headers = f"/api/timers/{timer['id']}/start", {"If-Match": tag}
    return api.request("POST", path, token=room.admin_token, headers=headers)


@pytest.mark.parametrize("form", ['"{}"', "{}", 'W/"{}"', '"{}:gzip"'])
def test_a_command_acts_at_the_revision_that_it_names(api, room, timer, form):
    revision = api.state(room.share_token)["revision"]

    assert start(api, room, timer, form.format(revision)).status == 200


def tag_of(api, room):
    return api.request("GET", f"/api/rooms/{room.share_token}").headers["etag"]


def test_a_command_acts_at_the_tag_of_the_state_that_was_fetched(api, room, timer):
    assert start(api, room, timer, tag_of(api, room)).status == 200


def test_a_command_for_another_revision_of_the_same_number_is_refused(api, room, timer):
    assert start(api, room, timer, '"2-aaaaaa"').status == 412
    assert api.state(room.share_token)["revision"] == 2


def test_a_star_matches_whatever_there_is(api, room, timer):
    assert start(api, room, timer, "*").status == 200


@pytest.mark.parametrize("tag", ['"1"', '"99"', '"x"', "-2", '"2", "3"'])
def test_a_command_for_another_revision_changes_nothing(api, room, timer, tag):
    before = api.state(room.share_token)

    refused = start(api, room, timer, tag)

    assert refused.status == 412
    assert refused.json["code"] == "room-moved-on"
    after = api.state(room.share_token)
    assert {**after, "serverTime": 0} == {**before, "serverTime": 0}


def test_of_two_operators_who_saw_the_same_one_is_refused(api, room, timer):
    seen = api.state(room.share_token)["revision"]

    assert start(api, room, timer, f'"{seen}"').status == 200
    pause = f"/api/timers/{timer['id']}/pause"
    late = api.request(
        "POST", pause, token=room.admin_token, headers={"If-Match": f'"{seen}"'}
    )
    assert late.status == 412


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/api/rooms/{room}", {"name": "New"}),
        ("DELETE", "/api/rooms/{room}", None),
        ("POST", "/api/rooms/{room}/share-token", None),
        ("POST", "/api/rooms/{room}/timers", {"title": "New", "duration": 5000}),
        ("POST", "/api/rooms/{room}/timers/reorder", {"timerIds": ["{timer}"]}),
        ("POST", "/api/rooms/{room}/undo", {}),
        ("PUT", "/api/timers/{timer}", {"title": "New"}),
        ("DELETE", "/api/timers/{timer}", None),
        ("POST", "/api/timers/{timer}/pause", None),
        ("POST", "/api/timers/{timer}/reset", None),
    ],
)
def test_every_command_heeds_it(api, room, timer, method, path, body):
    ids = {"room": room.id, "timer": timer["id"]}
    if body and "timerIds" in body:
        body = {"timerIds": [timer["id"]]}

    answer = api.request(
        method,
        path.format(**ids),
        body,
        token=room.admin_token,
        headers={"If-Match": '"77"'},
    )

    assert answer.status == 412
