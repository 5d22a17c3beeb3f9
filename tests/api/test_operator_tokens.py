"""An owner lends one room to operators, and takes it back."""

import uuid

import pytest

from app.clock import now
from tests.api.people import claims_of, operator_of, signed


@pytest.fixture
def tokens_path(room):
    return f"/api/rooms/{room.id}/tokens"


def start(api, timer, token):
    return api.request("POST", f"/api/timers/{timer['id']}/start", token=token).status


def test_an_owner_issues_a_token_for_one_room(api, room, tokens_path):
    answer = api.request("POST", tokens_path, token=room.admin_token)

    assert answer.status == 201
    assert set(answer.json) == {"operatorToken", "expiresAt"}
    assert answer.json["expiresAt"] > now()
    claims = claims_of(answer.json["operatorToken"])
    assert claims["timer_role"] == "operator"
    assert claims["timer_room"] == room.id


def test_an_operator_commands_the_timers_of_its_room(api, room, timer, operator):
    made = api.create_timer(room, token=operator)
    api.start(room, made, token=operator)
    api.pause(room, made, token=operator)
    api.reset(room, made, token=operator)
    api.update_timer(room, made, token=operator, title="Closing")
    api.delete_timer(room, made, token=operator)

    assert [kept["id"] for kept in api.state(room.share_token)["timers"]] == [
        timer["id"]
    ]


def test_an_operator_has_no_say_in_another_room_of_the_same_owner(api, room, operator):
    other = api.create_room(token=room.admin_token)
    timer = api.create_timer(other)

    assert start(api, timer, operator) == 403
    path = f"/api/rooms/{other.id}/timers"
    body = {"title": "Mine", "duration": 60_000}
    assert api.request("POST", path, body, operator).status == 403


def test_all_operator_tokens_of_a_room_are_taken_back_at_once(
    api, room, timer, tokens_path
):
    operators = [operator_of(api, room) for _ in range(2)]
    answer = api.request("DELETE", tokens_path, token=room.admin_token)

    assert answer.status == 204
    assert [start(api, timer, token) for token in operators] == [401, 401]
    assert start(api, timer, room.admin_token) == 200


def test_taking_tokens_back_leaves_those_of_other_rooms(api, room, tokens_path):
    other = api.create_room(token=room.admin_token)
    timer, operator = api.create_timer(other), operator_of(api, other)
    api.request("DELETE", tokens_path, token=room.admin_token)

    assert start(api, timer, operator) == 200


def test_a_token_issued_right_after_the_others_were_taken_back_works(
    api, room, timer, tokens_path
):
    for _ in range(3):
        api.request("DELETE", tokens_path, token=room.admin_token)

    assert start(api, timer, operator_of(api, room)) == 200


@pytest.mark.parametrize(
    "spelling",
    [str.upper, "{{{}}}".format, "urn:uuid:{}".format],
    ids=["upper case", "braces", "urn"],
)
def test_however_a_token_spells_its_room_it_can_be_taken_back(
    api, room, timer, tokens_path, spelling
):
    operator = signed(timer_role="operator", timer_room=spelling(room.id))
    assert start(api, timer, operator) == 200

    api.request("DELETE", tokens_path, token=room.admin_token)
    assert start(api, timer, operator) == 401


def test_operators_end_with_their_owner_s_tokens(api, room, timer, operator):
    api.request("POST", "/api/auth/revoke", token=room.admin_token)

    assert start(api, timer, operator) == 401


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_only_the_room_s_owner_has_operators(api, foreign, room, method):
    for room_id in (foreign.id, uuid.uuid4()):
        path = f"/api/rooms/{room_id}/tokens"
        assert api.request(method, path, token=room.admin_token).status == 403


def test_a_change_of_nothing_tells_whether_a_token_commands_the_room(
    api, room, foreign, operator
):
    before = api.state(room.share_token)
    foreigner = foreign.admin_token
    for token, status in (
        (room.admin_token, 200),
        (operator, 200),
        (foreigner, 403),
        (room.refresh_token, 401),
        ("junk", 401),
        (None, 401),
    ):
        answer = api.request("PUT", f"/api/rooms/{room.id}", {}, token)
        assert answer.status == status

    after = api.state(room.share_token)
    assert after["revision"] == before["revision"]


def test_no_answer_tells_an_operator_the_link_that_replaced_the_one_it_has(
    api, room, timer, operator
):
    path = f"/api/rooms/{room.id}/share-token"
    new_link = api.request("POST", path, token=room.admin_token).json["shareToken"]
    room_path, timer_path = f"/api/rooms/{room.id}", f"/api/timers/{timer['id']}"
    body = {"title": "Mine", "duration": 60_000}
    key = {"Idempotency-Key": "a-key-of-the-operator"}
    choose = ("PUT", room_path, {"currentTimerId": timer["id"]}, operator, key)

    requests = [
        ("PUT", room_path, {"currentTimerId": None}),
        ("PUT", room_path, {"name": "Mine"}),
        ("POST", f"{room_path}/timers", body),
        ("POST", f"{room_path}/timers/reorder", {"timerIds": [timer["id"]]}),
        ("PUT", timer_path, {"title": "Mine"}),
        ("POST", f"{timer_path}/start", None),
        ("POST", f"{timer_path}/pause", None),
        ("POST", f"{timer_path}/reset", None),
        ("DELETE", timer_path, None),
        ("POST", path, None),
        ("GET", "/api/rooms", None),
    ]
    answers = [api.request(*choose), api.request(*choose)]
    answers += [api.request(*request, operator) for request in requests]

    assert [answer.status for answer in answers[:3]] == [200, 200, 200]
    assert answers[1].headers["idempotency-replayed"] == "true"
    for answer in answers:
        assert new_link not in answer.text
        assert "shareToken" not in answer.text


def test_the_owner_is_told_the_link_of_the_room_that_it_changes(api, room):
    assert api.update_room(room, name="Hall")["shareToken"] == room.share_token
