"""The rules for frames from clients."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transport import frames
from app.transport.frames import Head, MessageLimit, RefusedFrameError, parse_head


def refused(first: int, second: int) -> int:
    with pytest.raises(RefusedFrameError) as error:
        parse_head(bytes((first, second)))
    return error.value.code


@given(st.booleans(), st.sampled_from([0, 1, 2]), st.integers(0, 127))
def test_the_head_of_a_data_frame_is_read(fin: bool, opcode: int, length: int):
    head = parse_head(bytes((fin << 7 | opcode, 0x80 | length)))

    assert head == Head(fin, opcode, length)


@pytest.mark.parametrize("bits", [0x40, 0x20, 0x10])
def test_reserved_bits_are_a_protocol_error(bits: int):
    assert refused(0x81 | bits, 0x80) == 1002


@pytest.mark.parametrize("opcode", [3, 7, 0xB, 0xF])
def test_a_reserved_opcode_is_a_protocol_error(opcode: int):
    assert refused(0x80 | opcode, 0x80) == 1002


def test_a_frame_without_a_mask_is_a_protocol_error():
    assert refused(0x81, 0x05) == 1002


@pytest.mark.parametrize("opcode", [frames.CLOSE, frames.PING, frames.PONG])
def test_a_control_frame_that_is_long_or_in_parts_is_a_protocol_error(opcode: int):
    assert refused(0x80 | opcode, 0x80 | 126) == 1002
    assert refused(opcode, 0x80) == 1002


@given(st.integers(0, 2**63))
def test_the_length_is_what_the_client_wrote(length: int):
    if length < 126:
        short, following = length, b""
    elif length < 2**16:
        short, following = 126, struct.pack("!H", length)
    else:
        short, following = 127, struct.pack("!Q", length)
    head = Head(fin=True, opcode=frames.TEXT, short_length=short)

    assert head.length_bytes == len(following)
    assert head.length(following) == length


def test_a_message_of_exactly_the_maximum_is_admitted():
    MessageLimit(10).admit(Head(True, frames.TEXT, 10), 10)


def test_a_frame_longer_than_the_maximum_is_refused():
    with pytest.raises(RefusedFrameError) as error:
        MessageLimit(10).admit(Head(True, frames.TEXT, 11), 11)
    assert error.value.code == 1009


def test_the_parts_of_a_message_are_counted_together():
    limit = MessageLimit(10)
    limit.admit(Head(False, frames.TEXT, 6), 6)
    limit.admit(Head(True, frames.PING, 100), 100)
    limit.admit(Head(False, frames.CONTINUATION, 4), 4)

    with pytest.raises(RefusedFrameError) as error:
        limit.admit(Head(True, frames.CONTINUATION, 1), 1)
    assert error.value.code == 1009


def test_each_message_is_counted_from_nothing():
    limit = MessageLimit(10)
    for _ in range(3):
        limit.admit(Head(True, frames.TEXT, 10), 10)


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_unmasking_undoes_masking(payload: bytes, mask: bytes):
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))

    assert frames.unmask(masked, mask) == payload


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999])
def test_a_close_frame_is_answered_with_its_own_code(code: int):
    payload = frames.close_payload(code, "the show is over \u2713")

    assert frames.close_answer(payload) == code.to_bytes(2)


def test_a_close_frame_without_a_code_is_answered_with_a_normal_end():
    assert frames.close_answer(b"") == (1000).to_bytes(2)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        *(
            pytest.param(wrong.to_bytes(2), 1002, id=str(wrong))
            for wrong in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535)
        ),
        pytest.param(b"\x03", 1002, id="half a code"),
        pytest.param((1000).to_bytes(2) + b"\xc3", 1007, id="no UTF-8"),
    ],
)
def test_a_close_frame_that_must_not_be_sent_is_refused(payload: bytes, code: int):
    with pytest.raises(RefusedFrameError) as error:
        frames.close_answer(payload)
    assert error.value.code == code


@given(st.integers(1000, 4999), st.text() | st.none())
def test_a_close_frame_fits_a_control_frame_and_is_text(code: int, reason: str | None):
    payload = frames.close_payload(code, reason)

    assert len(payload) <= frames.MAX_CONTROL_BYTES
    assert int.from_bytes(payload[:2]) == code
    assert (reason or "").startswith(payload[2:].decode())


def test_the_key_is_accepted_as_the_standard_shows():
    accepted = frames.accept_key("dGhlIHNhbXBsZSBub25jZQ==")

    assert accepted == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
