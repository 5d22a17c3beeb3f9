"""An acknowledgement comes before the state that it announces."""

import json
from collections.abc import Iterator

import pytest
import websocket

from tests.support.waiting import patient

OPEN, CONNECTED = "0", "40"


@pytest.fixture
def wire(live_server) -> Iterator[websocket.WebSocket]:
    """A Socket.IO connection, packet by packet."""
    address = live_server.base_url.replace("http", "ws")
    opened = websocket.create_connection(
        f"{address}/socket.io/?EIO=4&transport=websocket", timeout=patient(5)
    )
    assert opened.recv().startswith(OPEN)
    opened.send(CONNECTED)
    assert opened.recv().startswith(CONNECTED)
    yield opened
    opened.close()


def test_a_join_is_acknowledged_then_shown_then_counted(wire, room):
    wire.send("421" + json.dumps(["join-room", {"shareToken": room.share_token}]))

    acknowledged, state, count = (wire.recv() for _ in range(3))

    assert acknowledged.startswith("431[")
    assert state.startswith('42["room-state",')
    assert count.startswith('42["user-count",')


def test_a_sync_is_acknowledged_then_shown(wire, room):
    wire.send("42" + json.dumps(["join-room", {"shareToken": room.share_token}]))
    wire.recv(), wire.recv()

    wire.send('427["request-sync",{"revision":0}]')

    assert wire.recv().startswith('437[{"upToDate":false')
    assert wire.recv().startswith('42["room-state",')


def test_a_ping_that_wants_no_acknowledgement_gets_the_event(wire):
    wire.send('42["ping"]')

    assert wire.recv().startswith('42["pong",{"serverTime":')
