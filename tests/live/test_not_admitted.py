"""What cannot become a session is refused at once, in Engine.IO's own words."""

import json

import pytest

from tests.system.transport.raw import Connection

UNKNOWN = {"code": 1, "message": "Session ID unknown"}
UNSUPPORTED = {"code": 5, "message": "Unsupported protocol version"}
BAD_REQUEST = {"code": 3, "message": "Bad request"}
UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


@pytest.fixture
def ask(live_server):
    """Asks for a transport; returns the answer's status and body."""

    def run(query, *headers):
        with Connection(live_server.port) as connection:
            line = f"GET /socket.io/?{query} HTTP/1.1"
            connection.request(line, *(headers or ("Connection: close",)))
            status = connection.status()
            connection.read_until(b"\r\n\r\n")
            return status, json.loads(connection.rest())

    return run


@pytest.mark.parametrize("transport", ["polling", "websocket"])
@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("EIO=3", UNSUPPORTED),
        ("b64=1", UNSUPPORTED),
        ("EIO=4&sid=a-1.unknown", UNKNOWN),
        # JSONP, with which pages of any origin could read.
        ("EIO=4&j=0", BAD_REQUEST),
    ],
)
def test_a_client_that_cannot_be_served_is_told_before_any_101(
    ask, transport, query, error
):
    headers = UPGRADE if transport == "websocket" else ()

    assert ask(f"{query}&transport={transport}", *headers) == (400, error)


def test_a_namespace_that_is_not_there_is_refused_by_its_name(live_server):
    with Connection(live_server.port) as client:
        client.open_websocket()
        client.send_text("40/admin,")

        client.read_until(b'44/admin,{"message":"Invalid namespace"}')

        client.send_text("40")
        client.read_until(b'40{"sid":')
