"""What workers tell each other."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transport import messages
from app.transport.messages import Broadcast, Message, Repeats, UnreadableMessageError
from app.transport.packets import Encoded

EMIT = {"method": "emit", "event": "said", "data": [{"a": 1}], "room": "hall"}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


NAMES = st.text(min_size=1, max_size=100)


@given(NAMES, NAMES, VALUES | st.tuples(VALUES, VALUES))
def test_a_message_arrives_as_it_was_published(room: str, event: str, data: Any):
    message = Message("host", 3, Broadcast(room, event, data))

    assert messages.decode(messages.encode(message).encode()) == message


def test_an_encoded_payload_arrives_as_the_object():
    message = Message("host", 3, Broadcast("hall", "said", Encoded('{"a":1}')))

    decoded = messages.decode(messages.encode(message).encode())

    assert decoded.broadcast.data == {"a": 1}


def test_a_message_is_one_that_python_socketio_understands():
    text = messages.encode(Message("host", 3, Broadcast("hall", "said", {"a": 1})))

    assert (
        json.loads(text).items()
        >= {
            **EMIT,
            "namespace": "/",
            "binary": False,
            "callback": None,
            "skip_sid": None,
            "host_id": "host",
        }.items()
    )


def test_a_message_of_python_socketio_is_understood():
    decoded = messages.decode(json.dumps(EMIT).encode())

    assert decoded == Message("", None, Broadcast("hall", "said", {"a": 1}))


@pytest.mark.parametrize("aside", [None, [], "x", {"stamp": 1}])
def test_what_is_told_aside_is_words_by_name_or_nothing(aside):
    decoded = messages.decode(json.dumps({**EMIT, "aside": aside}).encode())

    assert decoded.broadcast.aside == {}


def test_the_events_of_one_change_travel_together():
    also = (("done", {"b": 2}), ("over", None))
    change = Broadcast("hall", "said", {"a": 1}, also, {"stamp": "k3x9qa"})

    decoded = messages.decode(messages.encode(Message("host", 3, change)).encode())

    assert decoded.broadcast == change


@pytest.mark.parametrize(
    "fields",
    [
        {"method": method}
        for method in ("disconnect", "callback", "enter_room", "leave_room", None)
    ]
    + [
        {"room": None},
        {"room": ["hall"]},
        {"room": ""},
        {"room": "x" * 101},
        {"event": 1},
        {"data": {}},
        {"binary": True},
        {"callback": ["sid", "/", 1]},
        {"skip_sid": "sid"},
        {"namespace": "/admin"},
        {"also": [["done"]]},
        {"also": [[1, {}]]},
    ],
)
def test_a_message_that_is_no_emit_to_a_room_is_refused(fields: dict[str, Any]):
    with pytest.raises(UnreadableMessageError):
        messages.decode(json.dumps({**EMIT, **fields}).encode())


@given(st.binary())
def test_what_is_no_message_is_refused(text: bytes):
    with pytest.raises(UnreadableMessageError):
        messages.decode(text)


def test_a_pickle_is_refused():
    with pytest.raises(UnreadableMessageError):
        messages.decode(b"\x80\x04\x8c\x05posix\x8c\x06system\x93.")


def numbered(host: str, number: int | None) -> Message:
    return Message(host, number, Broadcast("hall", "said", None))


def test_a_message_that_was_sent_again_is_a_repeat():
    repeats = Repeats()

    heard = [repeats.is_repeat(numbered("a", number)) for number in (0, 1, 1, 0, 2)]

    assert heard == [False, False, True, True, False]


def test_hosts_count_for_themselves():
    repeats = Repeats()
    repeats.is_repeat(numbered("a", 5))

    assert not repeats.is_repeat(numbered("b", 5))


def test_what_is_not_numbered_is_never_a_repeat():
    repeats = Repeats()

    assert not any(repeats.is_repeat(numbered("a", None)) for _ in range(3))


def test_the_host_that_was_silent_the_longest_is_forgotten_first():
    repeats = Repeats(hosts=2)
    for host in ("a", "b", "a", "c"):
        repeats.is_repeat(numbered(host, 0))

    assert repeats.is_repeat(numbered("a", 0))
    assert not repeats.is_repeat(numbered("b", 0))
