"""Requests that are cut off, or that two servers could read differently."""

import pytest

from tests.support.waiting import wait_until

API = "POST /api/rooms HTTP/1.1"
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
HEAD = b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: timer.example\r\n"
POLLING = "/socket.io/?EIO=4&transport=polling"


@pytest.mark.parametrize("count", [1, 5, 15, 16, 40, len(HEAD) - 3, len(HEAD)])
@pytest.mark.parametrize("cut", ["reset", "end_sending"])
def test_a_request_that_is_cut_in_its_head_is_not_served(unharmed, connect, count, cut):
    hostile = connect()

    hostile.send(HEAD[:count])
    getattr(hostile, cut)()

    assert cut == "reset" or b" 200 " not in hostile.rest()


def test_a_command_whose_conditions_were_cut_off_is_not_carried_out(unharmed, connect):
    hostile = connect()
    head = f"DELETE /api/rooms/{unharmed.room.id} HTTP/1.1\r\nHost: x\r\n"
    head += f"Authorization: Bearer {unharmed.room.admin_token}\r\nIf-Match: "

    hostile.send(head.encode())
    hostile.end_sending()

    assert hostile.status() == 400


@pytest.mark.parametrize("cut", ["reset", "end_sending"])
def test_packets_that_are_cut_off_end_their_session(unharmed, connect, cut):
    hostile, other = connect(), connect()
    sid = hostile.open_polling()

    hostile.request(f"POST {POLLING}&sid={sid} HTTP/1.1", "Content-Length: 9")
    hostile.send(b"42")
    getattr(hostile, cut)()

    def is_refused() -> bool:
        other.request(f"GET {POLLING}&sid={sid} HTTP/1.1")
        answer = other.read_until(b"\r\n\r\n")
        return b" 400 " in answer

    wait_until(is_refused, "the session is gone")


def test_packets_of_unknown_length_are_refused_not_dropped(unharmed, connect):
    hostile = connect()
    sid = hostile.open_polling()

    coding = ("Transfer-Encoding: chunked", "Connection: close")
    hostile.request(f"POST {POLLING}&sid={sid} HTTP/1.1", *coding)
    hostile.send(b"2\r\n40\r\n0\r\n\r\n")

    assert b" 400 " in hostile.rest()


UNCLEAR = {
    "two lengths": ["Content-Length: 5", "Content-Length: 0"],
    "a length and chunks": ["Content-Length: 5", "Transfer-Encoding: chunked"],
    "a sign": ["Content-Length: +5"],
    "a space before the colon": ["Content-Length : 5"],
    "an unknown coding": ["Transfer-Encoding: xchunked"],
    "a folded line": ["Transfer-Encoding:", " chunked"],
    "a bare carriage return": ["X: a\rContent-Length: 5"],
    "a zero byte": ["X: \0"],
    "no colon": ["Content-Length"],
}


@pytest.mark.parametrize("headers", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_a_request_whose_end_is_unclear_is_refused_with_what_follows_it(
    unharmed, connect, headers
):
    hostile = connect()

    hostile.request(API, *headers)
    hostile.send(b"0\r\n\r\n" + HEALTH)

    assert hostile.status() == 400
    assert b"HTTP/1.1" not in hostile.rest()


def test_a_body_is_read_once_whatever_connection_the_client_wants(unharmed, connect):
    proxy = connect()
    sid = proxy.open_polling()

    upgrade = ("Connection: upgrade", "Upgrade: other", "Content-Length: 1")
    proxy.request(f"POST {POLLING}&sid={sid} HTTP/1.1", *upgrade)
    proxy.send(b"3")
    assert proxy.status() == 200
    # Somebody else's, on the same connection of the proxy.
    proxy.read_until(b"ok")
    proxy.send(HEALTH)

    assert proxy.status() == 200


def test_bytes_that_are_no_http_are_refused(unharmed, connect):
    for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100), b"\n"):
        hostile = connect()
        hostile.send(data)
        hostile.end_sending()

        assert b" 200 " not in hostile.rest()
