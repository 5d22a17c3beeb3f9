"""Recorded events are in order, and waiting for one ends with it or says what came."""

import threading

import pytest

from app.clock import Instant
from tests.support import waiting
from tests.support.ordered_client import OrderedClient
from tests.support.recording import Event, Recording


@pytest.fixture
def recording():
    return Recording()


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(waiting, "STALLED_SECONDS", 0)


def event(name, payload=None):
    return Event(name, payload, Instant(0))


def test_waiting_finds_an_event_of_the_past(recording):
    recording.add(event("pong", 1))
    recording.add(event("pong", 2))

    assert recording.wait_for("pong", lambda payload: payload > 1).payload == 2


def test_waiting_ends_with_an_event_that_comes_later(recording):
    later = threading.Timer(0.05, recording.add, [event("pong")])
    later.start()

    assert recording.wait_for("pong") == event("pong")
    later.join()


def test_events_before_since_do_not_count(recording, impatient):
    recording.add(event("pong"))

    with pytest.raises(TimeoutError):
        recording.wait_for("pong", timeout=0.05, since=len(recording))


def test_a_wait_in_vain_tells_what_came_instead(recording, impatient):
    recording.add(event("error", {"code": "not-found"}))

    with pytest.raises(TimeoutError, match="not-found"):
        recording.wait_for("pong", timeout=0.05)


def test_the_client_handles_messages_in_the_order_of_their_arrival():
    handled = []
    client = OrderedClient()
    client.eio.on("message", handled.append)

    for number in range(500):
        client.eio._trigger_event("message", number, run_async=True)
    client.close()

    assert handled == list(range(500))
