"""For each command: the state before plus its events is the state fetched afterwards.

A new command without an entry in `COMMANDS` is unfinished.
"""

import itertools
import random

import pytest

from tests.live.show import (
    COMMANDS,
    WHOLE_STATE,
    Show,
    after_events,
    shown,
    wait_until_shown,
)


@pytest.fixture
def show(operator, room):
    return Show(operator, room)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_state_before_plus_the_events_is_the_state_after(show, watch, name):
    viewer, before = watch(show.room), show.state()
    since = len(viewer.recording)

    COMMANDS[name](show)

    after = show.state()
    wait_until_shown(viewer, after)
    events = viewer.events(since=since)
    assert after_events(before, events) == shown(after)
    whole = [event for event in events if event.name == "room-state"]
    assert bool(whole) == (name in WHOLE_STATE)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_revision_of_a_command_is_told_without_a_gap(show, watch, name):
    viewer, before = watch(show.room), show.state()["revision"]
    since = len(viewer.recording)

    COMMANDS[name](show)

    after = show.state()
    wait_until_shown(viewer, after)
    told = [e.payload["revision"] for e in viewer.events(since=since) if is_change(e)]
    assert sorted(set(told)) == list(range(before + 1, after["revision"] + 1))


def test_a_finish_s_events_lead_to_the_state_after(show, watch):
    show.start("Greeting")
    viewer, before = watch(show.room), show.state()
    since = len(viewer.recording)

    finished = viewer.wait_for("timer-finished").payload

    after = show.state()
    wait_until_shown(viewer, after)
    events = viewer.events(since=since)
    assert after_events(before, events) == shown(after)
    assert after["revision"] == before["revision"] + 1 == finished["revision"]
    assert finished["status"] == "finished"
    assert "room-state" not in [event.name for event in events]


def test_the_events_converge_in_every_order_of_arrival(show, watch):
    viewer, before = watch(show.room), show.state()
    since = len(viewer.recording)

    show.start("Opening")
    show.pause("Opening")
    show.delete("Panel")
    show.choose("Greeting")

    after = show.state()
    wait_until_shown(viewer, after)
    events = [event for event in viewer.events(since=since) if is_change(event)]
    orders = list(itertools.permutations(events))
    for order in random.sample(orders, min(200, len(orders))):
        assert after_events(before, list(order)) == shown(after)


def test_a_refused_command_tells_nobody_and_changes_nothing(show, watch):
    viewer, before = watch(show.room), show.state()
    since = len(viewer.recording)

    path = f"/api/timers/{show.timers['Opening']['id']}/pause"
    refused = show.api.request("POST", path, token=show.room.admin_token)
    viewer.call("ping")

    assert refused.status == 409
    assert [event for event in viewer.events(since=since) if is_change(event)] == []
    assert shown(show.state()) == shown(before)


def is_change(event):
    return event.name not in ("user-count", "pong", "error")
