"""HTTP as others speak it: what RFC 9110 and RFC 9112 leave to a server."""

import json
from collections.abc import Iterator

import pytest

from app import MAX_BODY_BYTES
from tests.support.server import Server
from tests.system.transport.raw import Connection

ROOM = b'{"name": "Main hall"}'
AS_JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"
# Engine.IO's word for a client whose session is gone.
ONCE = "further occurrences of this error will be logged with level INFO"
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def server(sqlite_template, tmp_path_factory) -> Iterator[Server]:
    database = tmp_path_factory.mktemp("database") / "timers.db"
    database.write_bytes(sqlite_template.read_bytes())
    with Server(database_url=f"sqlite:///{database}") as running:
        yield running
        # Whatever a client sends is no error of the server's.
        log = [line for line in running.read_log().splitlines() if ONCE not in line]
        assert not [line for line in log if "[error" in line or "Traceback" in line]


@pytest.fixture
def connection(server: Server) -> Iterator[Connection]:
    with Connection(server.port, timeout=10) as opened:
        yield opened


def headers(connection: Connection) -> dict[str, str]:
    """Return the headers of the answer whose status was read."""
    lines = connection.read_until(b"\r\n\r\n").decode().split("\r\n")
    pairs = (line.partition(": ") for line in lines if line)
    return {name.lower(): value for name, _, value in pairs}


def answer(connection: Connection) -> tuple[int, dict[str, str], bytes]:
    """Return the next answer, which has a length."""
    status, found = connection.status(), headers(connection)
    length = int(found["content-length"])
    while len(connection.received) < length:
        connection._receive()
    body, connection.received = (
        connection.received[:length],
        connection.received[length:],
    )
    return status, found, body


def post_chunked(connection: Connection, *pieces: bytes) -> None:
    connection.request("POST /api/rooms HTTP/1.1", AS_JSON, CHUNKED)
    for piece in pieces:
        connection.send(piece)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def test_a_chunked_body_is_read_and_what_follows_it_is_the_next_request(
    connection: Connection,
):
    pieces = (chunk(ROOM[:7]), chunk(ROOM[7:]), b"0;last\r\nX-Sum: 1\r\n\r\n", HEALTH)
    post_chunked(connection, *pieces)

    status, _, body = answer(connection)

    assert status == 201
    assert json.loads(body)["name"] == "Main hall"
    assert answer(connection)[0] == 200


MALFORMED = {
    "a size that is no number": b"x\r\n",
    "no size": b"\r\n",
    "a line feed alone": b'5;a="b\nc"\r\nhello\r\n',
    "seventeen digits": b"0" * 16 + b"5\r\nhello\r\n",
    "more data than it says": b"5\r\nhello!\r\n",
    "a space after the size": b"5 \r\nhello\r\n",
    "a trailer that is none": chunk(ROOM) + b"0\r\nno trailer\r\n\r\n",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_after_a_malformed_body_nothing_is_served(connection: Connection, body: bytes):
    post_chunked(connection, body + b"0\r\n\r\n" + HEALTH)

    status, found, _ = answer(connection)

    assert status == 400
    assert found["connection"] == "close"
    assert connection.rest() == b""


@pytest.mark.parametrize("cut", [CHUNKED, "Content-Length: 21"])
def test_a_body_that_was_cut_off_is_not_served(
    server: Server, connection: Connection, cut: str
):
    connection.request("POST /api/rooms HTTP/1.1", AS_JSON, cut)
    connection.send(chunk(ROOM) if cut == CHUNKED else ROOM[:-1])
    connection.end_sending()

    assert answer(connection)[0] == 400
    assert connection.rest() == b""


def assert_too_large(connection: Connection) -> None:
    status, found, body = answer(connection)
    assert status == 413
    assert found["connection"] == "close"
    assert found["content-type"] == "application/problem+json"
    assert json.loads(body)["code"] == "content-too-large"
    assert connection.rest() == b""


def test_a_body_as_long_as_allowed_is_read(connection: Connection):
    post_chunked(connection, chunk(ROOM.ljust(MAX_BODY_BYTES)), b"0\r\n\r\n")

    assert answer(connection)[0] == 201


def test_a_body_that_is_said_to_be_too_long_is_not_waited_for(connection: Connection):
    length = f"Content-Length: {MAX_BODY_BYTES + 1}"
    connection.request("POST /api/rooms HTTP/1.1", AS_JSON, length)

    assert_too_large(connection)


def test_who_sends_a_body_that_is_too_long_before_reading_is_told_so(
    connection: Connection,
):
    connection.request("POST /api/rooms HTTP/1.1", AS_JSON, "Content-Length: 800000")
    connection.send(b" " * 800_000)

    assert_too_large(connection)


@pytest.mark.parametrize(
    "body",
    [
        chunk(ROOM.ljust(MAX_BODY_BYTES + 1)),
        b"%x\r\n" % (MAX_BODY_BYTES + 1),
        chunk(b" " * 1000) * 70,
        b"5;" + b"a" * (MAX_BODY_BYTES + 1),
        chunk(ROOM) + b"0\r\n" + b"X: y\r\n" * 20_000,
        chunk(b" ") * 30_000,
    ],
    ids=["one chunk", "only said", "many chunks", "an extension", "trailers", "sizes"],
)
def test_a_chunked_body_that_is_too_long_is_answered_with_413(
    connection: Connection, body: bytes
):
    post_chunked(connection)
    connection.send_all_it_takes(body, 16_000)

    assert_too_large(connection)


def test_a_packet_that_is_too_long_ends_its_session_and_its_connection(
    connection: Connection,
):
    polling = "/socket.io/?EIO=4&transport=polling"
    sid = connection.open_polling()
    connection.received = b""
    length = f"Content-Length: {MAX_BODY_BYTES + 1}"

    connection.request(f"POST {polling}&sid={sid} HTTP/1.1", length)

    status, found, _ = answer(connection)
    assert status == 400
    assert found["connection"] == "close"
    with Connection(connection.port) as other:
        other.request(f"GET {polling}&sid={sid} HTTP/1.1")
        assert other.status() == 400


def test_who_expects_to_be_asked_for_a_body_is_asked(connection: Connection):
    expecting = ("Expect: 100-continue", AS_JSON, f"Content-Length: {len(ROOM)}")
    connection.request("POST /api/rooms HTTP/1.1", *expecting)

    assert connection.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.send(ROOM)
    assert answer(connection)[0] == 201


def test_nobody_is_asked_for_a_body_that_is_there_or_too_long(connection: Connection):
    request = f"POST /api/rooms HTTP/1.1\r\nHost: x\r\n{AS_JSON}\r\n"
    request += f"Expect: 100-continue\r\nContent-Length: {len(ROOM)}\r\n\r\n"
    connection.send(request.encode() + ROOM)
    assert answer(connection)[0] == 201

    long = ("Expect: 100-continue", "Content-Length: 9999999")
    connection.request("POST /api/rooms HTTP/1.1", AS_JSON, *long)
    assert_too_large(connection)


def test_who_wants_its_connection_closed_is_told_that_it_is(connection: Connection):
    connection.request("GET /health HTTP/1.1", "Connection: Close")

    status, found, _ = answer(connection)

    assert status == 200
    assert found["connection"] == "close"
    assert connection.rest() == b""


def test_a_connection_that_stays_says_nothing_of_it(connection: Connection):
    for _ in range(2):
        connection.request("GET /health HTTP/1.1")
        status, found, _ = answer(connection)
        assert status == 200
        assert "connection" not in found


def test_what_follows_the_last_request_is_not_served(connection: Connection):
    connection.send(HEALTH.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") * 2)

    assert answer(connection)[0] == 200
    assert connection.rest() == b""


def test_a_client_of_old_gets_one_answer_or_asks_for_more(server: Server):
    with Connection(server.port) as connection:
        connection.send(b"GET /health HTTP/1.0\r\n\r\n")
        status, found, _ = answer(connection)
        assert (status, found["connection"]) == (200, "close")
        assert connection.rest() == b""

    with Connection(server.port) as connection:
        for _ in range(2):
            connection.send(b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            status, found, _ = answer(connection)
            assert (status, found["connection"]) == (200, "keep-alive")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"\r\n\r\n" + HEALTH, 200),
        (b"GET http://x:3000/health HTTP/1.1\r\nHost: other\r\n\r\n", 200),
        (b"GET /health HTTP/1.1\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nHost: x/y\r\n\r\n", 400),
        (b"get /health HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"PUT /health HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET /health HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"GET /health\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\nHost: x\n\n", 400),
        (b"\r\n" * 9 + HEALTH, 400),
    ],
)
def test_a_request_is_understood_or_refused(
    connection: Connection, request_: bytes, status: int
):
    connection.send(request_)

    assert connection.status() == status


def test_the_host_that_a_target_names_counts(connection: Connection):
    target = "POST http://named.example/api/rooms HTTP/1.1"
    connection.request(target, AS_JSON, f"Content-Length: {len(ROOM)}")
    connection.send(ROOM)

    status, found, _ = answer(connection)

    assert status == 201
    assert "127.0.0.1" not in found["location"]


def test_who_speaks_another_version_of_websocket_is_told_which(connection: Connection):
    connection.request(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 8",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )

    status, found, _ = answer(connection)

    assert status == 426
    assert found["upgrade"] == "websocket"
    assert found["connection"] == "Upgrade, close"
    assert found["sec-websocket-version"] == "13"


def test_a_key_that_is_no_ascii_is_refused(connection: Connection):
    connection.send(
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n"
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\xa0\r\n\r\n"
    )

    assert connection.status() == 400


def test_an_upgrade_to_what_is_not_spoken_here_is_a_plain_request(
    connection: Connection,
):
    upgrade = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c")
    connection.request(
        "POST /api/rooms HTTP/1.1", AS_JSON, f"Content-Length: {len(ROOM)}", *upgrade
    )
    connection.send(ROOM + HEALTH)

    assert answer(connection)[0] == 201
    assert answer(connection)[0] == 200


def test_what_follows_a_handshake_at_once_reaches_the_websocket(connection: Connection):
    connection.send(
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n"
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        b"\x89\x82\0\0\0\0hi"
    )

    assert connection.status() == 101
    assert connection.read_until(b"\x8a\x02hi")


def test_who_asks_for_the_head_of_an_answer_gets_no_body(connection: Connection):
    connection.request("HEAD /health HTTP/1.1")
    connection.request("GET /health HTTP/1.1")

    assert connection.status() == 200
    headers(connection)
    assert answer(connection)[0] == 200


@pytest.mark.parametrize("path", ["/socket.io/?EIO=4&transport=polling", "/socket.io/"])
def test_who_asks_for_the_head_of_a_refusal_gets_no_body(
    connection: Connection, path: str
):
    connection.request(f"HEAD {path} HTTP/1.1")
    connection.send(HEALTH)

    assert connection.status() == 400
    assert int(headers(connection)["content-length"]) > 0
    assert answer(connection)[0] == 200


def test_who_would_take_another_protocol_as_well_gets_a_websocket(
    connection: Connection,
):
    connection.request(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
        "Connection: Upgrade",
        "Upgrade: h2c, websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )

    assert connection.status() == 101
    assert connection.read_until(b'0{"sid":')
