"""WebSocket messages out of pieces."""

import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transport import frames
from app.transport.assembly import Assembler, Received
from app.transport.frames import RefusedFrameError

MAX = 70_000
MASKS = st.binary(min_size=4, max_size=4)


def client_frame(opcode: int, payload: bytes, mask: bytes, *, fin: bool) -> bytes:
    framed = bytearray(frames.frame(opcode, payload))
    head = bytes(framed[: len(framed) - len(payload)])
    first = head[0] if fin else head[0] & 0x7F
    return (
        bytes((first, head[1] | 0x80)) + head[2:] + mask + frames.unmask(payload, mask)
    )


@st.composite
def messages(draw: st.DrawFn) -> tuple[Received, bytes]:
    """A message and the bytes of its frames, pings between them."""
    opcode = draw(st.sampled_from((frames.TEXT, frames.BINARY)))
    parts = draw(st.lists(st.text(max_size=200), min_size=1, max_size=4))
    data = b""
    for number, part in enumerate(parts):
        data += client_frame(
            opcode if number == 0 else frames.CONTINUATION,
            part.encode(),
            draw(MASKS),
            fin=number == len(parts) - 1,
        )
    return Received(opcode, "".join(parts).encode()), data


@given(st.lists(messages(), max_size=5), st.data())
def test_messages_come_out_as_they_went_in_however_they_are_cut(sent, data):
    stream = b"".join(raw for _, raw in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    assembler = Assembler(MAX)

    received = [
        message
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for message in assembler.feed(stream[start:end])
    ]

    assert received == [message for message, _ in sent]


@given(st.binary(max_size=300), st.integers(1, 40))
def test_whatever_comes_is_understood_or_refused(stream: bytes, step: int):
    assembler, longest = Assembler(100), max(100, frames.MAX_CONTROL_BYTES)

    with suppress(RefusedFrameError):
        for start in range(0, len(stream), step):
            for message in assembler.feed(stream[start : start + step]):
                assert len(message.payload) <= longest


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536])
def test_every_form_of_length_is_written_and_read(length: int):
    raw = client_frame(frames.BINARY, b"x" * length, b"abcd", fin=True)

    assert list(Assembler(MAX).feed(raw)) == [Received(frames.BINARY, b"x" * length)]


def test_parts_without_a_byte_cost_no_memory():
    first = client_frame(frames.TEXT, b"", b"abcd", fin=False)
    empty = client_frame(frames.CONTINUATION, b"", b"abcd", fin=False)
    assembler = Assembler(100)
    assert list(assembler.feed(first)) == []

    tracemalloc.start()
    for _ in range(100):
        assert list(assembler.feed(empty * 100)) == []
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert held < 10_000


def test_a_letter_that_is_cut_between_two_parts_is_whole_again():
    raw = client_frame(frames.TEXT, b"\xe2\x9c", b"abcd", fin=False)
    raw += client_frame(frames.CONTINUATION, b"\x93", b"abcd", fin=True)

    assert list(Assembler(100).feed(raw)) == [Received(frames.TEXT, "\u2713".encode())]


def test_a_message_that_is_too_long_in_all_is_refused_at_the_head_of_its_last_part():
    first = client_frame(frames.TEXT, b"x" * 60, b"abcd", fin=False)
    head_of_second = client_frame(frames.CONTINUATION, b"x" * 60, b"abcd", fin=True)[:2]
    assembler = Assembler(100)

    assert list(assembler.feed(first)) == []
    with pytest.raises(RefusedFrameError) as refused:
        list(assembler.feed(head_of_second))
    assert refused.value.code == frames.TOO_BIG
