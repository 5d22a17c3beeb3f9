"""Requests that are cut off, or that two servers could read differently."""

import pytest

API = "POST /api/rooms HTTP/1.1"
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"\r\nConnection: close\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
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


def posted(connection, sid: str, packets: str) -> int:
    length = f"Content-Length: {len(packets)}"
    connection.request(f"POST {POLLING}&sid={sid} HTTP/1.1", length)
    connection.send(packets.encode())
    connection.read_until(b"HTTP/1.1 ")
    return int(connection.read_until(b" "))


@pytest.mark.parametrize("cut", ["reset", "end_sending"])
def test_of_packets_that_are_cut_off_none_is_received(unharmed, connect, cut):
    hostile, other = connect(), connect()
    sid = hostile.open_polling()
    hostile.received = b""

    # Engine.IO's goodbye, were it all.
    hostile.request(f"POST {POLLING}&sid={sid} HTTP/1.1", "Content-Length: 2")
    hostile.send(b"1")
    getattr(hostile, cut)()

    assert cut == "reset" or hostile.status() == 400
    assert posted(other, sid, "3") == 200


def test_packets_that_come_in_chunks_are_received(unharmed, connect):
    polling = connect()
    sid = polling.open_polling()

    chunked = "Transfer-Encoding: chunked"
    polling.request(f"POST {POLLING}&sid={sid} HTTP/1.1", chunked)
    polling.send(b"2\r\n40\r\n0\r\n\r\n")
    polling.read_until(b"OK")
    polling.request(f"GET {POLLING}&sid={sid} HTTP/1.1")

    assert polling.read_until(b'40{"sid":')
    polling.read_until(b"}")
    assert posted(polling, sid, "1") == 200


UNCLEAR = {
    "two lengths": ["Content-Length: 5", "Content-Length: 0"],
    "a length and chunks": ["Content-Length: 5", "Transfer-Encoding: chunked"],
    "a sign": ["Content-Length: +5"],
    "a space before the colon": ["Content-Length : 5"],
    "an unknown coding": ["Transfer-Encoding: xchunked"],
    "a coding that is not the last": ["Transfer-Encoding: chunked, gzip"],
    "white space of Python's": ["Transfer-Encoding: chunked\x0b"],
    "a space that does not break": ["Content-Length: 5\xa0"],
    "a body before a WebSocket": ["Upgrade: websocket", "Content-Length: 5"],
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


PIPELINED = 2_000


def test_requests_that_come_all_at_once_are_served_in_turn_with_all_others(
    unharmed, connect
):
    hostile, other = connect(), connect()
    gone = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"

    hostile.send(gone * PIPELINED + HEALTH.replace(b"\r\n\r\n", LAST))
    other.send(HEALTH)

    assert other.status() == 200
    # Whoever came later did not wait for all of them.
    assert b" 200 OK" not in hostile.received_so_far()
    answers = hostile.rest()
    assert answers.count(b"HTTP/1.1 404 ") == PIPELINED
    assert answers.count(b"HTTP/1.1 200 ") == 1


@pytest.mark.parametrize(
    "endless",
    [b"\r\n", b"X: y\r\n", b"x", b"\0"],
    ids=["empty lines", "headers", "a request line", "zeros"],
)
def test_a_head_that_never_ends_is_given_up(unharmed, connect, endless):
    hostile = connect()
    start = GET if endless == b"X: y\r\n" else b""

    hostile.send_all_it_takes(start + endless * 100_000, 10_000)

    assert hostile.status() in (400, 414, 431)


def test_bytes_that_are_no_http_are_refused(unharmed, connect):
    for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100), b"\n"):
        hostile = connect()
        hostile.send(data)
        hostile.end_sending()

        assert b" 200 " not in hostile.rest()
