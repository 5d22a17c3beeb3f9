"""python-socketio's client, except that it handles messages in the order of arrival.

The library starts a thread for each message, so that two that arrive together may be
handled in either order: no basis for tests about order.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import engineio
import requests
import socketio
from engineio.payload import Payload

# The library refuses a poll's answer of more packets, as browsers do not.
Payload.max_decode_packets = 10_000

# A proxy in the environment must not get between the tests and their own servers.
_NO_PROXY = {"http_no_proxy": ["*"]}


class OrderedClient(socketio.Client):
    """A client for tests; `close` ends it for good."""

    def __init__(self, **options: Any) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        super().__init__(
            handle_sigint=False,
            http_session=self._session,
            websocket_extra_options=_NO_PROXY,
            **options,
        )

    def close(self) -> None:
        """Disconnect, stop reconnecting and release everything."""
        self.shutdown()
        self.eio.close()
        self._session.close()

    def _engineio_client_class(self) -> type[engineio.Client]:
        return _OrderedEngine


class _OrderedEngine(engineio.Client):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._handling = ThreadPoolExecutor(1, "viewer")

    def close(self) -> None:
        self._close_socket()
        self._handling.shutdown()

    def _reset(self) -> None:
        # The library forgets the socket of a connection that the server ended.
        self._close_socket()
        super()._reset()

    def _close_socket(self) -> None:
        if self.ws is not None:
            self.ws.shutdown()

    def _trigger_event(self, event: str, *args: Any, **options: Any) -> Any:
        if options.pop("run_async", False):
            return self._handling.submit(super()._trigger_event, event, *args)
        return super()._trigger_event(event, *args, **options)
