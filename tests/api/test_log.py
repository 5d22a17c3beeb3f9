"""A room's log over HTTP: who reads it, and in which pages."""

import json

import pytest

from app.rooms import log
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
        for kind in ("revisions",):
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
