"""What the worker lets through."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.server import Server
from tests.system.transport.raw import MASK, Connection


@pytest.fixture(scope="module")
def server(sqlite_template, tmp_path_factory) -> Iterator[Server]:
    database = tmp_path_factory.mktemp("database") / "timers.db"
    database.write_bytes(sqlite_template.read_bytes())
    with Server(
        database_url=f"sqlite:///{database}", cors_origin="https://show.example"
    ) as running:
        yield running


@pytest.fixture
def connection(server: Server) -> Iterator[Connection]:
    with Connection(server.port) as opened:
        yield opened


@pytest.fixture
def websocket(connection: Connection) -> Connection:
    connection.open_websocket()
    return connection


def test_a_websocket_opens_without_an_origin(connection: Connection):
    assert connection.upgrade() == 101


def test_a_websocket_opens_for_an_allowed_origin(connection: Connection):
    assert connection.upgrade("/socket.io/", "Origin: https://show.example") == 101


def test_a_websocket_opens_for_the_servers_own_page(connection: Connection):
    origin = f"Origin: http://127.0.0.1:{connection.port}"

    assert connection.upgrade("/socket.io/", origin) == 101


def test_a_websocket_of_another_origin_gets_no_101(connection: Connection):
    assert connection.upgrade("/socket.io/", "Origin: https://evil.example") == 403


def test_a_websocket_at_another_path_gets_no_101(connection: Connection):
    assert connection.upgrade("/health") == 400


def test_a_refused_websocket_ends_its_connection(connection: Connection):
    connection.upgrade("/health")

    assert b"101" not in connection.rest()


def a_megabyte_declared(opcode: int) -> bytes:
    return bytes((0x80 | opcode, 0xFF)) + (1 << 20).to_bytes(8)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        pytest.param(a_megabyte_declared(0x1), 1009, id="long text"),
        pytest.param(a_megabyte_declared(0x2), 1009, id="long binary"),
        pytest.param(b"\x81\x05hello", 1002, id="no mask"),
        pytest.param(b"\x89\xfe\x01\x00", 1002, id="long ping"),
        pytest.param(b"\xf1\x80" + MASK, 1002, id="reserved bits"),
        pytest.param(b"\x80\x80" + MASK, 1002, id="continues nothing"),
        pytest.param(b"\x81\x81" + bytes(4) + b"\xff", 1007, id="no UTF-8"),
        pytest.param(b"\x88\x80" + MASK, 1000, id="goodbye"),
    ],
)
def test_a_frame_that_is_not_allowed_ends_the_websocket_before_it_is_read(
    websocket: Connection, frame: bytes, code: int
):
    websocket.send(frame)

    assert websocket.close_code() == code


def test_a_message_in_many_frames_that_is_too_long_ends_the_websocket(
    websocket: Connection,
):
    part = b"\xfe\x0f\xa0" + MASK + bytes(4000)
    websocket.send(b"\x01" + part + 4 * (b"\x00" + part))

    assert websocket.close_code() == 1009


def test_a_ping_between_the_frames_of_a_message_is_answered(websocket: Connection):
    websocket.send(b"\x01\x81" + bytes(4) + b"4" + b"\x89\x82" + bytes(4) + b"hi")

    assert websocket.read_until(b"\x8a\x02hi")


@pytest.mark.parametrize("text", ["4", "4x", '42["connect"]', "42{}", "4" + "[" * 90])
def test_a_malformed_packet_ends_the_session(websocket: Connection, text: str):
    websocket.send_text(text)

    assert websocket.close_code() == 1000


def test_a_malformed_request_is_refused_and_logged_without_its_words(
    server: Server, connection: Connection
):
    connection.send(b"GET /api/rooms/a-share-token?a-secret HTTP/9.9\r\n\r\n")

    assert connection.status() == 505
    assert connection.rest()
    assert "request refused" in server.read_log()
    assert "a-share-token" not in server.read_log()
    assert "a-secret" not in server.read_log()


def test_a_request_line_that_is_too_long_is_refused(connection: Connection):
    connection.request(f"GET /{'a' * 10_000} HTTP/1.1")

    assert connection.status() == 414


@pytest.mark.parametrize(
    "headers", [[f"X: {'a' * 40_000}"], [f"X-{n}: {'a' * 4000}" for n in range(10)]]
)
def test_headers_that_are_too_long_are_refused(
    connection: Connection, headers: list[str]
):
    connection.request("GET /health HTTP/1.1", *headers)

    assert connection.status() == 431


def test_headers_that_do_not_arrive_are_not_waited_for(server: Server):
    with Connection(server.port, timeout=15) as connection:
        connection.send(b"GET /health HTTP/1.1\r\nHost")

        assert connection.status() == 408


def polling(connection: Connection) -> Callable[[str], int]:
    sid = connection.open_polling()

    def post(payload: str) -> int:
        connection.request(
            f"POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1",
            f"Content-Length: {len(payload)}",
        )
        connection.send(payload.encode())
        connection.read_until(b"HTTP/1.1 ")
        return int(connection.read_until(b" "))

    return post


def test_a_burst_of_packets_in_one_post_is_received(connection: Connection):
    assert polling(connection)("\x1e".join(["3"] * 60)) == 200


def test_a_post_of_too_many_packets_is_refused_and_ends_the_session(
    connection: Connection,
):
    post = polling(connection)

    assert post("\x1e".join(["3"] * 100)) == 400
    assert post("3") == 400
