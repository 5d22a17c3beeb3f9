"""Which requests become WebSockets."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.transport import frames
from app.transport.requests import tokens

PATH = "/socket.io/"
PROTOCOL = "websocket"
VERSION = "13"
_KEY_BYTES = 16


@dataclass(frozen=True)
class Refusal:
    """The answer to a request that must not become a WebSocket, or not be served.

    Attributes:
        status: with its phrase.
        text: the body.
        content_type: of the body.
        headers: others that belong to the answer.
        closes: whether the connection ends with it.
    """

    status: str
    text: str
    content_type: str = "text/plain"
    headers: tuple[tuple[str, str], ...] = ()
    closes: bool = False

    @property
    def body(self) -> bytes:
        """The body as it is sent."""
        return f"{self.text}\n".encode()

    def all_headers(self) -> list[tuple[str, str]]:
        """Return all headers of the answer."""
        return [
            ("Content-Type", self.content_type),
            ("Content-Length", str(len(self.body))),
            *self.headers,
            *([("Connection", "close")] if self.closes else []),
        ]


# RFC 9110, section 15.5.22, and RFC 6455, section 4.4.
_OTHER_VERSION = Refusal(
    "426 Upgrade Required",
    f"WebSocket version {VERSION} only.",
    headers=(("Upgrade", PROTOCOL), ("Sec-WebSocket-Version", VERSION)),
)


def is_wanted(environ: Mapping[str, Any]) -> bool:
    """Tell whether a request asks to become a WebSocket.

    Who asks for something else, such as `h2c`, gets what it asks for here instead.
    """
    return PROTOCOL in tokens(environ.get("HTTP_UPGRADE", ""))


def acceptance(environ: Mapping[str, Any]) -> bytes:
    """Return the answer to a request that may become a WebSocket."""
    lines = (
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {frames.accept_key(environ['HTTP_SEC_WEBSOCKET_KEY'])}",
        "",
        "",
    )
    return "\r\n".join(lines).encode()


def refusal(
    environ: Mapping[str, Any],
    is_allowed: Callable[[Mapping[str, Any]], bool],
    admission: Callable[[Mapping[str, Any]], Refusal | None],
) -> Refusal | None:
    """Return why a request that wants to become a WebSocket must not, if so.

    Args:
        environ: the WSGI environment of the request.
        is_allowed: tells whether the request's origin may connect.
        admission: asked last: returns why the request's session must not begin, or must
            not have a WebSocket.
    """
    if environ["PATH_INFO"] != PATH:
        return Refusal("400 Bad Request", f"WebSockets are at {PATH} only.")
    if "HTTP_ORIGIN" in environ and not is_allowed(environ):
        return Refusal("403 Forbidden", "This origin is not allowed.")
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != VERSION:
        return _OTHER_VERSION
    if not _is_handshake(environ):
        return Refusal("400 Bad Request", "This is no WebSocket handshake.")
    return admission(environ)


def _is_handshake(environ: Mapping[str, Any]) -> bool:
    return (
        environ["REQUEST_METHOD"] == "GET"
        and environ["SERVER_PROTOCOL"] == "HTTP/1.1"
        and "upgrade" in tokens(environ.get("HTTP_CONNECTION", ""))
        and _is_key(environ.get("HTTP_SEC_WEBSOCKET_KEY", ""))
    )


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == _KEY_BYTES
    except ValueError:
        return False
