"""The texts of a room take 256 kB together, and everybody can still work with it."""

import json

import pytest

from tests.api.full_rooms import add_timers

BOUND = 256 * 1024
FILM = "🎬"


@pytest.fixture
def full(app, room):
    """`room`, with two timers that leave 64 bytes of text free; returns their ids."""
    name = len("Main stage")
    share = (BOUND - 64 - name) // 2
    return add_timers(app, room, 2, title="", description="x" * share)


def refused(answer):
    return (answer.status, answer.json.get("code")) == (409, "limit-reached")


def change(api, room, timer_id, **fields):
    return api.request("PUT", f"/api/timers/{timer_id}", fields, room.admin_token)


def add(api, room, title, **texts):
    timer = {"title": title, "duration": 60_000, **texts}
    return api.request("POST", f"/api/rooms/{room.id}/timers", timer, room.admin_token)


@pytest.mark.parametrize(
    ("fits", "too_long"),
    [("x" * 64, "x" * 65), (FILM * 16, FILM * 16 + "x"), ('"' * 32, '"' * 33)],
    ids=["letters", "emoji", "quotation marks"],
)
def test_texts_are_counted_in_bytes_of_json(api, room, full, fits, too_long):
    assert refused(add(api, room, too_long))
    assert add(api, room, fits).status == 201
    assert refused(add(api, room, "x"))


def test_every_text_of_a_room_counts(api, room, full):
    long = "x" * 70
    path = f"/api/rooms/{room.id}"

    for texts in ({"description": long}, {"completionMessage": long}):
        assert refused(add(api, room, "x", **texts))
    for fields in ({"name": "x" * 100}, {"description": long}):
        assert refused(api.request("PUT", path, fields, room.admin_token))
    assert refused(change(api, room, full[0], completionMessage=long))
    assert refused(change(api, room, full[0], title=long))


def test_the_refusal_names_what_is_full(api, room, full, app):
    assert "text" in add(api, room, "x" * 65).json["detail"]

    add_timers(app, room, 498, title="")
    assert "500 timers" in add(api, room, "x").json["detail"]


def test_a_refused_text_changes_nothing(api, room, full):
    before = api.state(room.share_token)

    assert refused(add(api, room, "x" * 65))
    assert refused(change(api, room, full[0], title="x" * 65))
    after = api.state(room.share_token)
    assert {**after, "serverTime": 0} == {**before, "serverTime": 0}


def test_what_is_shortened_makes_room_for_something_else(api, room, full):
    assert change(api, room, full[0], description="Short").status == 200

    assert add(api, room, "x" * 200, description=FILM * 2000).status == 201


def test_a_room_that_is_larger_from_before_stays_and_may_shrink(api, app, room):
    first, *_ = add_timers(app, room, 200, description=FILM * 2000)
    assert len(api.state(room.share_token)["timers"]) == 200

    assert change(api, room, first, title="Same", description=FILM * 1990).status == 200
    assert change(api, room, first, title="Emas").status == 200
    assert refused(change(api, room, first, title="Sames"))
    assert refused(add(api, room, "x"))


def test_a_full_room_is_commanded_as_any_other(api, room, full):
    for command in ("start", "pause", "reset"):
        path = f"/api/timers/{full[0]}/{command}"
        assert api.request("POST", path, token=room.admin_token).status == 200
    assert change(api, room, full[0], duration=90_000).status == 200
    order = {"timerIds": full[::-1]}
    path = f"/api/rooms/{room.id}/timers/reorder"
    assert api.request("POST", path, order, room.admin_token).status == 200


def test_five_hundred_timers_of_ordinary_texts_fit(api, app, room):
    texts = {"title": "Opening keynote of the second day, in the main hall — part 10"}
    texts |= {"description": "x" * 300, "completion_message": "Thank you very much!"}
    add_timers(app, room, 499, **texts)

    assert add(api, room, texts["title"], description="x" * 300).status == 201


def test_the_state_of_a_full_room_is_sent_in_utf_8(api, app, room):
    add_timers(app, room, 32, description=FILM * 2000)
    state = api.request("GET", f"/api/rooms/{room.share_token}")

    assert FILM in state.text
    assert len(state.text.encode()) < BOUND + 32 * 600
    assert json.loads(state.text)["timers"][0]["description"] == FILM * 2000
