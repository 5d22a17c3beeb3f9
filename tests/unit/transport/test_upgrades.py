"""Which requests become WebSockets."""

from typing import Any

import pytest

from app.transport import upgrades
from app.transport.upgrades import Refusal

HANDSHAKE = {
    "REQUEST_METHOD": "GET",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "PATH_INFO": "/socket.io/",
    "HTTP_UPGRADE": "websocket",
    "HTTP_CONNECTION": "keep-alive, Upgrade",
    "HTTP_SEC_WEBSOCKET_VERSION": "13",
    "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
}


def status(
    allowed: bool = True, admission: Refusal | None = None, **fields: Any
) -> str | None:
    environ = {key: value for key, value in (HANDSHAKE | fields).items() if value}
    refusal = upgrades.refusal(environ, lambda _environ: allowed, lambda _: admission)
    return refusal and refusal.status[:3]


def test_a_handshake_for_socket_io_is_passed_on():
    assert status() is None


@pytest.mark.parametrize("path", ["/", "/socket.io", "/socket.io/x", "/api/rooms"])
def test_any_other_path_is_refused(path: str):
    assert status(PATH_INFO=path) == "400"


def test_an_origin_that_is_not_allowed_is_refused():
    assert status(allowed=False, HTTP_ORIGIN="https://evil.example") == "403"


def test_an_allowed_origin_is_passed_on():
    assert status(HTTP_ORIGIN="https://show.example") is None


def test_a_request_without_an_origin_is_passed_on():
    assert status(allowed=False) is None


def test_what_engine_io_does_not_want_is_refused_before_the_101():
    assert status(admission=Refusal("503 Service Unavailable", "full")) == "503"


def test_another_version_of_the_protocol_is_refused():
    assert status(HTTP_SEC_WEBSOCKET_VERSION="8") == "426"
    assert status(HTTP_SEC_WEBSOCKET_VERSION=None) == "426"


def test_who_speaks_another_version_is_told_which_one_is_spoken_here():
    environ = HANDSHAKE | {"HTTP_SEC_WEBSOCKET_VERSION": "8"}
    refusal = upgrades.refusal(environ, lambda _: True, lambda _: None)

    assert refusal is not None
    assert dict(refusal.headers) == {
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
    }


def test_a_handshake_is_answered_with_what_proves_that_it_was_understood():
    answer = upgrades.acceptance(HANDSHAKE)

    # RFC 6455, section 1.3.
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("REQUEST_METHOD", "POST"),
        ("SERVER_PROTOCOL", "HTTP/1.0"),
        ("HTTP_CONNECTION", None),
        ("HTTP_CONNECTION", "upgraded"),
        ("HTTP_SEC_WEBSOCKET_KEY", None),
        ("HTTP_SEC_WEBSOCKET_KEY", "c2hvcnQ="),
        ("HTTP_SEC_WEBSOCKET_KEY", "!"),
        ("HTTP_SEC_WEBSOCKET_KEY", "dGhlIHNhbXBsZSBub25jZQ==\xa0"),
    ],
)
def test_what_is_no_handshake_is_refused(field: str, value: str | None):
    assert status(**{field: value}) == "400"


def test_only_a_request_that_names_websocket_wants_one():
    assert upgrades.is_wanted({"HTTP_UPGRADE": "WebSocket"})
    assert upgrades.is_wanted({"HTTP_UPGRADE": "h2c, websocket"})
    assert not upgrades.is_wanted({"HTTP_UPGRADE": "h2c"})
    assert not upgrades.is_wanted({})
