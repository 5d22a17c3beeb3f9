"""Start, pause and reset as operators meet them; and what such servers get wrong."""

import pytest

from app.clock import now
from tests.support.waiting import wait_until


def command(api, room, timer, name):
    path = f"/api/timers/{timer['id']}/{name}"
    return api.request("POST", path, token=room.admin_token)


@pytest.fixture
def over(api, room):
    """A running timer whose time is up, and which nobody has finished yet."""
    timer = api.create_timer(room, duration=1_000)
    started = api.start(room, timer)
    wait_until(lambda: now() >= started["endsAt"], "the end of the timer")
    return started


def test_a_started_timer_ends_after_its_duration_by_the_server_s_clock(
    api, room, timer
):
    before = now()
    started = api.start(room, timer)

    assert started["status"] == "running"
    assert before <= started["startedAt"] <= now()
    assert started["endsAt"] == started["startedAt"] + 60_000
    assert started["revision"] == timer["revision"] + 1


def test_the_screens_show_the_timer_that_was_started_last(api, room, timer):
    other = api.create_timer(room)
    api.start(room, timer)
    assert api.state(room.share_token)["currentTimerId"] == timer["id"]

    api.start(room, other)
    assert api.state(room.share_token)["currentTimerId"] == other["id"]


def test_starting_one_timer_leaves_the_others_running(api, room, timer):
    started = api.start(room, timer)
    api.start(room, api.create_timer(room))

    assert api.state(room.share_token)["timers"][0] == started


def test_a_second_start_does_not_restart_the_talk(api, room, timer):
    started = api.start(room, timer)

    assert api.start(room, timer) == started
    assert api.state(room.share_token)["revision"] == started["revision"]


def test_a_pause_keeps_what_was_left_and_not_the_duration(api, room, timer):
    started = api.start(room, timer)
    paused = api.pause(room, timer)

    assert paused["status"] == "paused"
    assert paused["duration"] == 60_000
    assert 50_000 < paused["remaining"] <= 60_000
    assert paused["endsAt"] is None
    assert paused["startedAt"] == started["startedAt"]


def test_a_second_pause_changes_nothing(api, room, timer):
    api.start(room, timer)
    paused = api.pause(room, timer)

    assert api.pause(room, timer) == paused


def test_a_resumed_timer_ends_after_what_was_left(api, room, timer):
    api.start(room, timer)
    paused = api.pause(room, timer)
    before = now()
    resumed = api.start(room, timer)

    assert before <= resumed["endsAt"] - paused["remaining"] <= now()
    assert resumed["duration"] == 60_000


@pytest.mark.parametrize("commands", [[], ["start"], ["start", "pause"]])
def test_a_reset_returns_to_the_full_duration(api, room, timer, commands):
    for name in commands:
        command(api, room, timer, name)
    reset = api.reset(room, timer)

    assert (reset["status"], reset["remaining"]) == ("idle", 60_000)
    assert (reset["startedAt"], reset["endsAt"]) == (None, None)


def test_a_reset_of_an_idle_timer_takes_no_revision(api, room, timer):
    assert api.reset(room, timer) == timer


def test_an_idle_timer_cannot_be_paused(api, room, timer):
    answer = command(api, room, timer, "pause")

    assert (answer.status, answer.json["code"]) == (409, "invalid-transition")
    assert api.state(room.share_token)["revision"] == timer["revision"]


@pytest.mark.parametrize("commands", [["start"], ["start", "pause"]])
def test_the_duration_of_an_active_timer_cannot_be_edited(api, room, timer, commands):
    for name in commands:
        command(api, room, timer, name)
    before = api.state(room.share_token)["timers"]
    path = f"/api/timers/{timer['id']}"
    body = {"title": "Closing", "duration": 90_000}
    answer = api.request("PUT", path, body, room.admin_token)

    assert (answer.status, answer.json["code"]) == (409, "timer-active")
    assert api.state(room.share_token)["timers"] == before


def test_an_edit_of_a_running_timer_does_not_move_its_end(api, room, timer):
    started = api.start(room, timer)
    edited = api.update_timer(room, timer, title="Closing", duration=60_000)

    assert edited["title"] == "Closing"
    assert edited["endsAt"] == started["endsAt"]
    assert edited["startedAt"] == started["startedAt"]


def test_a_reorder_does_not_move_the_end_of_a_running_timer(api, room, timer):
    started, other = api.start(room, timer), api.create_timer(room)
    path = f"/api/rooms/{room.id}/timers/reorder"
    body = {"timerIds": [other["id"], timer["id"]]}
    answer = api.request("POST", path, body, room.admin_token)

    assert answer.status == 200
    moved = api.state(room.share_token)["timers"][1]
    assert moved["position"] == 1
    assert moved["endsAt"] == started["endsAt"]
    assert moved["status"] == "running"


def test_a_pause_after_the_end_finds_the_timer_finished(api, room, over):
    answer = command(api, room, over, "pause")

    assert (answer.status, answer.json["code"]) == (409, "invalid-transition")
    [timer] = api.state(room.share_token)["timers"]
    assert (timer["status"], timer["remaining"]) == ("finished", 0)
    assert timer["endsAt"] == over["endsAt"]


def test_a_start_after_the_end_runs_the_full_duration_again(api, room, over):
    before = now()
    again = api.start(room, over)

    assert again["status"] == "running"
    assert again["startedAt"] >= before
    assert again["endsAt"] == again["startedAt"] + 1_000
    # The finish is a change of its own, before the start.
    assert again["revision"] == over["revision"] + 2


def test_a_finished_timer_can_be_given_another_duration(api, room, over):
    command(api, room, over, "pause")
    edited = api.update_timer(room, over, duration=90_000)

    assert (edited["status"], edited["remaining"]) == ("finished", 0)
    assert api.reset(room, over)["remaining"] == 90_000


def test_a_command_to_one_room_leaves_the_revision_of_another(
    api, room, timer, foreign
):
    api.start(room, timer)

    assert api.state(foreign.share_token)["revision"] == 1


@pytest.mark.parametrize("name", ["start", "pause", "reset"])
def test_a_command_is_a_post(api, room, timer, name):
    path = f"/api/timers/{timer['id']}/{name}"
    answer = api.request("GET", path, token=room.admin_token)

    assert answer.status == 405
    assert "POST" in answer.headers["allow"]
