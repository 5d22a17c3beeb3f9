"""Packets that no Socket.IO client sends: they end one session and harm no other."""

import pytest

NESTED = "[" * 5_000 + "]" * 5_000

MALFORMED = {
    "not a number": '2["ping",NaN]',
    "infinity": '2["join-room",{"shareToken":-Infinity}]',
    "deeply nested": f'2["ping",{NESTED}]',
    "broken JSON": '2["ping",{',
    "an object for an event": '2{"ping":1}',
    "an event without a name": "2[]",
    "an event whose name is a number": "2[7]",
    "an event whose name is a list": '2[["ping"]]',
    "an event called connect": '2["connect"]',
    "an event called disconnect": '2["disconnect"]',
    "no such packet type": "9",
    "nothing at all": "",
    "an attachment that never comes": '51-["ping",{"_placeholder":true,"num":0}]',
    "an acknowledgement of nothing": '3999["x"]',
    "a namespace that is not there": "40/admin,",
}


@pytest.mark.parametrize("packet", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_packet_harms_nobody_else(operator, room, watch, packet):
    odd, witness = watch(room), watch(room)

    odd.client.eio.send(packet)

    operator.update_room(room, name="Still on air")
    witness.wait_until(lambda screen: screen.state()["name"] == "Still on air")
    # Whether its session was ended or not, the odd one is back or still there.
    odd.wait_until(lambda screen: screen.state()["name"] == "Still on air", 10)
    assert witness.events("disconnect") == []


def test_a_binary_event_ends_the_session_and_the_client_comes_back(room, watch):
    viewer = watch(room, reconnection_delay=0.05, reconnection_delay_max=0.05)

    viewer.emit("join-room", b"\x00\x01")

    viewer.wait_for("disconnect")
    since = len(viewer.recording)
    assert viewer.wait_for("room-state", since=since).payload["id"] == room.id


def test_a_message_over_the_limit_ends_the_session(room, watch):
    viewer = watch(room, reconnection=False)

    viewer.emit("ping", {"padding": "x" * 20_000})

    viewer.wait_for("disconnect")


def test_a_malformed_packet_is_no_error_in_the_log(live_server, room, watch):
    logged = len(live_server.read_log())
    viewer = watch(room, reconnection=False)

    viewer.client.eio.send('2["ping",NaN]')
    viewer.wait_for("disconnect")

    assert "Traceback" not in live_server.read_log()[logged:]
