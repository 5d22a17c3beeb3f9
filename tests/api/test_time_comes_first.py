"""Whoever changes a room first does what time owes in it, and no refusal undoes that.

Nothing runs beside the requests here: what finishes a timer is the command.
"""

import uuid

import pytest

from app import clock
from tests.api.full_rooms import add_timers
from tests.api.people import operator_of

MINUTE = 60_000
TEN_MINUTES = 600_000


@pytest.fixture
def other(api, room):
    """Another timer of the room."""
    return api.create_timer(room, "Closing", 90_000)


@pytest.fixture
def told(app, room):
    """What viewers of the room are told, one after another: name and id."""
    told = []

    def note(room_id, events):
        if str(room_id) == room.id:
            told.extend((each.name, each.revision, each.subject) for each in events)

    app.extensions["changes"].subscribe(note)
    return told


@pytest.fixture
def end_was(app):
    """Lets a running timer have ended so many milliseconds ago, without a revision."""

    def end_was(timer, ago):
        statement = "UPDATE timers SET ends_at = %(at)s WHERE id = %(id)s"
        values = {"at": int(clock.now()) - ago, "id": uuid.UUID(timer["id"]).hex}
        with app.extensions["database"].transaction() as transaction:
            transaction.write(statement, values)

    return end_was


@pytest.fixture
def log(app, room):
    """The room's log: revision, command and who noticed, of what came last."""

    def log():
        return app.extensions["database"].look(
            "SELECT revision, command, noticed_by, actor FROM room_revisions"
            " WHERE room_id = %(room)s ORDER BY revision",
            {"room": uuid.UUID(room.id).hex},
        )

    return log


@pytest.fixture
def overdue(api, room, timer, other, end_was):
    """A timer whose end nobody has noticed; another one of the room is running."""
    api.start(room, other)
    api.start(room, timer)
    end_was(timer, MINUTE)
    return timer


def shown(api, room, timer):
    state = api.state(room.share_token)
    return next(each for each in state["timers"] if each["id"] == timer["id"])


def assert_finished_once(api, room, timer, told):
    assert shown(api, room, timer)["status"] == "finished"
    finished = [each for each in told if each[0] == "timer-finished"]
    assert [str(subject.id) for _, _, subject in finished] == [timer["id"]]


REFUSALS = {
    "pause": (409, "invalid-transition", "POST", "/api/timers/{overdue}/pause", None),
    "if-match": (412, "room-moved-on", "POST", "/api/timers/{other}/pause", None),
    "field": (422, "invalid-field", "PUT", "/api/rooms/{room}", "foreign timer"),
    "order": (
        422,
        "invalid-field",
        "POST",
        "/api/rooms/{room}/timers/reorder",
        {"timerIds": []},
    ),
    "active": (409, "timer-active", "PUT", "/api/timers/{other}", {"duration": 5000}),
}


@pytest.mark.parametrize("key", [None, "a-key-of-the-owner"], ids=["", "with a key"])
@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_a_refused_command_undoes_no_finish(  # noqa: PLR0913, PLR0917 - all are fixtures
    api, room, other, overdue, foreign, told, log, refusal, key
):
    status, code, method, path, body = refusal
    path = path.format(room=room.id, other=other["id"], overdue=overdue["id"])
    if body == "foreign timer":
        body = {"currentTimerId": api.create_timer(foreign)["id"]}
    headers = {"Idempotency-Key": key} if key else {}
    if code == "room-moved-on":
        headers["If-Match"] = '"1"'
    before = log()[-1][0]

    refused = api.request(method, path, body, room.admin_token, headers)

    assert (refused.status, refused.json["code"]) == (status, code)
    assert_finished_once(api, room, overdue, told)
    [(revision, command, _, actor)] = log()[-1:]
    assert (revision, command, actor) == (before + 1, "finish", "clock")
    if key:
        again = api.request(method, path, body, room.admin_token, headers)
        assert (again.status, again.json["code"]) == (status, code)
        assert again.headers["idempotency-replayed"] == "true"
    assert log()[-1][0] == before + 1
    assert_finished_once(api, room, overdue, told)


@pytest.mark.parametrize("key", [None, "a-key-of-the-operator"], ids=["", "with a key"])
def test_who_was_revoked_undoes_no_finish(  # noqa: PLR0913, PLR0917 - as above
    api, room, timer, other, end_was, told, log, key
):
    operator = operator_of(api, room)
    api.request("DELETE", f"/api/rooms/{room.id}/tokens", token=room.admin_token)
    api.start(room, timer)
    end_was(timer, MINUTE)
    headers = {"Idempotency-Key": key} if key else {}

    path = f"/api/timers/{other['id']}/start"
    refused = api.request("POST", path, None, operator, headers)

    assert refused.status == 401
    assert_finished_once(api, room, timer, told)
    assert shown(api, room, other)["status"] == "idle"
    assert log()[-1][1:] == ("finish", "start-timer", "clock")


def test_a_full_room_undoes_no_finish(app, api, room, timer, end_was, told):
    add_timers(app, room, 499)
    api.start(room, timer)
    end_was(timer, MINUTE)

    path = f"/api/rooms/{room.id}/timers"
    more = {"title": "x" * 200, "duration": 1000}
    refused = api.request("POST", path, more, room.admin_token)

    assert (refused.status, refused.json["code"]) == (409, "limit-reached")
    assert_finished_once(api, room, timer, told)


COMMANDS = {
    "start-timer": lambda api, room, timer: api.start(room, timer),
    "reset-timer": lambda api, room, timer: api.reset(room, timer),
    "update-timer": lambda api, room, timer: api.update_timer(
        room, timer, duration=5000
    ),
    "delete-timer": lambda api, room, timer: api.delete_timer(room, timer),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_finish_is_the_revision_before_the_command_s(
    api, room, overdue, told, log, name
):
    COMMANDS[name](api, room, overdue)

    (first, *of_first), (second, *of_second) = log()[-2:]
    assert (first + 1, of_first[:2]) == (second, ["finish", name])
    assert of_second[:2] == [name, None]
    finished = [each for each in told if each[0] == "timer-finished"]
    assert [revision for _, revision, _ in finished] == [first]


def test_a_command_to_another_timer_finishes_it_too(api, room, other, overdue, log):
    api.pause(room, other)

    assert shown(api, room, overdue)["status"] == "finished"
    assert [each[1:3] for each in log()[-2:]] == [
        ("finish", "pause-timer"),
        ("pause-timer", None),
    ]


def test_several_are_finished_in_the_order_of_their_ends(  # noqa: PLR0913, PLR0917 - as above
    api, room, timer, other, end_was, told, log
):
    for each in (timer, other):
        api.start(room, each)
    end_was(timer, 1000)
    end_was(other, 2000)

    api.update_room(room, name="Another")

    finished = [str(each[2].id) for each in told if each[0] == "timer-finished"]
    assert finished == [other["id"], timer["id"]]
    revisions = [each[0] for each in log()]
    assert revisions == list(range(1, len(revisions) + 1))


def test_the_finisher_says_so_and_finds_nothing_twice(app, api, room, overdue, log):
    finisher = app.extensions["finisher"]
    finisher.step()
    after = log()
    finisher.step()

    assert after[-1][1:] == ("finish", "finisher", "clock")
    assert log() == after
    assert shown(api, room, overdue)["status"] == "finished"


def test_no_instant_is_below_the_room_s_latest_change(app, api, room, timer):
    ahead = int(clock.now()) + TEN_MINUTES
    with app.extensions["database"].transaction() as transaction:
        transaction.write(
            "UPDATE rooms SET updated_at = %(at)s WHERE id = %(id)s",
            {"at": ahead, "id": uuid.UUID(room.id).hex},
        )

    started = api.start(room, timer)

    assert started["startedAt"] == ahead
    assert started["endsAt"] == ahead + MINUTE
    assert api.state(room.share_token)["updatedAt"] == ahead


@pytest.mark.database("postgres")
def test_a_command_is_dated_by_the_database_alone(app, api, room, timer):
    def database_s():
        reading = "floor(extract(epoch FROM clock_timestamp()) * 1000)"
        statement = f"SELECT CAST({reading} AS bigint)"
        return app.extensions["database"].look(statement, {})[0][0]

    # What this worker takes for the time is wrong, and nothing mends it here.
    clock.observe(clock.steady(), clock.now() + TEN_MINUTES)
    before = database_s()
    started = api.start(room, timer)
    after = database_s()

    assert clock.now() > after + MINUTE
    assert before <= started["startedAt"] <= after
