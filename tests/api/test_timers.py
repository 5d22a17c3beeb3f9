"""Timers are created, edited, ordered and deleted."""

import uuid

import pytest

from tests.api.full_rooms import add_timers

FIELDS = {
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


def titles(api, room):
    return [timer["title"] for timer in api.state(room.share_token)["timers"]]


def reorder(api, room, timers, token=None):
    path = f"/api/rooms/{room.id}/timers/reorder"
    body = {"timerIds": [timer["id"] for timer in timers]}
    return api.request("POST", path, body, token or room.admin_token)


def test_a_new_timer_is_idle_with_its_full_duration(api, room):
    timer = api.create_timer(
        room,
        " Opening ",
        90_000,
        description="With music",
        completionMessage="Time is up",
    )

    assert set(timer) == FIELDS
    assert timer["roomId"] == room.id
    assert timer["title"] == "Opening"
    assert timer["description"] == "With music"
    assert timer["completionMessage"] == "Time is up"
    assert (timer["duration"], timer["remaining"]) == (90_000, 90_000)
    assert (timer["status"], timer["startedAt"], timer["endsAt"]) == (
        "idle",
        None,
        None,
    )
    assert timer["revision"] == 2


def test_a_creation_answers_201(api, room):
    body = {"title": "Opening", "duration": 1000}
    path = f"/api/rooms/{room.id}/timers"

    assert api.request("POST", path, body, room.admin_token).status == 201


@pytest.mark.parametrize("duration", [1_000, 86_400_000])
def test_the_shortest_and_the_longest_duration_are_accepted(api, room, duration):
    assert api.create_timer(room, duration=duration)["remaining"] == duration


def test_new_timers_are_appended(api, room):
    for title in ("One", "Two", "Three"):
        api.create_timer(room, title)

    assert titles(api, room) == ["One", "Two", "Three"]


def test_a_timer_is_appended_after_the_last_even_when_others_are_gone(api, room):
    first, _, _ = [api.create_timer(room, title) for title in ("One", "Two", "Three")]
    api.delete_timer(room, first)
    api.create_timer(room, "Four")

    assert titles(api, room) == ["Two", "Three", "Four"]


def test_any_script_can_be_a_title(api, room):
    title = "Ouverture 🎬 – الافتتاح – 開幕"

    assert api.create_timer(room, title)["title"] == title
    assert titles(api, room) == [title]


@pytest.mark.database("sqlite")
def test_a_full_room_takes_no_more_timers(api, app, room):
    add_timers(app, room, 500)
    path = f"/api/rooms/{room.id}/timers"
    body = {"title": "One too many", "duration": 60_000}
    answer = api.request("POST", path, body, room.admin_token)
    assert (answer.status, answer.json["code"]) == (409, "limit-reached")


def test_every_text_of_a_timer_can_be_changed(api, room, timer):
    texts = {"title": "Closing", "description": "d", "completionMessage": "m"}
    changed = api.update_timer(room, timer, **texts)

    assert {name: changed[name] for name in texts} == texts
    assert changed["revision"] == timer["revision"] + 1
    assert changed["duration"] == timer["duration"]


@pytest.mark.parametrize("fields", [{}, {"title": "Opening"}, {"duration": 60_000}])
def test_a_change_that_changes_nothing_takes_no_revision(api, room, timer, fields):
    assert api.update_timer(room, timer, **fields) == timer
    assert api.state(room.share_token)["revision"] == timer["revision"]


def test_another_duration_of_an_idle_timer_moves_what_remains(api, room, timer):
    changed = api.update_timer(room, timer, duration=90_000)

    assert (changed["duration"], changed["remaining"]) == (90_000, 90_000)


def test_a_deleted_timer_is_gone(api, room, timer):
    api.delete_timer(room, timer)

    state = api.state(room.share_token)
    assert state["timers"] == []
    assert state["revision"] == timer["revision"] + 1


def test_a_timer_cannot_be_deleted_twice(api, room, timer):
    api.delete_timer(room, timer)
    path = f"/api/timers/{timer['id']}"

    assert api.request("DELETE", path, token=room.admin_token).status == 403


def test_a_screen_that_showed_a_deleted_timer_shows_none(api, room, timer):
    other = api.create_timer(room)
    api.start(room, timer)
    api.delete_timer(room, other)
    assert api.state(room.share_token)["currentTimerId"] == timer["id"]

    api.delete_timer(room, timer)
    assert api.state(room.share_token)["currentTimerId"] is None


@pytest.fixture
def order(api, room):
    """Three timers in their order."""
    return [api.create_timer(room, title) for title in ("One", "Two", "Three")]


def test_timers_are_put_into_a_new_order_as_one_change(api, room, order):
    before = api.state(room.share_token)["revision"]
    answer = reorder(api, room, order[::-1])

    assert answer.status == 200
    assert answer.json["revision"] == before + 1
    assert answer.json["timerIds"] == [timer["id"] for timer in order[::-1]]
    assert titles(api, room) == ["Three", "Two", "One"]


def test_the_same_order_again_takes_no_revision(api, room, order):
    before = api.state(room.share_token)["revision"]

    assert reorder(api, room, order).json["revision"] == before


def test_an_order_must_name_every_timer_of_the_room_once(api, room, foreign, order):
    one, two, three = order
    unknown, theirs = {"id": str(uuid.uuid4())}, api.create_timer(foreign)

    for wrong in (
        [],
        [one, two],
        [one, two, two],
        [one, two, three, three],
        [one, two, unknown],
        [one, two, three, theirs],
    ):
        answer = reorder(api, room, wrong)
        assert answer.status == 422
        assert list(answer.json["errors"]) == ["timerIds"]
    assert titles(api, room) == ["One", "Two", "Three"]


def test_an_empty_room_is_in_order(api, room):
    assert reorder(api, room, []).json == {"timerIds": [], "revision": 1}
