"""Rooms are created, changed and deleted by their owners."""

import uuid

import pytest

from app.clock import now
from tests.api.people import operator_of, signed

FIELDS = {
    "id",
    "name",
    "description",
    "shareToken",
    "currentTimerId",
    "revision",
    "createdAt",
    "updatedAt",
}
TOKENS = {"adminToken", "adminTokenExpiresAt", "refreshToken"}


def put(api, room, token=None, **fields):
    path = f"/api/rooms/{room.id}"
    return api.request("PUT", path, fields, token or room.admin_token)


def test_anyone_may_create_a_room_and_becomes_its_owner(api):
    before = now()
    answer = api.request("POST", "/api/rooms", {"name": "  Hall ", "description": "A"})
    created = answer.json

    assert answer.status == 201
    assert set(created) == FIELDS | TOKENS
    assert (created["name"], created["description"]) == ("Hall", "A")
    assert created["revision"] == 1
    assert created["currentTimerId"] is None
    assert before <= created["createdAt"] == created["updatedAt"] <= now()
    assert created["adminTokenExpiresAt"] > before
    assert uuid.UUID(created["id"])


def test_a_new_room_says_where_its_state_is(api):
    answer = api.request("POST", "/api/rooms", {"name": "Hall"})

    state = api.request("GET", answer.headers["location"])
    assert state.json["id"] == answer.json["id"]


def test_an_owner_s_next_room_comes_without_new_tokens(api, room):
    answer = api.request("POST", "/api/rooms", {"name": "Foyer"}, room.admin_token)

    assert answer.status == 201
    assert set(answer.json) == FIELDS


def test_a_room_may_be_created_for_a_subject_that_this_server_never_saw(api):
    room = api.create_room(token=signed(sub="newcomer"))

    assert api.update_room(room, name="Hall")["name"] == "Hall"


def test_an_operator_creates_no_rooms(api, operator):
    answer = api.request("POST", "/api/rooms", {"name": "Mine"}, operator)

    assert (answer.status, answer.json["code"]) == (403, "forbidden")


def test_a_bad_token_does_not_make_the_caller_anonymous(api):
    answer = api.request("POST", "/api/rooms", {"name": "Hall"}, "forged")

    assert answer.status == 401


@pytest.mark.settings(allow_anonymous_rooms=False)
def test_only_owners_create_rooms_where_anonymous_rooms_are_not_allowed(api):
    refused = api.request("POST", "/api/rooms", {"name": "Hall"})
    allowed = api.request("POST", "/api/rooms", {"name": "Hall"}, signed())

    assert refused.status == 401
    assert allowed.status == 201


def test_share_tokens_are_unguessable(api):
    tokens = {api.create_room().share_token for _ in range(20)}

    assert len(tokens) == 20
    # 22 characters of base64 are the 128 bits that were promised.
    assert all(len(token) >= 22 for token in tokens)


def test_an_owner_changes_a_room(api, room):
    answer = put(api, room, name="Foyer", description="Second floor")

    assert answer.status == 200
    assert set(answer.json) == FIELDS
    assert answer.json["name"] == "Foyer"
    assert answer.json["revision"] == 2
    assert api.state(room.share_token)["description"] == "Second floor"


def test_fields_that_are_not_named_stay_as_they_are(api, room):
    api.update_room(room, description="Second floor")
    changed = api.update_room(room, name="Foyer")

    assert changed["description"] == "Second floor"


@pytest.mark.parametrize("fields", [{}, {"name": "Main stage"}, {"description": " "}])
def test_a_change_that_changes_nothing_takes_no_revision(api, room, fields):
    changed = api.update_room(room, **fields)

    assert changed["revision"] == 1
    assert changed["updatedAt"] == room.created["updatedAt"]


def test_an_operator_chooses_the_current_timer_and_nothing_else(
    api, room, timer, operator
):
    chosen = put(api, room, operator, currentTimerId=timer["id"])
    refused = put(api, room, operator, name="Mine", currentTimerId=None)

    assert (chosen.status, refused.status) == (200, 403)
    state = api.state(room.share_token)
    assert state["currentTimerId"] == timer["id"]
    assert state["name"] == "Main stage"


def test_the_screens_may_be_told_to_show_no_timer(api, room, timer):
    api.start(room, timer)

    assert api.update_room(room, currentTimerId=None)["currentTimerId"] is None


def test_only_a_timer_of_the_room_can_be_its_current_one(api, room, foreign):
    theirs = api.create_timer(foreign)

    for timer_id in (theirs["id"], str(uuid.uuid4())):
        answer = put(api, room, currentTimerId=timer_id)
        assert answer.status == 422
        assert list(answer.json["errors"]) == ["currentTimerId"]
    assert api.state(room.share_token)["revision"] == 1


def test_an_owner_deletes_a_room_with_everything_in_it(api, room, timer):
    api.delete_room(room)

    assert api.request("GET", f"/api/rooms/{room.share_token}").status == 404
    path = f"/api/timers/{timer['id']}/start"
    assert api.request("POST", path, token=room.admin_token).status == 403
    listed = api.request("GET", "/api/rooms", token=room.admin_token)
    assert listed.json["rooms"] == []


def test_a_room_cannot_be_deleted_twice(api, room):
    api.delete_room(room)
    path = f"/api/rooms/{room.id}"

    assert api.request("DELETE", path, token=room.admin_token).status == 403


def test_deleting_a_room_leaves_the_owner_s_other_rooms(api, room):
    other = api.create_room("Foyer", token=room.admin_token)
    timer = api.create_timer(other)
    api.delete_room(room)

    assert [kept["id"] for kept in api.state(other.share_token)["timers"]] == [
        timer["id"]
    ]


def test_a_new_share_token_ends_the_old_link(api, room):
    path = f"/api/rooms/{room.id}/share-token"
    answer = api.request("POST", path, token=room.admin_token)

    assert answer.status == 200
    assert answer.json["shareToken"] != room.share_token
    assert answer.json["revision"] == 2
    assert api.request("GET", f"/api/rooms/{room.share_token}").status == 404
    assert api.state(answer.json["shareToken"])["id"] == room.id


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/api/rooms/{}"),
        ("POST", "/api/rooms/{}/share-token"),
        ("POST", "/api/rooms/{}/tokens"),
        ("DELETE", "/api/rooms/{}/tokens"),
    ],
)
def test_what_is_the_owner_s_is_refused_to_operators(api, room, method, path):
    operator = operator_of(api, room)
    before = api.state(room.share_token)["revision"]

    answer = api.request(method, path.format(room.id), token=operator)
    assert (answer.status, answer.json["code"]) == (403, "forbidden")
    assert api.state(room.share_token)["revision"] == before
