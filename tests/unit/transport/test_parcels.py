"""Parcels: one packet for both transports, in shared pieces."""

import json

import pytest
from engineio.packet import MESSAGE, PING, Packet

from app.transport import frames, parcels
from app.transport.packets import Encoded
from app.transport.parcels import Parcel

STATE = Encoded(json.dumps({"name": "Säle", "timers": ["x" * 70_000]}))


def frame_of(parcel: Parcel) -> bytes:
    return b"".join(parcel.pieces)


def test_an_event_is_the_same_in_a_frame_and_in_a_poll():
    parcel = parcels.of_event("said", ({"number": 1},))

    text = '42["said",{"number":1}]'
    assert parcel.encode() == text
    assert frame_of(parcel) == frames.frame(frames.TEXT, text.encode())
    assert parcel.length == len(frame_of(parcel))


@pytest.mark.parametrize("arguments", [(), (1,), (1, "two", None)])
def test_an_event_has_as_many_arguments_as_it_is_given(arguments: tuple[object, ...]):
    encoded = parcels.of_event("said", arguments).encode()

    assert json.loads(encoded[2:]) == ["said", *arguments]


@pytest.mark.parametrize("before", [(), (1, "two")])
def test_what_is_encoded_already_is_shared_not_copied(before: tuple[object, ...]):
    stamped = [STATE.with_field("serverTime", number) for number in (1, 2)]

    one, other = (parcels.of_event("state", (*before, each)) for each in stamped)

    assert one.pieces[1] is other.pieces[1] is STATE.tail
    assert json.loads(one.encode()[2:]) == [
        "state",
        *before,
        {"serverTime": 1, **json.loads(STATE.text)},
    ]
    assert frame_of(one) == frames.frame(frames.TEXT, one.encode().encode())


def test_a_packet_of_engine_io_is_a_text():
    assert parcels.of_packet(Packet(PING)).encode() == "2"


def test_a_binary_packet_is_in_base_64_where_it_is_polled():
    parcel = parcels.of_packet(Packet(MESSAGE, b"\1\2\3\4"))

    assert frame_of(parcel) == frames.frame(frames.BINARY, b"\1\2\3\4")
    assert parcel.encode() == "bAQIDBA=="


def test_a_session_of_engine_io_itself_gets_the_packet():
    packet = parcels.of_event("said", (1,)).packet()

    assert packet.packet_type == MESSAGE
    assert packet.encode() == '42["said",1]'
