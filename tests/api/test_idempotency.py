"""A command that is sent again acts once (`Idempotency-Key`)."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, update

from app import idempotency
from app.clock import Instant, now
from app.extensions import db
from app.idempotency import IdempotencyKey
from app.rooms.model import RoomRow
from tests.support.api import Api
from tests.support.senders import in_process

DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture
def key():
    return {"Idempotency-Key": str(uuid.uuid4())}


def send(api, room, path, headers, body=None, method="POST"):
    return api.request(method, path, body, token=room.admin_token, headers=headers)


def test_a_repeat_answers_the_first_answer_and_does_nothing(api, room, key):
    path, body = f"/api/rooms/{room.id}/timers", {"title": "Once", "duration": 5000}
    first = send(api, room, path, key, body)
    again = send(api, room, path, key, body)

    assert (first.status, first.headers.get("idempotency-replayed")) == (201, None)
    assert (again.status, again.headers["idempotency-replayed"]) == (201, "true")
    assert again.json == first.json
    assert len(api.state(room.share_token)["timers"]) == 1


def test_a_repeat_answers_a_refusal_that_no_longer_holds(api, room, timer, key):
    pause = f"/api/timers/{timer['id']}/pause"
    refused = send(api, room, pause, key)
    api.start(room, timer)
    again = send(api, room, pause, key)

    assert refused.status == again.status == 409
    assert again.json == refused.json
    assert api.state(room.share_token)["timers"][0]["status"] == "running"


def test_a_deletion_that_is_repeated_is_still_done(api, room, timer, key):
    path = f"/api/timers/{timer['id']}"

    statuses = [send(api, room, path, key, method="DELETE").status for _ in range(2)]

    assert statuses == [204, 204]


def test_input_that_was_not_understood_takes_no_key(api, room, key):
    path = f"/api/rooms/{room.id}/timers"
    refused = send(api, room, path, key, {"title": "", "duration": 5000})
    mended = send(api, room, path, key, {"title": "Mended", "duration": 5000})

    assert (refused.status, mended.status) == (422, 201)


def test_a_key_belongs_to_one_request(api, room, timer, key):
    send(api, room, f"/api/timers/{timer['id']}/start", key)
    other = send(api, room, f"/api/timers/{timer['id']}/reset", key)

    assert other.status == 422
    assert other.json["code"] == "idempotency-key-reused"


@pytest.mark.parametrize(
    ("body", "tag"), [({"name": "Twice"}, '"1"'), ({"name": "Once"}, '"2"')]
)
def test_a_repeat_is_the_same_in_body_and_precondition(api, room, key, body, tag):
    path, once = f"/api/rooms/{room.id}", {"name": "Once"}
    first = send(api, room, path, {**key, "If-Match": '"1"'}, once, "PUT")
    other = send(api, room, path, {**key, "If-Match": tag}, body, "PUT")

    assert (first.status, other.status) == (200, 422)
    assert other.json["code"] == "idempotency-key-reused"
    assert api.state(room.share_token)["name"] == "Once"


def test_callers_have_keys_of_their_own(api, room, foreign, key):
    body = {"title": "Mine", "duration": 5000}
    for mine in (room, foreign):
        assert send(api, mine, f"/api/rooms/{mine.id}/timers", key, body).status == 201

    assert [len(api.state(r.share_token)["timers"]) for r in (room, foreign)] == [1, 1]


@pytest.mark.parametrize("value", ["", " ", "a b", "ä", "x" * 256])
def test_a_key_is_visible_ascii_of_at_most_255_characters(api, room, timer, value):
    headers = {"Idempotency-Key": value.encode().decode("latin-1")}
    answer = send(api, room, f"/api/timers/{timer['id']}/start", headers)

    assert answer.status == 422
    assert list(answer.json["errors"]) == ["Idempotency-Key"]


def test_a_room_is_created_once_for_a_new_owner(api, key):
    first, again = (
        api.request("POST", "/api/rooms", {"name": "Once"}, headers=key)
        for _ in range(2)
    )

    assert first.json == again.json
    assert first.json["adminToken"]


@pytest.mark.parametrize(("length", "status"), [(15, 422), (16, 201)])
def test_without_a_token_a_key_has_at_least_16_characters(api, length, status):
    key = {"Idempotency-Key": "k" * length}
    answer = api.request("POST", "/api/rooms", {"name": "Once"}, headers=key)

    assert answer.status == status
    assert status == 201 or list(answer.json["errors"]) == ["Idempotency-Key"]


def test_with_a_token_a_key_may_be_short(api, room):
    answer = send(
        api, room, f"/api/rooms/{room.id}", {"Idempotency-Key": "1"}, {}, "PUT"
    )

    assert answer.status == 200


def test_the_database_holds_neither_the_key_nor_the_tokens(api, app, key):
    created = api.request("POST", "/api/rooms", {"name": "Once"}, headers=key).json

    with app.app_context():
        kept = db.session.execute(select(*IdempotencyKey.__table__.columns)).one()
    kept_text = " ".join(map(str, kept))
    for secret in (key["Idempotency-Key"], "adminToken", created["shareToken"]):
        assert secret not in kept_text
    for token in (created["adminToken"], created["refreshToken"]):
        assert not any(part in kept_text for part in token.split("."))


def age_keys(app, by_ms):
    with app.app_context():
        older = IdempotencyKey.created_at - by_ms
        db.session.execute(update(IdempotencyKey).values(created_at=older))
        db.session.commit()


def test_a_key_is_forgotten_after_a_day(api, app, room, timer, key):
    path = f"/api/timers/{timer['id']}/start"
    send(api, room, path, key)
    age_keys(app, DAY_MS + 1000)
    again = send(api, room, path, key)

    assert again.status == 200
    assert "idempotency-replayed" not in again.headers


def test_keys_that_have_expired_are_cleaned_up(api, app, room, timer, key):
    send(api, room, f"/api/timers/{timer['id']}/start", key)

    with app.app_context():
        assert idempotency.prune(Instant(now() - DAY_MS)) == 0
        assert idempotency.prune(Instant(now() + 1000)) == 1


@pytest.fixture
def at_once(app):
    """Sends a request from several threads, ten times; returns the answers."""

    def at_once(*request, **options):
        def repeat(_):
            return Api(in_process(app.test_client())).request(*request, **options)

        with ThreadPoolExecutor(5) as pool:
            return list(pool.map(repeat, range(10)))

    return at_once


def test_repeats_at_the_same_time_act_once(api, at_once, room, key):
    path, body = f"/api/rooms/{room.id}/timers", {"title": "Once", "duration": 5000}
    answers = at_once("POST", path, body, room.admin_token, key)

    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len(api.state(room.share_token)["timers"]) == 1
    assert [answer.headers.get("idempotency-replayed") for answer in answers].count(
        None
    ) == 1


def test_a_room_that_is_asked_for_at_the_same_time_is_created_once(app, at_once, key):
    answers = at_once("POST", "/api/rooms", {"name": "Once"}, headers=key)

    assert {answer.status for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(RoomRow)) == 1


@pytest.mark.settings(trusted_proxies=1)
def test_a_caller_without_a_token_may_repeat_from_another_address_of_its_network(
    api, key
):
    """A phone changes its IPv6 address every few hours, and in the middle of a show."""

    def create(address):
        headers = {**key, "X-Forwarded-For": address}
        return api.request("POST", "/api/rooms", {"name": "Hall"}, headers=headers)

    first = create("2001:db8:7:1::1")
    assert create("2001:db8:7:1:a:b:c:d").json == first.json
    assert create("2001:db8:7:2::1").json["id"] != first.json["id"]
