"""Whether a caller may act is decided when its turn comes, not when it asked."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event

from app.extensions import db
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
    "choose": ("PUT", "/api/rooms/{room}", {"currentTimerId": "{timer}"}),
}
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
def shown(api, room):
    """What the viewers of the room see."""

    def shown():
        return {**api.state(room.share_token), "serverTime": 0}

    return shown


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_an_operator_who_is_revoked_while_waiting_changes_nothing(
    api, room, operator, overtaken, shown, command
):
    before = shown()

    def revoke():
        path = f"/api/rooms/{room.id}/tokens"
        assert api.request("DELETE", path, token=room.admin_token).status == 204

    answer = overtaken(command, operator, revoke)

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
    api, database, room, operator, overtaken
):
    def revoke():
        path = f"/api/rooms/{room.id}/tokens"
        assert api.request("DELETE", path, token=room.admin_token).status == 204

    headers = {"Idempotency-Key": "a-key-of-the-operator"}
    answer = overtaken(COMMANDS["start"], operator, revoke, headers)

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


ISSUES = {
    "a new access token": ("POST", "/api/auth/refresh"),
    "an operator's token": ("POST", "/api/rooms/{room}/tokens"),
}


@pytest.fixture
def revoked_once_let_in(app, database, room):
    """Sends a request whose sender is revoked right after it was let in."""

    def send(method, path, token):
        def revoke(_connection, _cursor, statement, *_):
            if "token_generations" in statement and not revoked:
                revoked.append(True)
                with sql.transaction(database) as cursor:
                    cursor.execute(
                        "INSERT INTO token_generations (holder, generation, revoked_at)"
                        " SELECT 'owner:' || owner_id, 1, 1 FROM rooms WHERE id = %s",
                        [room.id],
                    )

        revoked: list[bool] = []
        with app.app_context():
            engine = db.engine
        event.listen(engine, "after_cursor_execute", revoke)
        try:
            client = Api(in_process(app.test_client()))
            return client.request(method, path.format(room=room.id), token=token)
        finally:
            event.remove(engine, "after_cursor_execute", revoke)
            assert revoked

    return send


@pytest.mark.parametrize("issue", ISSUES.values(), ids=ISSUES)
def test_who_is_revoked_while_a_token_is_issued_gets_none(
    room, revoked_once_let_in, issue
):
    renews = issue[1].endswith("refresh")
    token = room.refresh_token if renews else room.admin_token

    answer = revoked_once_let_in(*issue, token)

    assert (answer.status, answer.json["code"]) == (401, "unauthenticated")
