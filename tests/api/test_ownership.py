"""What is somebody else's is out of reach, and its existence is not told."""

import json
import uuid

import pytest

from tests.api.people import claims_of, operator_of, signed

ROOM_BODY = {"name": "Mine"}
TIMER_BODY = {"title": "Mine", "duration": 60_000}

ON_ROOMS = {
    "update room": ("PUT", "/api/rooms/{}", ROOM_BODY),
    "choose timer": ("PUT", "/api/rooms/{}", {"currentTimerId": None}),
    "delete room": ("DELETE", "/api/rooms/{}", None),
    "replace share token": ("POST", "/api/rooms/{}/share-token", None),
    "issue operator token": ("POST", "/api/rooms/{}/tokens", None),
    "revoke operator tokens": ("DELETE", "/api/rooms/{}/tokens", None),
    "create timer": ("POST", "/api/rooms/{}/timers", TIMER_BODY),
    "reorder": ("POST", "/api/rooms/{}/timers/reorder", {"timerIds": []}),
    "undo": ("POST", "/api/rooms/{}/undo", {}),
}
ON_TIMERS = {
    "update timer": ("PUT", "/api/timers/{}", TIMER_BODY),
    "delete timer": ("DELETE", "/api/timers/{}", None),
    "start": ("POST", "/api/timers/{}/start", None),
    "pause": ("POST", "/api/timers/{}/pause", None),
    "reset": ("POST", "/api/timers/{}/reset", None),
}


@pytest.fixture
def show(api, foreign):
    """Somebody else's room with a running timer; returns what its viewers see."""
    timer = api.create_timer(foreign)
    api.start(foreign, timer)

    def show():
        state = api.state(foreign.share_token)
        del state["serverTime"]
        return state

    return show


def attempts(room_id, timer_id):
    """Every command, at the given room or timer."""
    for name, (method, path, body) in ON_ROOMS.items():
        yield name, method, path.format(room_id), body
    for name, (method, path, body) in ON_TIMERS.items():
        yield name, method, path.format(timer_id), body


def answers(api, token, room_id, timer_id):
    """What each command answers, but for what differs by its address."""
    return {
        name: (answer.status, answer.text)
        for name, *request in attempts(room_id, timer_id)
        for answer in [api.request(*request, token)]
    }


@pytest.fixture(params=["owner", "operator", "newcomer"])
def intruder(request, api, room):
    """The token of somebody who has nothing to do with `foreign`."""
    return {
        "owner": lambda: room.admin_token,
        "operator": lambda: operator_of(api, room),
        "newcomer": lambda: signed(sub="newcomer"),
    }[request.param]()


def test_nobody_commands_what_is_somebody_else_s(api, intruder, show, foreign):
    before = show()
    refused = answers(api, intruder, foreign.id, before["timers"][0]["id"])

    assert {status for status, _ in refused.values()} == {403}
    assert show() == before


def test_what_is_somebody_else_s_is_answered_as_if_it_did_not_exist(
    api, intruder, show, foreign
):
    theirs = answers(api, intruder, foreign.id, show()["timers"][0]["id"])
    unknown = answers(api, intruder, uuid.uuid4(), uuid.uuid4())

    assert theirs == unknown


def test_nobody_commands_without_a_token(api, show, foreign):
    before = show()
    refused = answers(api, None, foreign.id, before["timers"][0]["id"])

    assert {status for status, _ in refused.values()} == {401}
    assert show() == before


def test_the_share_token_commands_nothing(api, show, foreign):
    timer_id = show()["timers"][0]["id"]
    refused = answers(api, foreign.share_token, foreign.id, timer_id)

    assert {status for status, _ in refused.values()} == {401}


def test_knowing_the_owner_s_id_gives_nothing(api, send, foreign):
    """Neither as a token, nor as a field, a header or a query."""
    owner = claims_of(foreign.admin_token)["sub"]
    body = json.dumps({"name": "Mine"}).encode()
    path = f"/api/rooms/{foreign.id}"

    assert send("PUT", path, body, owner).status == 401
    assert send("PUT", f"{path}?ownerId={owner}", body).status == 401
    for name in ("ownerId", "owner_id", "owner", "sub"):
        claimed = api.request("POST", "/api/rooms", {"name": "Mine", name: owner})
        assert claimed.status == 422
        headers = {name: owner, "X-User": owner}
        assert api.request("PUT", path, {"name": "x"}, headers=headers).status == 401


def test_no_answer_holds_the_owner_s_id(api, room, timer):
    owner = claims_of(room.admin_token)["sub"]
    room_path, timer_path = f"/api/rooms/{room.id}", f"/api/timers/{timer['id']}"
    requests = [
        ("PUT", room_path, {"name": "Hall"}),
        ("POST", f"{room_path}/timers", TIMER_BODY),
        ("GET", "/api/rooms", None),
        ("GET", f"/api/rooms/{room.share_token}", None),
        ("PUT", timer_path, {"title": "Closing"}),
        ("POST", f"{timer_path}/start", None),
        ("POST", f"{timer_path}/pause", None),
        ("POST", f"{timer_path}/reset", None),
        ("POST", f"{room_path}/timers/reorder", {"timerIds": [timer["id"]]}),
        ("POST", f"{room_path}/undo", {}),
        ("GET", "/health", None),
        ("GET", "/api/stats/socket", None),
        ("GET", "/metrics", None),
        ("GET", "/api/openapi.json", None),
        ("POST", f"{room_path}/share-token", None),
    ]
    # The tokens of a new owner name it: they are the owner's own.
    tokens = {"adminToken", "refreshToken"}
    texts = [json.dumps({k: v for k, v in room.created.items() if k not in tokens})]
    texts += [api.request(*request, room.admin_token).text for request in requests]

    for text in texts:
        assert owner not in text
        assert "ownerid" not in text.lower().replace("_", "")


def test_no_public_page_lists_rooms_or_share_tokens(api, room, timer):
    api.start(room, timer)
    public = [
        "/",
        "/health",
        "/metrics",
        "/api/stats/socket",
        "/api/openapi.json",
        "/api/docs",
        "/api/rooms",
        "/api/rooms/",
        "/api/timers",
        f"/api/rooms/{room.id}",
        f"/api/rooms/{room.id}/timers",
        f"/api/timers/{timer['id']}",
    ]

    for path in public:
        answer = api.request("GET", path)
        assert room.share_token not in answer.text, path
        assert "Main stage" not in answer.text, path
    assert api.request("GET", "/api/rooms").status == 401
    assert api.request("GET", f"/api/rooms/{room.id}").status == 404
