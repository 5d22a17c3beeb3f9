"""Whether a caller may act is decided when its turn comes, not when it asked."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.auth import service
from tests.support.api import Api
from tests.support.senders import in_process
from tests.support.waiting import wait_until
from tests.system import sql

pytestmark = pytest.mark.database("postgres")

COMMANDS = {
    "start": ("POST", "/api/timers/{timer}/start", None),
    "pause": ("POST", "/api/timers/{timer}/pause", None),
    "reset": ("POST", "/api/timers/{timer}/reset", None),
    "change a timer": ("PUT", "/api/timers/{timer}", {"title": "Late"}),
    "delete a timer": ("DELETE", "/api/timers/{timer}", None),
    "add a timer": (
        "POST",
        "/api/rooms/{room}/timers",
        {"title": "x", "duration": 9000},
    ),
    "reorder": ("POST", "/api/rooms/{room}/timers/reorder", {"timerIds": ["{timer}"]}),
    "undo": ("POST", "/api/rooms/{room}/undo", {}),
    "choose": ("PUT", "/api/rooms/{room}", {"currentTimerId": "{timer}"}),
}
REVOKED = """INSERT INTO token_generations (holder, generation, revoked_at)
  VALUES (%s, 1, 1)"""
OWNERS_COMMANDS = {
    "change the room": ("PUT", "/api/rooms/{room}", {"name": "Late"}),
    "delete the room": ("DELETE", "/api/rooms/{room}", None),
    "replace the link": ("POST", "/api/rooms/{room}/share-token", None),
}


def filled(command, room, timer):
    method, path, body = command
    ids = {"{timer}": timer["id"], "{room}": room.id}
    path = path.format(room=room.id, timer=timer["id"])
    if body and "timerIds" in body:
        body = {"timerIds": [timer["id"]]}
    elif body:
        body = {name: ids.get(value, value) for name, value in body.items()}
    return method, path, body


@pytest.fixture
def overtaken(app, database, room, timer):
    """Sends a command that waits for its room while `revoke` happens; its answer."""

    def send(command, token, headers=None):
        client = Api(in_process(app.test_client()))
        return client.request(*filled(command, room, timer), token, headers)

    def overtaken(command, token, revoke, headers=None):
        with ThreadPoolExecutor(1) as pool:
            with sql.transaction(database) as cursor:
                cursor.execute(
                    "SELECT 1 FROM rooms WHERE id = %s FOR UPDATE", [room.id]
                )
                answer = pool.submit(send, command, token, headers)
                wait_until(
                    lambda: sql.sessions(database, "wait_event_type = 'Lock'"),
                    "the command to wait for the room",
                )
                revoke()
            return answer.result(timeout=30)

    return overtaken


@pytest.fixture
def operators_revoked(database, room):
    """Takes the operators' tokens back as what holds the room does."""

    def operators_revoked():
        with sql.transaction(database) as cursor:
            cursor.execute(REVOKED, [f"room:{room.id}"])

    return operators_revoked


@pytest.fixture
def shown(api, room):
    """What the viewers of the room see."""

    def shown():
        return {**api.state(room.share_token), "serverTime": 0}

    return shown


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_an_operator_who_is_revoked_while_waiting_changes_nothing(
    operator, overtaken, operators_revoked, shown, command
):
    before = shown()

    answer = overtaken(command, operator, operators_revoked)

    assert (answer.status, answer.json["code"]) == (401, "unauthenticated")
    assert shown() == before


@pytest.mark.parametrize(
    "command",
    [*COMMANDS.values(), *OWNERS_COMMANDS.values()],
    ids=[*COMMANDS, *OWNERS_COMMANDS],
)
def test_an_owner_who_is_revoked_while_waiting_changes_nothing(
    api, room, overtaken, shown, command
):
    before = shown()

    def revoke():
        answer = api.request("POST", "/api/auth/revoke", token=room.admin_token)
        assert answer.status == 204

    answer = overtaken(command, room.admin_token, revoke)

    assert (answer.status, answer.json["code"]) == (401, "unauthenticated")
    assert shown() == before


def test_a_revoked_command_takes_no_idempotency_key(
    database, operator, overtaken, operators_revoked
):
    headers = {"Idempotency-Key": "a-key-of-the-operator"}
    answer = overtaken(COMMANDS["start"], operator, operators_revoked, headers)

    assert answer.status == 401
    with sql.transaction(database) as cursor:
        cursor.execute("SELECT count(*) FROM idempotency_keys")
        assert cursor.fetchone() == (0,)


def test_an_operator_who_is_not_revoked_acts_when_the_room_is_free(
    operator, overtaken, shown
):
    answer = overtaken(COMMANDS["start"], operator, lambda: None)

    assert answer.status == 200
    assert shown()["timers"][0]["status"] == "running"


@pytest.fixture
def revoked_once_let_in(monkeypatch, database, room):
    """Revokes the owner between the look whether it is in force and the signature."""
    sign = service.create_access_token

    def revoke_and_sign(*arguments, **options):
        with sql.transaction(database) as cursor:
            cursor.execute(
                "SELECT 'owner:' || owner_id FROM rooms WHERE id = %s", [room.id]
            )
            cursor.execute(REVOKED, cursor.fetchone())
        return sign(*arguments, **options)

    monkeypatch.setattr(service, "create_access_token", revoke_and_sign)


def test_a_new_access_token_does_not_survive_a_revocation_beside_it(
    api, room, revoked_once_let_in
):
    renewed = api.request("POST", "/api/auth/refresh", token=room.refresh_token)

    used = api.request("GET", "/api/rooms", token=renewed.json["adminToken"])
    assert used.status == 401


def test_an_operator_s_token_does_not_survive_a_revocation_beside_it(
    api, room, timer, revoked_once_let_in
):
    path = f"/api/rooms/{room.id}/tokens"
    issued = api.request("POST", path, token=room.admin_token)

    token = issued.json["operatorToken"]
    used = api.request("POST", f"/api/timers/{timer['id']}/start", token=token)
    assert used.status == 401
