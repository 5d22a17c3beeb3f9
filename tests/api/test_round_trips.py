"""A command takes two round trips to PostgreSQL, whatever it does."""

import uuid

import pytest

from app.auth.identity import identity_of
from app.config import load
from app.rooms.command import Wanted
from tests.api.people import claims_of
from tests.support.api import Api
from tests.support.environment import product_settings
from tests.support.room_reads import log_statements
from tests.support.senders import in_process
from tests.system import sql

MESSAGE = "LOG:  statement: "


@pytest.fixture
def own_app(private_postgres, tmp_path, app_factory):
    """The application on a PostgreSQL that logs each message that it is sent."""
    log_statements(private_postgres)
    settings = product_settings(tmp_path, database_url=private_postgres.url)
    return app_factory(load(settings))


@pytest.fixture
def api(own_app):
    return Api(in_process(own_app.test_client()))


@pytest.fixture
def trips(private_postgres, own_app):
    """Counts the messages that something sends: `trips(act)`."""

    def messages():
        return private_postgres.read_log().count(MESSAGE)

    def trips(act):
        # Whatever a connection is asked when it is new is not the command's.
        own_app.extensions["changes"].next_end()
        before = messages()
        act()
        return messages() - before

    return trips


@pytest.fixture
def second(api, room, timer):
    """Another timer of the room, below `timer`."""
    return api.create_timer(room, "Closing", 60_000)


@pytest.fixture
def commands(room, timer, second):
    """Every command, with method, path and body, in an order in which each acts."""
    of_timer, of_room = f"/api/timers/{timer['id']}", f"/api/rooms/{room.id}"
    order = {"timerIds": [second["id"], timer["id"]]}
    return {
        "start": ("POST", f"{of_timer}/start", None),
        "start again": ("POST", f"{of_timer}/start", None),
        "pause": ("POST", f"{of_timer}/pause", None),
        "reset": ("POST", f"{of_timer}/reset", None),
        "edit": ("PUT", of_timer, {"title": "Another"}),
        "resize": ("PUT", of_timer, {"duration": 90_000}),
        "create": ("POST", f"{of_room}/timers", {"title": "x", "duration": 1000}),
        "reorder refused": ("POST", f"{of_room}/timers/reorder", order),
        "choose": ("PUT", of_room, {"currentTimerId": second["id"]}),
        "edit the room": ("PUT", of_room, {"name": "Another"}),
        "replace the link": ("POST", f"{of_room}/share-token", None),
        "issue a token": ("POST", f"{of_room}/tokens", None),
        "revoke the tokens": ("DELETE", f"{of_room}/tokens", None),
        "create a room": ("POST", "/api/rooms", {"name": "Another"}),
        "delete": ("DELETE", of_timer, None),
        "delete the room": ("DELETE", of_room, None),
    }


def test_every_command_takes_two_round_trips(api, room, trips, commands):
    counted = {
        name: trips(lambda given=given: api.request(*given, room.admin_token))
        for name, given in commands.items()
    }

    assert counted == dict.fromkeys(commands, 2)


def test_with_an_idempotency_key_it_takes_three(api, room, trips, commands):
    for without_key in ("issue a token", "revoke the tokens"):
        del commands[without_key]
    counted = {}
    for name, given in commands.items():
        key = {"Idempotency-Key": f"the-key-of-{name}".replace(" ", "-")}
        counted[name] = trips(
            lambda given=given, key=key: api.request(*given, room.admin_token, key)
        )

    assert counted == dict.fromkeys(commands, 3)


def test_a_reorder_of_many_timers_takes_two(api, room, trips):
    timers = [api.create_timer(room)["id"] for _ in range(50)]
    path, order = f"/api/rooms/{room.id}/timers/reorder", {"timerIds": timers[::-1]}

    took = trips(lambda: api.request("POST", path, order, room.admin_token))

    assert took == 2
    shown = [each["id"] for each in api.state(room.share_token)["timers"]]
    assert shown == timers[::-1]


def test_a_look_of_the_finisher_takes_one(own_app, trips):
    assert trips(own_app.extensions["finisher"].step) == 1


def test_a_batch_of_finishes_takes_three(
    api, own_app, room, timer, trips, private_postgres
):
    rooms = [room, *(api.create_room() for _ in range(3))]
    timers = [timer, *(api.create_timer(each) for each in rooms[1:])]
    for each, its in zip(rooms, timers, strict=True):
        api.start(each, its)
    sql.move_ends(private_postgres.url, {its["id"] for its in timers}, 60_000)
    finished = []

    def finish():
        finished.extend(own_app.extensions["changes"].finish_due(20, "finisher"))

    assert trips(finish) == 3
    assert len(finished) == len(rooms)


def test_a_command_that_meets_an_overdue_timer_takes_two(
    api, room, timer, second, trips, private_postgres
):
    api.start(room, timer)
    sql.move_ends(private_postgres.url, {timer["id"]}, 60_000)

    assert trips(lambda: api.start(room, second)) == 2
    shown = api.state(room.share_token)["timers"]
    assert [each["status"] for each in shown] == ["finished", "running"]


def test_a_stranger_s_command_neither_waits_for_a_room_nor_changes_it(
    api, room, timer, foreign, private_postgres
):
    with sql.transaction(private_postgres.url) as cursor:
        cursor.execute("SELECT 1 FROM rooms WHERE id = %s FOR UPDATE", [room.id])
        for path in (f"timers/{timer['id']}/start", f"rooms/{room.id}/share-token"):
            refused = api.request("POST", f"/api/{path}", token=foreign.admin_token)
            assert refused.status == 403


def test_a_stranger_s_command_does_not_hold_a_room(
    api, own_app, room, timer, foreign, private_postgres
):
    changes = own_app.extensions["changes"]
    stranger = identity_of(claims_of(foreign.admin_token))
    with changes.database.transaction() as transaction:
        by_room, by_timer = uuid.UUID(room.id), uuid.UUID(timer["id"])
        for wanted in (Wanted(by_room), Wanted(timer_id=by_timer)):
            assert changes.store.lock(transaction, wanted, stranger) is None
        with sql.transaction(private_postgres.url) as cursor:
            cursor.execute(
                "SELECT 1 FROM rooms WHERE id = %s FOR UPDATE NOWAIT", [room.id]
            )
            assert cursor.fetchone()
