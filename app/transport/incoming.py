"""What clients may send: Socket.IO packets, read as strictly as socket.io does.

python-socketio 5.18.1 takes any JSON as an event, so that a client could call the
`connect` and `disconnect` handlers by name, or raise errors in the server's log.
"""

import logging
from typing import Any

import socketio
from socketio import packet

MAX_EVENT_NAME = 100
_RESERVED = frozenset(
    ("connect", "connect_error", "disconnect", "disconnecting", "newListener", "*")
)
# python-socketio decodes no empty message, and then stumbles over it.
_NOTHING = " "

_log = logging.getLogger(__name__)


class MalformedPacketError(ValueError):
    """A packet that no Socket.IO client sends; its session ends."""


class StrictPacket(packet.Packet):  # type: ignore[misc]
    """A packet that is decoded only when it is well formed."""

    def decode(self, encoded_packet: str | bytes) -> int:
        """Read a packet; return 0, the number of attachments that follow.

        Raises:
            MalformedPacketError: it is malformed, or has binary parts.
        """
        if not isinstance(encoded_packet, str):
            raise MalformedPacketError("binary messages are not understood")
        try:
            super().decode(encoded_packet)
        except ValueError as error:
            raise MalformedPacketError(str(error)) from error
        if not _is_valid(self.packet_type, self.data):
            raise MalformedPacketError("the payload does not fit the packet's type")
        return 0


def _is_valid(kind: int, data: Any) -> bool:
    if kind == packet.CONNECT:
        return data is None or isinstance(data, dict)
    if kind == packet.DISCONNECT:
        return data is None
    if kind == packet.EVENT:
        return isinstance(data, list) and bool(data) and _is_event_name(data[0])
    return kind == packet.ACK and isinstance(data, list)


def _is_event_name(name: Any) -> bool:
    return (
        isinstance(name, str) and len(name) <= MAX_EVENT_NAME and name not in _RESERVED
    )


def close_on_malformed(server: socketio.Server) -> None:
    """End the session of a client that sends `server` a malformed packet."""
    receive = server._handle_eio_message

    def strict(eio_sid: str, data: str | bytes) -> None:
        try:
            receive(eio_sid, data or _NOTHING)
        except MalformedPacketError as error:
            _log.info("malformed packet: %s", error)
            server.eio.disconnect(eio_sid)

    server.eio.on("message", strict)
