"""The ways to carry a request of `Api`: over a connection, or straight into the app."""

import http.client
import select
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from flask.testing import FlaskClient

from tests.support.responses import Response
from tests.support.waiting import patient

Send = Callable[[str, str, Mapping[str, str], bytes | None], Response]
"""Carries method, path, headers and body, and returns the answer."""


class HttpSender:
    """One keep-alive connection, for one thread.

    It never sends a request twice: one that broke off raises, and the next one opens a
    new connection.
    """

    def __init__(self, base_url: str, timeout: float = 15) -> None:
        address = urlsplit(base_url).netloc
        self._connection = http.client.HTTPConnection(address, timeout=patient(timeout))

    def __call__(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Response:
        """Send, and read the whole answer."""
        if self._was_closed_by_the_server():
            self.close()
        try:
            self._connection.request(method, path, body, dict(headers))
            answer = self._connection.getresponse()
            text = answer.read().decode()
        except BaseException:
            self.close()
            raise
        return Response(answer.status, _lower(answer.getheaders()), text)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        self._connection.close()

    def _was_closed_by_the_server(self) -> bool:
        # An idle connection has nothing to read but its end.
        sock = self._connection.sock
        return sock is not None and bool(select.select([sock], [], [], 0)[0])


def in_process(client: FlaskClient) -> Send:
    """Return a sender that calls the application itself."""

    def send(
        method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> Response:
        with client.open(
            path, method=method, headers=dict(headers), data=body
        ) as answer:
            text = answer.get_data().decode(errors="replace")
            return Response(answer.status_code, _lower(answer.headers.items()), text)

    return send


def _lower(headers: object) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}
