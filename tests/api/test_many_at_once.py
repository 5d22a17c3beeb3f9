"""Many at once on PostgreSQL: nobody waits for ever, and nobody is turned away.

Bounded: some hundred requests, more at a time than there are connections.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.rooms.aggregate import MAX_TIMERS
from tests.api.full_rooms import add_timers
from tests.support.api import Api
from tests.support.senders import in_process
from tests.system import sql

pytestmark = pytest.mark.database("postgres")

# A worker has twenty connections to the database.
AT_ONCE = 25


@pytest.fixture
def at_once(app):
    """Calls `act(api, number)` for many numbers at once; the answers in order."""

    def at_once(act, count=AT_ONCE):
        def call(number):
            return act(Api(in_process(app.test_client())), number)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(call, range(count), timeout=60))

    return at_once


def test_a_repeat_takes_no_second_connection_to_the_database(
    app, room, timer, at_once, api
):
    # Of others than the one that commands hold, there is none to be had.
    engine = app.extensions["database"]._connections._engine
    path, key = f"/api/timers/{timer['id']}/start", {"Idempotency-Key": "the-start"}
    first = api.request("POST", path, None, room.admin_token, key)

    taken = [engine.raw_connection() for _ in range(19)]
    try:
        again = api.request("POST", path, None, room.admin_token, key)
    finally:
        for connection in taken:
            connection.close()

    assert (again.status, again.json) == (200, first.json)
    assert again.headers["idempotency-replayed"] == "true"


def test_the_same_key_at_once_acts_once_while_timers_are_finished(
    app, api, room, timer, database, at_once
):
    ending = [api.create_timer(room) for _ in range(5)]
    for each in ending:
        api.start(room, each)
    sql.move_ends(database, {each["id"] for each in ending}, 120_000)
    changes = app.extensions["changes"]
    path = f"/api/timers/{timer['id']}/start"

    def act(client, number):
        if number % 5 == 0:
            changes.finish_due(20, "finisher")
            return None
        key = {"Idempotency-Key": f"key-{number % 3}"}
        return client.request("POST", path, None, room.admin_token, key)

    answers = [each for each in at_once(act, 100) if each is not None]

    assert {each.status for each in answers} == {200}
    assert len({each.json["revision"] for each in answers}) == 1
    state = api.state(room.share_token)
    # Created, started, finished once each; and one start.
    assert state["revision"] == 1 + 1 + 3 * len(ending) + 1
    finished = [each for each in state["timers"] if each["status"] == "finished"]
    assert len(finished) == len(ending)


def test_finishers_and_commands_over_many_rooms_do_not_lock_each_other_out(
    app, api, database, at_once
):
    rooms = [api.create_room(f"Hall {number}") for number in range(6)]
    timers = [[api.create_timer(each) for _ in range(4)] for each in rooms]
    for room, its in zip(rooms, timers, strict=True):
        for timer in its:
            api.start(room, timer)
    sql.move_ends(database, {each["id"] for its in timers for each in its}, 120_000)
    changes = app.extensions["changes"]

    def act(client, number):
        room, its = rooms[number % 6], timers[number % 6]
        if number % 4 == 0:
            changes.finish_due(20, "finisher")
            return None
        path = f"/api/timers/{its[number % 4]['id']}/pause"
        return client.request("POST", path, None, room.admin_token)

    answers = [each for each in at_once(act, 120) if each is not None]

    # Over long ago: none can be paused, and each was finished once.
    assert {each.status for each in answers} == {409}
    for room in rooms:
        state = api.state(room.share_token)
        assert {each["status"] for each in state["timers"]} == {"finished"}
        assert state["revision"] == 1 + 3 * 4


def test_no_more_timers_are_created_at_once_than_a_room_holds(app, api, room, at_once):
    add_timers(app, room, MAX_TIMERS - 5)
    path, body = f"/api/rooms/{room.id}/timers", {"title": "x", "duration": 1000}

    answers = at_once(
        lambda client, _: client.request("POST", path, body, room.admin_token)
    )

    assert sorted(each.status for each in answers) == [201] * 5 + [409] * 20
    assert len(api.state(room.share_token)["timers"]) == MAX_TIMERS


def test_no_more_text_is_written_at_once_than_a_room_holds(app, api, room, at_once):
    add_timers(app, room, 31, description="\N{PARTY POPPER}" * 2000)
    path = f"/api/rooms/{room.id}/timers"
    body = {"title": "x", "duration": 1000, "description": "x" * 2000}

    answers = at_once(
        lambda client, _: client.request("POST", path, body, room.admin_token)
    )

    created = [each for each in answers if each.status == 201]
    assert {each.status for each in answers} == {201, 409}
    assert len(api.state(room.share_token)["timers"]) == 31 + len(created)
