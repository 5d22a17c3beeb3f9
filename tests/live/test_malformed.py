"""Packets that no Socket.IO client sends: they end one session and harm no other."""

import pytest

from tests.live.refusals import assert_still_answered
from tests.system.transport.raw import Connection, frame

NESTED = "[" * 5_000 + "]" * 5_000

MALFORMED = {
    "not a number": '2["ping",NaN]',
    "infinity": '2["join-room",{"shareToken":-Infinity}]',
    "broken JSON": '2["ping",{',
    "an object for an event": '2{"ping":1}',
    "an event without a name": "2[]",
    "an event whose name is a number": "2[7]",
    "an event whose name is a list": '2[["ping"]]',
    "an event called connect": '2["connect"]',
    "an event called disconnect": '2["disconnect"]',
    "no such packet type": "9",
    "nothing at all": "",
    "a namespace that is not there": "40/admin,",
}


@pytest.mark.parametrize("packet", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_packet_ends_its_session_and_harms_no_other(
    operator, room, watch, packet
):
    odd, witness = watch(room, reconnection=False), watch(room)

    odd.client.eio.send(packet)

    odd.wait_for("disconnect")
    operator.update_room(room, name="Still on air")
    witness.wait_until(lambda screen: screen.state()["name"] == "Still on air")
    assert witness.events("disconnect") == []


def test_a_deeply_nested_payload_is_refused_and_harms_no_other(operator, room, watch):
    odd, witness = watch(room, reconnection=False), watch(room)

    odd.client.eio.send(f'2["ping",{NESTED}]')

    # How deep Python reads depends on its version: too deep is malformed, else it is a
    # payload like others that are not one object.
    odd.recording.wait(
        lambda: odd.events("disconnect") or odd.events("error"), "a refusal", 5
    )
    operator.update_room(room, name="Still on air")
    witness.wait_until(lambda screen: screen.state()["name"] == "Still on air")
    assert witness.events("disconnect") == []


def test_a_binary_payload_is_an_error_and_the_connection_stays(room, watch):
    viewer = watch(room, reconnection=False)

    viewer.emit("join-room", b"\x00\x01")

    error = viewer.wait_for("error")
    assert error.payload["code"] == "invalid-payload"
    assert_still_answered(viewer)


def test_an_acknowledgement_that_nobody_waits_for_changes_nothing(watch):
    viewer = watch()

    viewer.client.eio.send('3999["x"]')

    assert_still_answered(viewer)


def test_who_sent_a_malformed_packet_is_no_longer_counted(room, watch):
    odd, witness = watch(room, reconnection=False), watch(room)
    witness.wait_for("user-count", lambda payload: payload["count"] == 2)
    since = len(witness.recording)

    odd.client.eio.send("2[]")

    witness.wait_for("user-count", lambda payload: payload["count"] == 1, since=since)


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


# Engine.IO's CLOSE, and then Socket.IO's CONNECT.
GOODBYE = ("1", "40", "40")


def test_what_follows_a_goodbye_over_a_websocket_counts_for_nothing(live_server):
    logged = len(live_server.read_log())
    with Connection(live_server.port) as odd, Connection(live_server.port) as later:
        odd.open_websocket()

        odd.send(b"".join(frame(0x1, packet.encode()) for packet in GOODBYE))

        assert b"40{" not in odd.rest()
        # By now all of it was read.
        later.open_polling()
    assert "Traceback" not in live_server.read_log()[logged:]


def test_what_follows_a_goodbye_in_the_same_post_counts_for_nothing(live_server):
    logged = len(live_server.read_log())
    with Connection(live_server.port) as odd:
        sid = odd.open_polling()

        odd.post(sid, *GOODBYE)

    assert "Traceback" not in live_server.read_log()[logged:]
