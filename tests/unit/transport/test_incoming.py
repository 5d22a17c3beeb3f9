"""What clients may send."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socketio.packet import CONNECT, DISCONNECT, EVENT

from app.transport import packets
from app.transport.incoming import MAX_ATTACHMENTS, MalformedPacketError, StrictPacket


class Packet(StrictPacket):
    json = packets


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("0", CONNECT),
        ('0{"token":"x"}', CONNECT),
        ("1", DISCONNECT),
        ('2["ping"]', EVENT),
        ('27["join-room",{"shareToken":"x"}]', EVENT),
        ('2/hall,["ping"]', EVENT),
    ],
)
def test_what_a_client_sends_is_understood(text: str, kind: int):
    assert Packet(encoded_packet=text).packet_type == kind


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "x",
        "9",
        "2",
        "2{}",
        "2[]",
        "2[1]",
        "2[[1]]",
        '2["connect"]',
        '2["disconnect","why"]',
        '2["*"]',
        '2["' + "a" * 101 + '"]',
        "2[NaN]",
        "2" + "[" * 10_000,
        "0[]",
        "1{}",
        "3{}",
        "4{}",
        '50-["file"]',
        '5["file"]',
        '55-["file"]',
        "61-[]",
        "2" + "1" * 101 + '["ping"]',
        b"binary",
    ],
)
def test_what_no_client_sends_is_refused(text: str | bytes):
    with pytest.raises(MalformedPacketError):
        Packet(encoded_packet=text)


@given(st.text(min_size=1) | st.binary(min_size=1))
def test_whatever_comes_is_understood_or_refused(text: str | bytes):
    try:
        packet = Packet(encoded_packet=text)
    except MalformedPacketError:
        return
    assert packet.attachment_count <= MAX_ATTACHMENTS


def test_a_binary_event_is_complete_with_its_last_attachment():
    packet = Packet(encoded_packet='51-["file",{"_placeholder":true,"num":0}]')

    assert packet.add_attachment(b"\x00")
    assert packet.data == ["file", b"\x00"]


@pytest.mark.parametrize("place", ["7", '"a"', "-2", "null"])
def test_an_attachment_for_no_place_is_refused(place: str):
    packet = Packet(encoded_packet=f'51-["file",{{"_placeholder":true,"num":{place}}}]')

    with pytest.raises(MalformedPacketError):
        packet.add_attachment(b"\x00")


def test_a_text_in_the_place_of_an_attachment_is_refused():
    packet = Packet(encoded_packet='51-["file",{"_placeholder":true,"num":0}]')

    with pytest.raises(MalformedPacketError):
        packet.add_attachment("2[]")
