"""A room's log over HTTP: who reads it, and in which pages."""

import json
import uuid

import pytest
from sqlalchemy import text, update

from app.extensions import db
from app.rooms import log, writing
from app.rooms.command import COMMAND_LINE
from app.rooms.model import RevisionRow
from tests.api.people import claims_of


def revisions(api, room, token=None, **query):
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    path = f"/api/rooms/{room.id}/revisions?{asked}"
    answer = api.request("GET", path, token=token or room.admin_token)
    assert answer.status == 200, answer.text
    return answer.json


def numbers(page):
    return [each["revision"] for each in page["revisions"]]


def test_each_command_is_listed_with_what_it_changed(api, room, timer):
    started = api.start(room, timer)

    made, added, began = revisions(api, room)["revisions"]

    assert made == {
        "revision": 1,
        "at": room.created["createdAt"],
        "actor": "owner",
        "command": "create-room",
        "noticedBy": None,
        "undoes": None,
        "undoneBy": None,
        "changes": {
            "room": [
                None,
                {
                    "name": "Main stage",
                    "description": "",
                    "currentTimerId": None,
                    "createdAt": room.created["createdAt"],
                },
            ]
        },
    }
    assert added["command"] == "create-timer"
    assert added["changes"]["timers"][timer["id"]][1]["title"] == "Opening"
    assert began["changes"] == {
        "room": {"currentTimerId": [None, timer["id"]]},
        "timers": {
            timer["id"]: {
                "status": ["idle", "running"],
                "startedAt": [None, started["startedAt"]],
                "endsAt": [None, started["endsAt"]],
            }
        },
    }


def test_an_operator_reads_the_log_and_finds_the_owner_without_a_subject(
    api, room, timer, operator
):
    api.start(room, timer, token=operator)

    page = revisions(api, room, operator)

    made, *_, started = page["revisions"]
    assert made["actor"] == "owner"
    assert started["actor"] == claims_of(operator)["sub"]
    assert claims_of(room.admin_token)["sub"] not in json.dumps(page)


def test_strangers_and_who_asks_for_no_room_are_refused_alike(api, room, foreign):
    unknown = "00000000-0000-4000-8000-000000000000"
    gone = api.create_room("Gone", token=room.admin_token)
    api.delete_room(gone)

    for room_id in (foreign.id, unknown, gone.id):
        for kind in ("revisions", "revisions.ndjson"):
            path = f"/api/rooms/{room_id}/{kind}"
            answer = api.request("GET", path, token=room.admin_token)
            assert (answer.status, answer.json["code"]) == (403, "forbidden"), path
            assert api.request("GET", path).status == 401


def test_an_operator_of_another_room_is_refused(api, foreign, operator):
    path = f"/api/rooms/{foreign.id}/revisions"

    assert api.request("GET", path, token=operator).status == 403


def test_the_newest_revisions_come_where_none_is_named(api, room):
    for number in range(6):
        api.update_room(room, name=f"No. {number}")

    assert numbers(revisions(api, room)) == [1, 2, 3, 4, 5, 6, 7]
    page = revisions(api, room, limit=3)
    assert (numbers(page), page["more"]) == ([5, 6, 7], True)


def test_who_asks_with_the_last_revision_seen_misses_none(api, room):
    for number in range(6):
        api.update_room(room, name=f"No. {number}")

    seen, after, more = [], 0, True
    while more:
        page = revisions(api, room, after=after, limit=3)
        seen += numbers(page)
        after, more = seen[-1], page["more"]

    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert revisions(api, room, after=7) == {"revisions": [], "more": False}


@pytest.mark.parametrize("start", [{}, {"after": 1}])
def test_a_page_is_bounded_in_bytes_and_holds_at_least_one(
    api, room, start, monkeypatch
):
    for number in range(4):
        api.update_room(room, description=f"{number}" + "é" * 1000)
    # Three changes from one such text to another.
    monkeypatch.setattr(log, "PAGE_BYTES", 3 * 4_500)

    page = revisions(api, room, **start)
    assert len(page["revisions"]) == 3
    assert page["more"]

    monkeypatch.setattr(log, "PAGE_BYTES", 1)
    page = revisions(api, room, **start)
    assert numbers(page) == ([2] if start else [5])
    assert page["more"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("after=-1", "after"),
        ("after=9007199254740992", "after"),
        ("after=x", "after"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
    ],
)
@pytest.mark.database("sqlite")
def test_a_query_that_makes_no_sense_is_refused_and_named(api, room, query, field):
    path = f"/api/rooms/{room.id}/revisions?{query}"

    answer = api.request("GET", path, token=room.admin_token)

    assert answer.status == 422
    assert field in answer.json["errors"]


def lines(text):
    return [json.loads(line) for line in text.split("\n")[:-1]]


def test_a_download_holds_all_that_the_pages_hold_one_revision_a_line(
    api, room, operator, monkeypatch
):
    for number in range(5):
        api.update_room(room, name=f'"{number}"\n é')
    monkeypatch.setattr(log, "MAX_PAGE", 2)
    path = f"/api/rooms/{room.id}/revisions.ndjson"

    whole = api.request("GET", path, token=operator)
    rest = api.request("GET", f"{path}?after=4", token=room.admin_token)

    assert lines(whole.text) == revisions(api, room)["revisions"]
    assert numbers({"revisions": lines(rest.text)}) == [5, 6, 7]
    assert whole.headers["content-type"] == "application/x-ndjson"
    disposition = f'attachment; filename="room-{room.id}.ndjson"'
    assert whole.headers["content-disposition"] == disposition
    assert claims_of(room.admin_token)["sub"] not in whole.text


def printed(app, room, *words):
    result = app.test_cli_runner().invoke(args=["room", "log", room.id, *words])
    assert result.exit_code == 0, result.output
    return lines(result.stdout)


def test_the_command_line_prints_the_log_with_full_names_also_of_a_room_that_is_gone(
    app, api, room, timer
):
    api.delete_room(room)

    rows = printed(app, room)

    owner = f"owner:{claims_of(room.admin_token)['sub']}"
    assert [(row["command"], row["actor"]) for row in rows] == [
        ("create-room", owner),
        ("create-timer", owner),
        ("delete-room", owner),
    ]
    assert rows[-1]["changes"]["room"][1] is None
    assert printed(app, room, "--after", "2") == rows[2:]
    assert printed(app, room, "--after", str(10**30)) == []


def test_what_the_command_line_does_is_in_the_log_as_its_own(app, api, room):
    runner = app.test_cli_runner()
    runner.invoke(args=["token", "issue", room.id, "--operator"])
    runner.invoke(args=["room", "restored"])
    runner.invoke(args=["room", "create", "Another"])

    _, issued, lifted = revisions(api, room)["revisions"]

    for row, command in ((issued, "issue-operator-token"), (lifted, "lift-revision")):
        assert (row["command"], row["actor"]) == (command, "command-line")
        assert not any(row["changes"].values())


DAY_MS = 24 * 60 * 60 * 1000


def age(app, room, days, up_to):
    with app.app_context():
        older = update(RevisionRow).where(
            RevisionRow.room_id == uuid.UUID(room.id), RevisionRow.revision <= up_to
        )
        db.session.execute(older.values(at=RevisionRow.at - days * DAY_MS))
        db.session.commit()


@pytest.mark.settings(log_retention_days=3)
def test_old_revisions_are_forgotten_in_rooms_that_are_there_and_that_are_gone(
    app, api, room, foreign, monkeypatch
):
    monkeypatch.setattr(log, "_FORGOTTEN", 2)
    for each in (room, foreign):
        for number in range(5):
            api.update_room(each, name=f"No. {number}")
        age(app, each, days=4, up_to=4)
    api.delete_room(foreign)
    age(app, room, days=2, up_to=5)

    app.extensions["janitor"].clean()

    for each, kept in ((room, [5, 6]), (foreign, [5, 6, 7])):
        assert [row["revision"] for row in printed(app, each)] == kept


def kept(app, room):
    with app.app_context():
        rows = db.session.execute(
            text("SELECT number, CAST(changes AS text) FROM room_revisions")
        ).all()
    return len(rows), sum(len(changes.encode()) for _, changes in rows)


def test_a_log_never_has_more_rows_than_it_may_and_keeps_the_newest(
    app, api, room, monkeypatch
):
    monkeypatch.setattr(writing, "MAX_LOG_ROWS", 20)
    monkeypatch.setattr(writing, "_PRUNED_ROWS", 4)

    counts = []
    for number in range(60):
        api.update_room(room, name=f"No. {number}")
        if number == 30:
            assert app.extensions["changes"].lift(uuid.UUID(room.id), COMMAND_LINE)
        counts.append(kept(app, room)[0])

    assert max(counts) <= 20
    assert min(counts[20:]) >= 16
    assert len(set(counts)) > 16
    newest = revisions(api, room)["revisions"][-1]
    assert newest["changes"]["room"]["name"] == ["No. 58", "No. 59"]


# In characters of one byte and of three.
@pytest.mark.parametrize(("character", "count"), [("x", 1_900), ("語", 640)])
def test_a_log_never_holds_more_bytes_than_it_may(
    app, api, room, monkeypatch, character, count
):
    bound, pruned = 40_000, 5_000
    monkeypatch.setattr(writing, "MAX_LOG_BYTES", bound)
    monkeypatch.setattr(writing, "_PRUNED_BYTES", pruned)

    sizes = []
    for number in range(60):
        # Rows of all lengths up to almost `pruned`.
        long = character * (count * (number % 7) // 7)
        api.update_room(room, description=f"{number} {long}")
        if number == 30:
            assert app.extensions["changes"].lift(uuid.UUID(room.id), COMMAND_LINE)
        sizes.append(kept(app, room)[1])

    assert max(sizes) <= bound
    # Not needlessly less: rows, and what they take besides, account for the rest.
    assert min(sizes[40:]) >= bound // 2
