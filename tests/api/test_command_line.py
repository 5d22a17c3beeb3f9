"""The command line, through Flask's."""

import json
from uuid import UUID

import pytest
from sqlalchemy import update

from app.extensions import db
from app.rooms.model import RoomRow

DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture
def run(app):
    """Runs a command; answers what it printed, and how it ended."""
    runner = app.test_cli_runner()

    def run(*words, fails=False):
        result = runner.invoke(args=words)
        assert (result.exit_code != 0) is fails, result.output
        # What is logged goes to standard error, and is nobody's JSON.
        return result.stderr if fails else result.stdout

    return run


def test_a_room_is_created_with_tokens_that_work(run, api):
    made = json.loads(run("room", "create", "Main hall", "--description", "Big"))

    listed = api.request("GET", "/api/rooms", token=made["adminToken"]).json["rooms"]
    assert [room["id"] for room in listed] == [made["id"]]
    assert listed[0]["description"] == "Big"


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("name", ("",)),
        ("name", ("   ",)),
        ("name", ("x" * 101,)),
        ("description", ("Hall", "--description", "d" * 2001)),
        ("description", ("Hall", "--description", "half a \ud800 pair")),
        ("owner", ("Hall", "--owner", "o" * 256)),
        ("owner", ("Hall", "--owner", "")),
    ],
)
def test_the_command_line_refuses_what_http_refuses_and_names_it(run, field, words):
    assert f"Invalid value for {field}: " in run("room", "create", *words, fails=True)

    assert run("room", "list") == ""


def test_rooms_are_listed_one_a_line(run, api):
    rooms = {api.create_room(name).id for name in ("One", "Two")}

    lines = run("room", "list").splitlines()

    assert {json.loads(line)["id"] for line in lines} == rooms


def test_a_lost_owner_s_token_can_be_issued_again(run, api, room, timer):
    issued = json.loads(run("token", "issue", room.id))

    path = f"/api/timers/{timer['id']}/start"
    assert api.request("POST", path, token=issued["adminToken"]).status == 200


def test_an_operator_s_token_can_be_issued(run, api, room, timer):
    issued = json.loads(run("token", "issue", room.id, "--operator"))

    token = issued["operatorToken"]
    assert api.request("POST", f"/api/timers/{timer['id']}/start", token=token).ok
    assert api.request("DELETE", f"/api/rooms/{room.id}", token=token).status == 403


def test_no_token_is_issued_for_a_room_that_is_not_there(run):
    output = run("token", "issue", "00000000-0000-0000-0000-000000000000", fails=True)

    assert "no such room" in output


def age(app, room):
    with app.app_context():
        long_ago = RoomRow.created_at - 40 * DAY_MS
        older = update(RoomRow).where(RoomRow.id == room)
        db.session.execute(older.values(updated_at=long_ago))
        db.session.commit()


def test_old_rooms_are_pruned_unless_a_timer_runs_in_them(run, app, api):
    old, busy, new = (api.create_room(name) for name in ("Old", "Busy", "New"))
    api.start(busy, api.create_timer(busy))
    for room in (old, busy):
        age(app, UUID(room.id))

    assert "Deleted 1 rooms" in run("room", "prune", "--days", "30", "--yes")

    kept = {json.loads(line)["id"] for line in run("room", "list").splitlines()}
    assert kept == {busy.id, new.id}


class Meanwhile:
    """Has somebody do something to each other room once the first was pruned."""

    def __init__(self, rooms, act):
        self.rooms = rooms
        self.act = act

    def notice(self, room_id, _events):
        others = [room for room in self.rooms if room.id != str(room_id)]
        self.rooms = []
        for room in others:
            self.act(room)


@pytest.mark.parametrize(
    ("act", "kept"), [("update_room", 1), ("create_timer", 1), ("delete_room", 0)]
)
def test_a_room_that_changes_while_rooms_are_pruned_is_left_alone(
    run, app, api, act, kept
):
    rooms = [api.create_room("Old"), api.create_room("Just as old")]
    for room in rooms:
        age(app, UUID(room.id))
    changes = {"name": "In use"} if act == "update_room" else {}
    meanwhile = Meanwhile(rooms, lambda room: getattr(api, act)(room, **changes))
    app.extensions["changes"].subscribe(meanwhile.notice)

    assert "Deleted 1 rooms" in run("room", "prune", "--days", "30", "--yes")

    assert len(run("room", "list").splitlines()) == kept


def timers_of(api, room):
    return {t["id"]: t["revision"] for t in api.state(room.share_token)["timers"]}


def etag_of(api, room):
    return api.request("GET", f"/api/rooms/{room.share_token}").headers["etag"]


def test_after_a_restore_every_room_is_lifted_above_what_clients_may_hold(run, api):
    # More than are lifted at once.
    rooms = [api.create_room(f"No. {number}") for number in range(25)]
    for room in rooms[:3]:
        api.create_timer(room)
        api.create_timer(room)
    before = {room.id: api.state(room.share_token) for room in rooms}
    tags = [etag_of(api, room) for room in rooms]

    assert "Lifted 25 rooms" in run("room", "restored")

    for room in rooms:
        state, old = api.state(room.share_token), before[room.id]
        assert state["revision"] > old["revision"] + 900_000
        assert set(timers_of(api, room).values()) <= {state["revision"]}
        assert without_numbers(state) == without_numbers(old)
    assert not set(tags) & {etag_of(api, room) for room in rooms}
    # JavaScript's largest exact number.
    assert api.state(rooms[0].share_token)["revision"] < 2**53


def without_numbers(state):
    timers = [{**timer, "revision": 0} for timer in state["timers"]]
    return {**state, "timers": timers, "revision": 0, "serverTime": 0}


def test_a_backup_that_is_restored_again_is_lifted_higher_than_before(run, app, api):
    room = api.create_room()
    run("room", "restored")
    api.update_room(room, name="After the first restore")
    seen = api.state(room.share_token)["revision"]
    with app.app_context():
        db.session.execute(update(RoomRow).values(revision=1))
        db.session.commit()

    run("room", "restored")

    assert api.state(room.share_token)["revision"] > seen


def test_where_there_is_no_room_none_is_lifted(run):
    assert "Lifted 0 rooms" in run("room", "restored")


def test_settings_are_shown_without_secrets(run, app):
    shown = run("settings", "show")

    assert "APP_ENV=" in shown
    assert "JWT_SECRET=(hidden)" in shown
    assert app.extensions["settings"].jwt_secret not in shown


def test_an_operator_s_token_works_though_the_owner_s_were_taken_back_once(run, api):
    room = api.create_room()
    timer = api.create_timer(room)
    assert api.request("POST", "/api/auth/revoke", token=room.admin_token).status == 204

    issued = json.loads(run("token", "issue", room.id, "--operator"))

    start = f"/api/timers/{timer['id']}/start"
    answer = api.request("POST", start, token=issued["operatorToken"])
    assert answer.status == 200
