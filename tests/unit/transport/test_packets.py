"""The JSON of packets."""

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from socketio.packet import ACK, EVENT, Packet

from app.transport import packets
from app.transport.packets import Encoded

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=4)


class PacketOfOurs(Packet):
    json = packets


@given(VALUES)
def test_what_is_encoded_decodes_to_the_same(value: Any):
    assert packets.loads(packets.dumps(value)) == value


@given(st.text(st.characters(codec=None, categories=None)))
@example("\udc00\ud800")
@example("\u2028\u2029\x1e\x00")
def test_any_text_can_be_sent_and_is_sent_in_utf_8(text: str):
    sent = packets.dumps({text: text}).encode()

    assert json.loads(sent) == json.loads(json.dumps({text: text}))
    assert len(sent) <= len(json.dumps({text: text}))


def test_characters_are_not_escaped_that_utf_8_has():
    assert packets.dumps("é 🎬\u2028") == '"é 🎬\u2028"'


@given(OBJECTS, VALUES)
def test_an_encoded_object_with_a_field_has_that_and_its_own(
    members: dict[str, Any], value: Any
):
    members.pop("serverTime", None)
    stamped = Encoded(json.dumps(members, indent=1)).with_field("serverTime", value)

    assert json.loads(stamped.text) == {"serverTime": value, **members}


@given(OBJECTS)
def test_an_encoded_payload_makes_the_packet_that_the_object_makes(
    members: dict[str, Any],
):
    encoded = Encoded(packets.dumps(members))

    for kind in (EVENT, ACK):
        spliced = PacketOfOurs(kind, data=["room-state", encoded], id=7)
        plain = PacketOfOurs(kind, data=["room-state", members], id=7)
        assert spliced.encode() == plain.encode()


def test_an_encoded_payload_goes_into_the_packet_unchanged():
    packet = PacketOfOurs(EVENT, data=["room-state", Encoded('{"name" : "Hall"}')])

    assert packet.encode() == '2["room-state",{"name" : "Hall"}]'


def test_only_an_object_can_be_encoded_already():
    with pytest.raises(ValueError, match="objects"):
        Encoded("[1]")


def test_a_number_that_json_does_not_know_is_not_sent():
    with pytest.raises(ValueError, match="JSON compliant"):
        packets.dumps({"remaining": math.nan})


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}', "[", ""])
def test_what_is_no_json_is_refused(text: str):
    with pytest.raises(ValueError, match=r"JSON|Expecting"):
        packets.loads(text)


def test_json_that_is_nested_too_deeply_is_refused_as_a_wrong_value():
    with pytest.raises(ValueError, match="deep"):
        packets.loads("[" * 1_000_000)
