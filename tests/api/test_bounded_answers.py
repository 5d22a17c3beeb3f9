"""No command is answered with more than 32 kB, whatever a room holds and asks."""

import json
import uuid

import pytest
from sqlalchemy import select

from app.auth.access import Access
from app.extensions import db
from app.rooms.model import TimerRow
from tests.api.full_rooms import add_timers
from tests.api.inputs import inputs_of

BOUND = 32 * 1024
# Six bytes for one character: the most that JSON makes of any.
WORST = "\x01"
TIMER_TEXTS = {
    "title": WORST * 198,
    "description": WORST * 1998,
    "completionMessage": WORST * 498,
}
ROOM_TEXTS = {"name": WORST * 98, "description": WORST * 1998}


def wrapped(texts):
    # Control characters count as space at the ends, where it is removed.
    return {name: f"<{text}>" for name, text in texts.items()}


BODIES = {
    "rooms.create_room": wrapped(ROOM_TEXTS),
    "rooms.update_room": wrapped(ROOM_TEXTS),
    "timers.create_timer": wrapped(TIMER_TEXTS) | {"duration": 86_400_000},
    "timers.update_timer": wrapped(TIMER_TEXTS) | {"duration": 86_400_000},
}
# What others need comes first, and what ends others last.
FIRST = ["timers.start_timer"]
LAST = [
    "rooms.undo",
    "timers.delete_timer",
    "rooms.revoke_operator_tokens",
    "rooms.delete_room",
    "auth.refresh",
    "auth.revoke",
]


def _turn(command):
    endpoint, *_ = command
    if endpoint in LAST:
        return 1 + LAST.index(endpoint), command
    return -(endpoint in FIRST), command


def commands(app):
    """Every route that changes something: endpoint, method and path."""
    found = [
        (rule.endpoint, method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in rule.methods & {"POST", "PUT", "PATCH", "DELETE"}
        if isinstance(
            getattr(app.view_functions[rule.endpoint], "access", None), Access
        )
    ]
    return sorted(found, key=_turn)


def ids_in(app, room):
    with app.app_context():
        in_order = select(TimerRow.id).order_by(TimerRow.position)
        of_room = in_order.where(TimerRow.room_id == uuid.UUID(room.id))
        return [str(timer_id) for timer_id in db.session.scalars(of_room)]


@pytest.fixture
def full(app, api):
    """A room whose own texts and timers are as many and as long as they may be."""
    room = api.create_room(**wrapped(ROOM_TEXTS))
    timers = add_timers(app, room, 498)
    timers.append(api.create_timer(room, duration=60_000, **wrapped(TIMER_TEXTS))["id"])
    return room, timers


def test_no_command_answers_more_than_32_kb(app, api, full):
    room, timers = full
    path_of = {"room_id": room.id, "timer_id": timers[-1]}
    bodies = dict(BODIES)
    tokens = {"auth.refresh": room.refresh_token}
    told = {}

    for endpoint, method, rule in commands(app):
        if endpoint == "timers.reorder_timers":
            bodies[endpoint] = {"timerIds": ids_in(app, room)[::-1]}
        path = rule.replace("<uuid:", "{").replace(">", "}").format(**path_of)
        token = tokens.get(endpoint, room.admin_token)
        answer = api.request(method, path, bodies.get(endpoint), token)
        if endpoint == "timers.update_timer":
            bodies["rooms.undo"] = {"revision": answer.json["revision"]}
        told[endpoint] = (answer.status, len(answer.text.encode()))

    assert {status for status, _ in told.values()} <= {200, 201, 204}, told
    assert all(size <= BOUND for _, size in told.values()), told
    # The texts were there to be answered, and the ids.
    assert told["timers.start_timer"][1] > 15_000, told
    assert told["timers.reorder_timers"][1] > 19_000, told


HOSTILE = {
    "bad ids": {"timerIds": ["x"] * 13_000},
    "as many bad ids as there may be": {"timerIds": ["x" * 100] * 500},
    "unknown fields": {f"f{n}": 0 for n in range(4_500)},
    "fields with long names": {"\x01" * 200 + str(n): 0 for n in range(45)},
    "a field with a name of 60 kB": {"x" * 60_000: 0},
    "long texts": {"title": "x" * 60_000, "name": "x"},
    "deep lists": {"timerIds": json.loads("[" * 90 + "]" * 90)},
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.database("sqlite")
def test_what_cannot_be_read_is_refused_in_few_words(app, api, room, timer, body):
    path_of = {"room_id": room.id, "timer_id": timer["id"]}

    for endpoint, method, rule in commands(app):
        if not inputs_of(app, endpoint):
            continue
        path = rule.replace("<uuid:", "{").replace(">", "}").format(**path_of)
        answer = api.request(method, path, body, room.admin_token)
        assert answer.status == 422, endpoint
        assert answer.json["errors"], endpoint
        assert len(answer.text.encode()) <= 16 * 1024, endpoint


def test_a_list_that_is_too_long_is_refused_before_its_elements(api, room):
    path = f"/api/rooms/{room.id}/timers/reorder"

    answer = api.request("POST", path, HOSTILE["bad ids"], room.admin_token)
    assert answer.json["errors"] == {"timerIds": ["Longer than maximum length 500."]}


def test_a_repeated_reorder_stores_little(app, api, room):
    ids = add_timers(app, room, 500)
    path = f"/api/rooms/{room.id}/timers/reorder"
    key = {"Idempotency-Key": "a-key-of-the-owner"}
    first, again = (
        api.request("POST", path, {"timerIds": ids[::-1]}, room.admin_token, key)
        for _ in range(2)
    )

    assert first.json == {"timerIds": ids[::-1], "revision": 2}
    assert (again.text, again.headers["idempotency-replayed"]) == (first.text, "true")
    with app.app_context():
        from app.idempotency import IdempotencyKey

        stored = db.session.query(IdempotencyKey).one()
        assert len(stored.body) <= 2 * BOUND
