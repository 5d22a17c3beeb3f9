"""Who watches over long-polling is counted while it polls, and misses nothing."""

import json
import time

import pytest

from tests.system.transport.raw import Connection
from tests.system.wire import join_packets

# After its last poll has ended; then the next count, and a busy machine.
COUNTED_SECONDS = 5
SLACK_SECONDS = 3


@pytest.fixture
def connection(live_server):
    """A connection for polls."""
    with Connection(live_server.port, 10) as made:
        yield made


@pytest.fixture
def witness(room, watch):
    """Somebody else in the room."""
    return watch(room)


def join(connection, room):
    """Watch over long-polling; return the session's id."""
    sid = connection.open_polling()
    connection.post(sid, *join_packets(room.share_token))
    poll_until(connection, sid, "user-count")
    return sid


def poll_until(connection, sid, event):
    """Poll until an event has come; return its payload."""
    while True:
        connection.poll(sid)
        assert connection.status() == 200
        for packet in body_of(connection).split("\x1e"):
            if packet.startswith(f'42["{event}"'):
                return json.loads(packet[2:])[1]


def body_of(connection):
    head = connection.read_until(b"\r\n\r\n").decode().lower()
    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    while len(connection.received) < length:
        connection._receive()
    body = connection.received[:length]
    connection.received = connection.received[length:]
    return body.decode()


def wait_for_count(witness, count, timeout=5):
    since = len(witness.recording)
    begun = time.monotonic()
    witness.wait_for(
        "user-count", lambda payload: payload["count"] == count, timeout, since
    )
    return time.monotonic() - begun


def test_a_viewer_that_no_longer_polls_is_counted_for_five_seconds_at_most(
    room, witness, connection
):
    join(connection, room)
    witness.wait_for("user-count", lambda payload: payload["count"] == 2)

    # Not two pings: that would take 45 s.
    assert wait_for_count(witness, 1, 30) < COUNTED_SECONDS + SLACK_SECONDS


def test_a_viewer_whose_poll_is_cut_off_is_counted_for_five_seconds_at_most(
    room, witness, connection
):
    sid = join(connection, room)
    witness.wait_for("user-count", lambda payload: payload["count"] == 2)
    poll_until(connection, sid, "user-count")
    connection.poll(sid)

    connection.close()

    assert wait_for_count(witness, 1, 30) < COUNTED_SECONDS + SLACK_SECONDS


def test_a_viewer_that_polls_again_is_counted_again_and_has_missed_nothing(
    operator, room, witness, connection
):
    sid = join(connection, room)
    wait_for_count(witness, 1, 30)
    operator.update_room(room, name="Meanwhile")

    assert poll_until(connection, sid, "room-update")["name"] == "Meanwhile"
    connection.poll(sid)

    wait_for_count(witness, 2)


def test_a_viewer_whose_poll_waits_is_counted(operator, room, witness, connection):
    sid = join(connection, room)
    witness.wait_for("user-count", lambda payload: payload["count"] == 2)
    poll_until(connection, sid, "user-count")
    since = len(witness.recording)
    connection.poll(sid)

    time_is_up = time.monotonic() + COUNTED_SECONDS + SLACK_SECONDS
    while time.monotonic() < time_is_up:
        witness.call("ping")

    assert not witness.events("user-count", since)


def test_a_second_poll_beside_the_first_ends_the_session(live_server, connection):
    sid = connection.open_polling()
    connection.poll(sid)
    with Connection(live_server.port) as other:
        other.poll(sid)
        assert other.status() == 400

    assert connection.status() == 200
    assert body_of(connection) == "1"


def test_a_post_is_answered_as_the_protocol_says(connection):
    connection.post(connection.open_polling(), "40")
