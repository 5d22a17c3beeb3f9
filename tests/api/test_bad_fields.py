"""A field that cannot be accepted is named; nothing is changed, nothing fails."""

import json
import uuid

import pytest

HUGE = 10**400
DEEP = json.loads("[" * 100 + "]" * 100)

TEXTS = {
    "a number": 5,
    "a fraction": 1.5,
    "true": True,
    "null": None,
    "a list": ["Hall"],
    "an object": {"text": "Hall"},
    "NaN": float("nan"),
    "a deep list": DEEP,
    "NUL": "Ha\x00ll",
    "NUL alone": "\x00",
    "half a surrogate pair": "Hall \ud83c",
    "the other half": "\udfac Hall",
    "halves in the wrong order": "\udfac\ud83c",
}
BLANK = {"empty": "", "space": "  ", "line breaks": "\n\r\t", "odd space": "\u2003"}
NUMBERS = {
    "zero": 0,
    "too short": 999,
    "too long": 86_400_001,
    "negative": -60_000,
    "huge": HUGE,
    "huge and negative": -HUGE,
    "beyond 64 bits": 2**64 + 60_000,
    "a fraction": 60_000.5,
    "a whole fraction": 60_000.0,
    "an exponent": 6e4,
    "text": "60000",
    "empty": "",
    "true": True,
    "null": None,
    "a list": [60_000],
    "an object": {"ms": 60_000},
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}
IDS = {
    "text": "first",
    "a number": 5,
    "a list": [],
    "an object": {},
    "true": True,
    "empty": "",
    "a cut uuid": str(uuid.uuid4())[:-1],
    "NUL": str(uuid.uuid4())[:-1] + "\x00",
    "half a surrogate pair": "\ud800",
    "huge": HUGE,
}
LISTS = {
    "text": "[]",
    "null": None,
    "an object": {},
    "a number": 5,
    "a list of numbers": [1, 2],
    "a list of null": [None],
    "a list of lists": [[]],
    "a deep list": DEEP,
    "too many": ["8d7b1dc0-3f4a-4c0e-9d4e-3a3f0b3d6a55"] * 501,
}


def too_long(longest):
    return {"too long": "x" * (longest + 1), "too long in film": "🎬" * (longest + 1)}


ROOM = ("POST", "/api/rooms", {"name": "Hall"})
ROOM_CHANGE = ("PUT", "/api/rooms/{room}", {"name": "Hall"})
TIMER = ("POST", "/api/rooms/{room}/timers", {"title": "Talk", "duration": 60_000})
TIMER_CHANGE = ("PUT", "/api/timers/{timer}", {"title": "Talk"})
ORDER = ("POST", "/api/rooms/{room}/timers/reorder", {"timerIds": []})

FIELDS = [
    (ROOM, "name", TEXTS | BLANK | too_long(100)),
    (ROOM, "description", TEXTS | too_long(2000)),
    (ROOM_CHANGE, "name", TEXTS | BLANK | too_long(100)),
    (ROOM_CHANGE, "description", TEXTS | too_long(2000)),
    (ROOM_CHANGE, "currentTimerId", IDS),
    (TIMER, "title", TEXTS | BLANK | too_long(200)),
    (TIMER, "duration", NUMBERS),
    (TIMER, "description", TEXTS | too_long(2000)),
    (TIMER, "completionMessage", TEXTS | too_long(500)),
    (TIMER_CHANGE, "title", TEXTS | BLANK | too_long(200)),
    (TIMER_CHANGE, "duration", NUMBERS),
    (TIMER_CHANGE, "description", TEXTS | too_long(2000)),
    (TIMER_CHANGE, "completionMessage", TEXTS | too_long(500)),
    (ORDER, "timerIds", LISTS),
]
ENDPOINTS = [ROOM, ROOM_CHANGE, TIMER, TIMER_CHANGE, ORDER]


def name_of(value):
    return " ".join(value[:2]) if isinstance(value, tuple) else ""


every_field = pytest.mark.parametrize(
    ("endpoint", "field", "values"),
    FIELDS,
    ids=[f"{method} {path} {field}" for (method, path, _), field, _ in FIELDS],
)
every_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)


@pytest.fixture
def request_to(api, room, timer):
    """Sends a body to an endpoint, as the owner."""

    def request_to(endpoint, body):
        method, path, _ = endpoint
        address = path.format(room=room.id, timer=timer["id"])
        return api.request(method, address, body, room.admin_token)

    return request_to


@pytest.fixture
def revision(api, room, timer):
    """Reads the revision of `room`."""
    return lambda: api.state(room.share_token)["revision"]


@every_field
def test_a_value_that_cannot_be_accepted_is_refused_by_name(
    request_to, revision, endpoint, field, values
):
    before = revision()
    told = {}
    for what, value in values.items():
        answer = request_to(endpoint, endpoint[2] | {field: value})
        problem = answer.headers["content-type"] == "application/problem+json"
        told[what] = (answer.status, problem, list(answer.json.get("errors", [])))

    assert told == dict.fromkeys(values, (422, True, [field]))
    assert revision() == before


@every_endpoint
@pytest.mark.parametrize(
    "field", ["colour", "id", "revision", "ownerId", "owner_id", "status", "__proto__"]
)
@pytest.mark.database("sqlite")
def test_a_field_that_nobody_knows_is_refused_by_name(request_to, endpoint, field):
    answer = request_to(endpoint, endpoint[2] | {field: "x"})

    assert answer.status == 422
    assert list(answer.json["errors"]) == [field]


@pytest.mark.parametrize("field", ["NUL\x00", "half \ud83c", "x" * 100, ""])
def test_the_name_of_a_field_may_be_anything(request_to, field):
    answer = request_to(ROOM, {"name": "Hall", field: 1})

    assert answer.status == 422
    assert field in answer.json["errors"]


@pytest.mark.parametrize(
    ("endpoint", "fields"),
    [(ROOM, ["name"]), (TIMER, ["duration", "title"]), (ORDER, ["timerIds"])],
    ids=name_of,
)
@pytest.mark.database("sqlite")
def test_every_field_that_is_missing_is_named(request_to, endpoint, fields):
    answer = request_to(endpoint, {})

    assert answer.status == 422
    assert sorted(answer.json["errors"]) == fields


@pytest.mark.database("sqlite")
def test_all_wrong_fields_are_named_at_once(request_to):
    body = {"title": "", "duration": 0, "description": 5, "colour": "red"}

    answer = request_to(TIMER, body)
    assert sorted(answer.json["errors"]) == sorted(body)


def test_the_longest_texts_are_accepted(request_to):
    film = "🎬"

    room = {"name": film * 100, "description": film * 2000}
    assert request_to(ROOM, room).status == 201
    texts = {"description": film * 2000, "completionMessage": film * 500}
    timer = {"title": film * 200, "duration": 60_000, **texts}
    answer = request_to(TIMER, timer)
    assert answer.status == 201
    assert answer.json["description"] == film * 2000
