"""Requests that cannot be read are refused as problem documents, never with 5xx."""

import json

import pytest

LIMIT = 64 * 1024

ENDPOINTS = {
    "create room": ("POST", "/api/rooms", {"name": "Hall"}),
    "update room": ("PUT", "/api/rooms/{room}", {"name": "Hall"}),
    "create timer": (
        "POST",
        "/api/rooms/{room}/timers",
        {"title": "Talk", "duration": 60_000},
    ),
    "update timer": ("PUT", "/api/timers/{timer}", {"title": "Talk"}),
    "reorder": ("POST", "/api/rooms/{room}/timers/reorder", {"timerIds": []}),
    "undo": ("POST", "/api/rooms/{room}/undo", {}),
}
BODYLESS = ["start", "pause", "reset"]

UNREADABLE = {
    "no body": b"",
    "space": b"  \n",
    "not JSON": b"name=Hall",
    "cut off": b'{"name": "Ha',
    "a trailing comma": b'{"name": "Hall",}',
    "single quotes": b"{'name': 'Hall'}",
    "two objects": b"{} {}",
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "half a surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "a raw NUL": b'{"name": "\x00"}',
    "a list": b"[]",
    "a list of an object": b'[{"name": "Hall"}]',
    "null": b"null",
    "text": b'"Hall"',
    "a number": b"5",
    "NaN": b"NaN",
    "true": b"true",
    "a number of too many digits": b'{"name": %s}' % (b"9" * 5000),
    "too deep": b'{"name": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "too deep and cut off": b"[" * 60_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
}
CONTENT_TYPES = [
    None,
    "",
    "text/plain",
    "text/html",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "application/octet-stream",
    "application/jsonx",
    "json",
]
BAD_IDS = ["1", "not-a-uuid", "%00", "%ff", "'--", "8d7b1dc0-3f4a-4c0e-9d4e", "🎬"]

every_endpoint = pytest.mark.parametrize(
    ("method", "path", "body"), ENDPOINTS.values(), ids=ENDPOINTS
)


@pytest.fixture
def post(send, room, timer):
    """Sends bytes to an endpoint, as the owner."""

    def post(method, path, body, content_type="application/json"):
        address = path.format(room=room.id, timer=timer["id"])
        return send(method, address, body, room.admin_token, content_type)

    return post


def told(answer):
    """Return the status, and whether it is told by a problem document."""
    is_problem = answer.headers["content-type"] == "application/problem+json"
    return answer.status, is_problem and answer.json["status"] == answer.status


@every_endpoint
def test_a_body_that_cannot_be_read_is_refused(post, method, path, body):
    answers = {
        what: told(post(method, path, unreadable))
        for what, unreadable in UNREADABLE.items()
    }

    assert answers == dict.fromkeys(UNREADABLE, (400, True))


@every_endpoint
def test_another_content_type_is_refused(post, method, path, body):
    encoded = json.dumps(body).encode()
    answers = {
        content_type: told(post(method, path, encoded, content_type))
        for content_type in CONTENT_TYPES
    }

    assert answers == dict.fromkeys(CONTENT_TYPES, (415, True))


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json;x=y"],
)
def test_json_by_any_of_its_names_is_accepted(post, content_type):
    method, path, body = ENDPOINTS["update room"]
    answer = post(method, path, json.dumps(body).encode(), content_type)

    assert answer.status == 200


@every_endpoint
def test_a_body_over_the_limit_is_refused(post, method, path, body):
    encoded = json.dumps(body).encode()

    assert told(post(method, path, encoded.ljust(LIMIT + 1))) == (413, True)
    assert told(post(method, path, b"x" * 1_000_000)) == (413, True)
    assert post(method, path, encoded.ljust(LIMIT)).status in (200, 201, 422)


@pytest.mark.parametrize("command", BODYLESS)
@pytest.mark.parametrize("body", [b"", b"{}", b"nonsense", b"[" * 60_000])
@pytest.mark.database("sqlite")
def test_commands_without_a_body_take_any(post, command, body):
    answer = post("POST", f"/api/timers/{{timer}}/{command}", body)

    assert answer.status in (200, 409)


@pytest.mark.parametrize("command", BODYLESS)
@pytest.mark.database("sqlite")
def test_a_body_over_the_limit_does_not_fail_a_command_without_one(post, command):
    answer = post("POST", f"/api/timers/{{timer}}/{command}", b"x" * 1_000_000)

    assert answer.status in (200, 409, 413)


@pytest.mark.parametrize("bad_id", BAD_IDS)
@pytest.mark.database("sqlite")
def test_an_address_with_a_bad_id_is_refused(api, room, timer, bad_id):
    body = json.dumps({"name": "Hall"})
    for method, path in (
        ("PUT", f"/api/rooms/{bad_id}"),
        ("DELETE", f"/api/rooms/{bad_id}"),
        ("POST", f"/api/rooms/{bad_id}/timers"),
        ("POST", f"/api/rooms/{bad_id}/tokens"),
        ("PUT", f"/api/timers/{bad_id}"),
        ("DELETE", f"/api/timers/{bad_id}"),
        ("POST", f"/api/timers/{bad_id}/start"),
    ):
        answer = api.request(method, path, json.loads(body), room.admin_token)
        # A room's address with another word in it is a viewer's, for reading only.
        assert told(answer) in ((404, True), (405, True)), (method, path)


@pytest.mark.parametrize("key", ["", " ", "a b", "ü", "x" * 256, "a\tb"])
@pytest.mark.database("sqlite")
def test_an_idempotency_key_that_cannot_be_one_is_refused(api, key):
    headers = {"Idempotency-Key": key}
    answer = api.request("POST", "/api/rooms", {"name": "Hall"}, headers=headers)

    assert answer.status == 422
    assert list(answer.json["errors"]) == ["Idempotency-Key"]


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "PUT", "DELETE"])
@pytest.mark.database("sqlite")
def test_a_method_that_an_address_does_not_know_is_refused(api, method):
    answer = api.request(method, "/health")

    assert told(answer) == (405, True)
    assert "GET" in answer.headers["allow"]
