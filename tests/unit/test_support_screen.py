"""A screen converges whatever the order of events, and never goes back."""

import itertools

import pytest

from tests.support.screen import Screen


def timer(id_="a", revision=1, **fields):
    return {"id": id_, "position": 0, "revision": revision, "serverTime": 9, **fields}


def room(revision=1, **fields):
    told = {"revision": revision, "updatedAt": 10 * revision, "serverTime": 9}
    return {"id": "r", "name": "Hall", **told, **fields}


def state(revision, *timers, **fields):
    return room(revision, timers=list(timers), **fields)


@pytest.fixture
def screen():
    return Screen.showing(state(5, timer("a", 2), timer("b", 5, position=1)))


def shown(screen):
    return {timer["id"]: timer["revision"] for timer in screen.state()["timers"]}


def test_a_state_is_shown_without_its_server_time():
    screen = Screen.showing(state(3, timer("a", 3)))

    assert screen.state() == {
        "id": "r",
        "name": "Hall",
        "revision": 3,
        "updatedAt": 30,
        "timers": [{"id": "a", "position": 0, "revision": 3}],
    }


@pytest.mark.parametrize("event", ["timer-update", "timer-deleted"])
def test_the_newest_event_tells_when_the_room_changed(screen, event):
    screen.apply(event, timer("a", 7, updatedAt=70))
    screen.apply("timer-update", timer("b", 6, updatedAt=60))
    screen.apply("room-update", room(6))

    assert screen.state()["updatedAt"] == 70
    assert "updatedAt" not in screen.timer("b")


def test_timers_are_shown_in_the_order_of_their_positions(screen):
    screen.apply("timer-update", timer("b", 6, position=-1))

    assert [timer["id"] for timer in screen.state()["timers"]] == ["b", "a"]


@pytest.mark.parametrize("event", ["timer-created", "timer-update", "timer-finished"])
def test_a_newer_timer_replaces_the_older(screen, event):
    screen.apply(event, timer("a", 6, status="running"))

    assert screen.timer("a")["status"] == "running"
    assert screen.revision == 6


def test_an_older_timer_changes_nothing(screen):
    screen.apply("timer-update", timer("a", 1, status="running"))

    assert shown(screen) == {"a": 2, "b": 5}


def test_a_deleted_timer_stays_deleted_when_an_older_update_comes_late(screen):
    screen.apply("timer-deleted", {"id": "a", "roomId": "r", "revision": 7})
    screen.apply("timer-update", timer("a", 6))

    assert shown(screen) == {"b": 5}
    assert screen.revision == 7


def test_a_timer_that_a_state_does_not_list_stays_away(screen):
    screen.apply("room-state", state(7, timer("b", 5)))
    screen.apply("timer-update", timer("a", 6))

    assert shown(screen) == {"b": 5}


def test_a_state_does_not_undo_what_is_newer(screen):
    screen.apply("timer-update", timer("a", 8))
    screen.apply("timer-created", timer("c", 9))
    screen.apply("timer-deleted", {"id": "b", "roomId": "r", "revision": 10})
    screen.apply("room-state", state(7, timer("a", 7), timer("b", 5)))

    assert shown(screen) == {"a": 8, "c": 9}
    assert screen.revision == 10


def test_a_room_update_replaces_the_fields_but_not_the_timers(screen):
    screen.apply("room-update", room(6, name="Foyer"))
    screen.apply("room-update", room(5, name="Cellar"))

    assert screen.state()["name"] == "Foyer"
    assert shown(screen) == {"a": 2, "b": 5}


def test_another_room_replaces_everything(screen):
    other = {"id": "other", "revision": 1, "updatedAt": 10, "timers": []}
    screen.apply("room-state", dict(other))

    assert screen.state() == other


def test_a_timer_is_as_a_state_says_that_is_not_older_than_it():
    screen = Screen.showing(state(5, timer("a", 5, title="lost")))
    screen.apply("room-state", state(6, timer("a", 2, title="kept")))

    assert screen.timer("a")["title"] == "kept"


def test_a_state_older_than_the_one_before_changes_nothing(screen):
    screen.apply("room-state", state(4, timer("a", 2), timer("c", 3)))

    assert shown(screen) == {"a": 2, "b": 5}


def test_a_restored_state_replaces_also_what_is_newer(screen):
    screen.apply("timer-created", timer("c", 9))
    screen.apply("timer-deleted", {"id": "a", "roomId": "r", "revision": 10})
    screen.apply("room-state", state(3, timer("a", 2), restored=True))

    assert shown(screen) == {"a": 2}
    assert screen.state() == Screen.showing(state(3, timer("a", 2))).state()
    screen.apply("timer-update", timer("a", 4))
    assert shown(screen) == {"a": 4}


def test_a_screen_that_joins_begins_anew_and_shows_what_it_did_until_the_state(screen):
    screen.begin()
    screen.apply("timer-update", timer("c", 4))
    assert shown(screen) == {"a": 2, "b": 5}

    screen.apply("room-state", state(3, timer("a", 2, title="restored")))

    assert shown(screen) == {"a": 2, "c": 4}
    assert screen.timer("a")["title"] == "restored"
    assert screen.revision == 4


def test_viewers_are_counted_and_a_deleted_room_is_noticed(screen):
    screen.apply("user-count", {"count": 3})
    screen.apply("room-deleted", {"id": "r"})
    screen.apply("pong", {"serverTime": 1})

    assert screen.user_count == 3
    assert screen.room_deleted


def test_every_order_of_the_same_events_ends_in_the_same_state():
    events = [
        ("room-state", state(1, timer("a", 1))),
        ("timer-update", timer("a", 2)),
        ("timer-created", timer("b", 3)),
        ("timer-deleted", {"id": "a", "roomId": "r", "revision": 4}),
        ("room-update", room(5, name="Foyer")),
    ]

    for order in itertools.permutations(events):
        screen = Screen()
        for event, payload in order:
            screen.apply(event, payload)
        assert screen.state()["name"] == "Foyer", order
        assert shown(screen) == {"b": 3}, order
