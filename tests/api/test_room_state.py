"""Anyone with the share token reads the room's state, and cheaply reads it again."""

import re

import pytest
from sqlalchemy import update

from app.clock import now
from app.extensions import db
from app.rooms.model import RoomRow


@pytest.fixture
def state_of(api, room):
    """Reads the state of `room` with the given `If-None-Match`."""

    def state_of(tag=None):
        headers = {"If-None-Match": tag} if tag else {}
        return api.request("GET", f"/api/rooms/{room.share_token}", headers=headers)

    return state_of


def test_the_state_is_the_room_with_its_timers_in_order(state_of, room, timer):
    state = state_of().json

    assert state["timers"] == [timer]
    assert state["shareToken"] == room.share_token
    assert set(state) == {
        "id",
        "name",
        "description",
        "shareToken",
        "currentTimerId",
        "revision",
        "createdAt",
        "updatedAt",
        "serverTime",
        "timers",
    }


def test_the_state_says_what_time_it_is_on_the_server(state_of, room):
    before = now()
    answer = state_of()

    assert before <= answer.json["serverTime"] <= now()
    assert before <= int(answer.headers["server-time"]) <= now()


def test_the_tag_is_the_revision_and_its_stamp(api, state_of, room):
    first = state_of().headers["etag"]
    assert re.fullmatch(r'"1-[a-z0-9]{6}"', first)

    api.update_room(room, name="Hall")
    second = state_of().headers["etag"]
    assert re.fullmatch(r'"2-[a-z0-9]{6}"', second)
    assert first[3:] != second[3:]


@pytest.mark.parametrize("form", ["{}", "W/{}", '"0", {}'])
def test_a_state_that_the_viewer_has_is_not_sent_again(state_of, form):
    tag = state_of().headers["etag"]

    answer = state_of(form.format(tag))

    assert answer.status == 304
    assert answer.text == ""
    assert answer.headers["etag"] == tag
    assert abs(int(answer.headers["server-time"]) - now()) < 5_000


@pytest.mark.parametrize("tag", ['"0"', '"1"', '"1-aaaaaa"', '"11"', "x", '"', "W/"])
def test_another_tag_gets_the_whole_state(state_of, tag):
    assert state_of(tag).json["revision"] == 1


def test_another_revision_of_the_same_number_is_another_state(app, state_of, room):
    tag = state_of().headers["etag"]
    with app.app_context():
        # As a failover leaves it that lost a revision and made it once more.
        other = {"name": "Made again", "stamp": "again1"}
        db.session.execute(update(RoomRow).values(other))
        db.session.commit()

    answer = state_of(tag)

    assert answer.status == 200
    assert answer.json["name"] == "Made again"
    assert answer.headers["etag"] == '"1-again1"'


def test_a_viewer_with_an_old_state_gets_the_new_one(api, state_of, room, timer):
    tag = state_of().headers["etag"]
    api.start(room, timer)

    answer = state_of(tag)
    assert answer.status == 200
    assert answer.json["timers"][0]["status"] == "running"


def test_the_state_is_fresh_after_each_command(api, state_of, room, timer):
    for step in (api.start, api.pause, api.reset):
        changed = step(room, timer)
        assert state_of().json["timers"] == [changed]


def test_caches_ask_before_they_answer(state_of):
    assert state_of().headers["cache-control"] == "no-cache"


def test_a_token_in_the_request_does_not_matter(api, room):
    path = f"/api/rooms/{room.share_token}"

    assert api.request("GET", path, token="forged").status == 200


@pytest.mark.parametrize(
    "share_token",
    [
        "unknown",
        "x" * 24,
        "x" * 5000,
        "%00",
        "%ff",
        "%ed%a0%80",
        "..%2f..%2fetc",
        "'%20OR%201=1--",
        "null",
        "%F0%9F%8E%AC",
    ],
)
def test_a_share_token_of_no_room_is_not_found(api, room, share_token):
    answer = api.request("GET", f"/api/rooms/{share_token}")

    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_room_s_id_is_no_share_token(api, room):
    assert api.request("GET", f"/api/rooms/{room.id}").status == 404


def test_a_share_token_is_told_apart_by_case(api, room):
    swapped = room.share_token.swapcase()

    assert api.request("GET", f"/api/rooms/{swapped}").status == 404


def test_head_answers_the_headers_alone(api, room):
    answer = api.request("HEAD", f"/api/rooms/{room.share_token}")

    assert (answer.status, answer.text) == (200, "")
    assert answer.headers["etag"].startswith('"1-')
