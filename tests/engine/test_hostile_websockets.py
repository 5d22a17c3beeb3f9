"""Whatever comes over a WebSocket, its sender is told why it ends and no other harmed.

RFC 6455: 1002 is a protocol error, 1007 a text that is no UTF-8, 1009 too long.
"""

import pytest

from tests.system.transport.raw import MASK, frame

MAX_BYTES = 16 * 1024
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
PROBE = frame(TEXT, b"2probe")


def parts(opcode: int, *payloads: bytes, between: bytes = b"") -> bytes:
    """The frames of one message, something between each two."""
    first, *middle, last = payloads
    frames = [frame(opcode, first, fin=False)]
    frames += [frame(CONTINUATION, part, fin=False) for part in middle]
    return between.join([*frames, frame(CONTINUATION, last)])


def unmasked(opcode: int, payload: bytes) -> bytes:
    return bytes((0x80 | opcode, len(payload))) + payload


NO_TEXT = {
    "no UTF-8": b"\xff",
    "half a letter": b"4\xe2\x9c",
    "half of a surrogate": b"\xed\xa0\x80",
    "a letter written too long": b"\xc0\xaf",
    "beyond Unicode": b"\xf4\x90\x80\x80",
}
REFUSED = {
    "a long text": (frame(TEXT, b"x" * (MAX_BYTES + 1)), 1009),
    "a long binary": (frame(BINARY, b"x" * (MAX_BYTES + 1)), 1009),
    "the beginning of what would be long": (b"\xc1\xff" + bytes(8), 1002),
    "a longer text than there is memory": (b"\x81\xff\x7f" + b"\xff" * 7, 1009),
    "a length that is negative elsewhere": (b"\x82\xff" + b"\xff" * 8, 1009),
    "a long text in parts": (parts(TEXT, *[b"x" * 4096] * 5), 1009),
    "a long binary in small parts": (parts(BINARY, *[b"x" * 100] * 200), 1009),
    "pings do not make a long text shorter": (
        parts(TEXT, *[b"x" * 4096] * 5, between=frame(PING, b"?")),
        1009,
    ),
    "no mask": (unmasked(TEXT, b"40"), 1002),
    "no mask in the second part": (
        frame(TEXT, b"4", fin=False) + b"\x80\x010",
        1002,
    ),
    "a ping without a mask": (unmasked(PING, b""), 1002),
    **{f"bit {bit:x}": (frame(TEXT, b"40", bits=bit), 1002) for bit in (64, 32, 16)},
    "a bit on a ping": (frame(PING, bits=0x40), 1002),
    **{
        f"opcode {code:x}": (frame(code, b"40"), 1002)
        for code in (*range(0x3, 0x8), *range(0xB, 0x10))
    },
    "a long ping": (frame(PING, b"x" * 126), 1002),
    "a long pong": (frame(PONG, b"x" * 126), 1002),
    "a long goodbye": (frame(CLOSE, (1000).to_bytes(2) + b"x" * 124), 1002),
    "a ping in parts": (frame(PING, fin=False), 1002),
    "a pong in parts": (frame(PONG, fin=False), 1002),
    "a goodbye in parts": (frame(CLOSE, (1000).to_bytes(2), fin=False), 1002),
    "a part of nothing": (frame(CONTINUATION, b"40"), 1002),
    "a part after the last": (parts(TEXT, b"4", b"0") + frame(CONTINUATION), 1002),
    "a message within a message": (
        frame(TEXT, b"4", fin=False) + frame(TEXT, b"0"),
        1002,
    ),
    **{what: (frame(TEXT, text), 1007) for what, text in NO_TEXT.items()},
    **{
        f"{what} in parts": (parts(TEXT, text[:1], text[1:]), 1007)
        for what, text in NO_TEXT.items()
    },
    **{
        f"goodbye {code}": (frame(CLOSE, code.to_bytes(2)), 1002)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535)
    },
    "half a code": (frame(CLOSE, b"\x03"), 1002),
    "a reason that is no text": (frame(CLOSE, (1000).to_bytes(2) + b"\xff"), 1007),
}


@pytest.mark.parametrize("at_once", [1 << 20, 1], ids=["at once", "byte by byte"])
@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_viewer_that_breaks_the_protocol_is_told_and_gone(
    unharmed, connect, data, code, at_once
):
    hostile = connect()
    hostile.join(unharmed.room.share_token)

    hostile.send_all_it_takes(data, at_once)

    assert hostile.close_code() == code


# There, a whole message that is no probe is the end already.
WHILE_UPGRADING = {k: v for k, v in REFUSED.items() if k != "a part after the last"}


@pytest.mark.parametrize(
    ("data", "code"), WHILE_UPGRADING.values(), ids=WHILE_UPGRADING.keys()
)
def test_who_breaks_the_protocol_while_it_upgrades_is_told_and_gone(
    unharmed, connect, data, code
):
    polling, hostile = connect(), connect()
    sid = polling.open_polling()
    assert hostile.upgrade(query=f"&sid={sid}") == 101
    hostile.read_until(b"\r\n\r\n")

    hostile.send_all_it_takes(data, 1 << 20)

    assert hostile.close_code() == code
    leave(polling, sid)


def leave(polling, sid: str) -> None:
    """End a session over long-polling, which else lives until its ping is missed."""
    polling.request(
        f"POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1",
        "Content-Length: 1",
        "Connection: close",
    )
    polling.send(b"1")
    assert b"200" in polling.rest()


QUESTION, ANSWER = '421["ping",{"sign":"✓"}]'.encode(), b'431[{"serverTime":'
LETTERS = [QUESTION[at : at + 1] for at in range(len(QUESTION))]
UNDERSTOOD = {
    "in two parts": parts(TEXT, QUESTION[:9], QUESTION[9:]),
    "in a part for each byte": parts(TEXT, *LETTERS),
    "with parts without a byte": parts(TEXT, b"", QUESTION, b"", b""),
    "with pings between": parts(TEXT, *LETTERS, between=frame(PING, b"?" * 125)),
    "with pongs between": parts(TEXT, *LETTERS, between=frame(PONG)),
    "after a thousand empty parts": parts(TEXT, *[b""] * 1000, QUESTION),
    "as long as may be": frame(
        TEXT, b'421["ping",{"padding":"' + b"x" * (MAX_BYTES - 26) + b'"}]'
    ),
    "with its length in eight bytes": b"\x81\xff"
    + len(QUESTION).to_bytes(8)
    + frame(TEXT, QUESTION)[2:],
}


@pytest.mark.parametrize("at_once", [1 << 20, 1], ids=["at once", "byte by byte"])
@pytest.mark.parametrize("data", UNDERSTOOD.values(), ids=UNDERSTOOD.keys())
def test_a_message_that_keeps_to_the_protocol_is_answered(
    unharmed, connect, data, at_once
):
    odd = connect()
    odd.join(unharmed.room.share_token)

    odd.send_all_it_takes(data, at_once)

    assert odd.read_until(ANSWER)


def test_a_goodbye_between_the_parts_of_a_message_is_answered(unharmed, connect):
    hostile = connect()
    hostile.join(unharmed.room.share_token)

    hostile.send(
        frame(TEXT, b"4", fin=False)
        + frame(CLOSE, (4000).to_bytes(2) + "over ✓".encode())
        + frame(CONTINUATION, b"0")
    )

    assert hostile.close_code() == 4000


@pytest.mark.parametrize("sent", [b"", b"\x81", frame(TEXT, b"40")[:-1], frame(PING)])
def test_a_viewer_that_ends_its_half_of_the_connection_is_gone(unharmed, connect, sent):
    hostile = connect()
    hostile.join(unharmed.room.share_token)

    hostile.send(sent)
    hostile.end_sending()

    assert b"\x88" not in hostile.rest()


CUT = b"\x81\xfe\x00\x80" + MASK + bytes(0x80)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7, 8, 9, 100])
@pytest.mark.parametrize("cut", ["reset", "end_sending"])
def test_a_connection_that_is_cut_within_a_frame_leaves_nothing(
    unharmed, connect, count, cut
):
    for _ in range(5):
        hostile = connect()
        hostile.join(unharmed.room.share_token)
        hostile.send(CUT[:count])
        getattr(hostile, cut)()


def test_connections_that_are_cut_while_a_change_is_told_harm_nobody(unharmed, connect):
    for _ in range(20):
        hostile = connect()
        hostile.join(unharmed.room.share_token)
        hostile.reset()
        unharmed.say_something()


def test_of_two_upgrades_of_one_session_one_wins_and_the_other_ends(unharmed, connect):
    polling, one, other = connect(), connect(), connect()
    sid = polling.open_polling()
    for upgrading in (one, other):
        assert upgrading.upgrade(query=f"&sid={sid}") == 101
        upgrading.read_until(b"\r\n\r\n")
        upgrading.send(PROBE)
        upgrading.read_until(b"3probe")

    one.send(frame(TEXT, b"5") + frame(TEXT, b"40"))
    one.read_until(b"40{")
    other.send(frame(TEXT, b"5"))

    assert other.close_code() == 1000
    one.send(frame(TEXT, QUESTION))
    assert one.read_until(ANSWER)
