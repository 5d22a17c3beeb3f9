"""What clients may send: Socket.IO packets, read as strictly as socket.io does.

python-socketio 5.18.1 takes any JSON as an event, so that a client could call the
`connect` and `disconnect` handlers by name, or raise errors in the server's log.
"""

import logging
from functools import partial
from typing import Any

import socketio
from socketio import packet

MAX_EVENT_NAME = 100
MAX_ATTACHMENTS = 4
_RESERVED = frozenset(
    ("connect", "connect_error", "disconnect", "disconnecting", "newListener", "*")
)
# python-socketio decodes no empty message, and then stumbles over it.
_NOTHING = " "
_DEFAULT = "/"
# Its words for a binary event of a client that has not connected.
_TOO_EARLY = "Unexpected binary packet"

_log = logging.getLogger(__name__)


class MalformedPacketError(ValueError):
    """A packet that no Socket.IO client sends; its session ends."""


class StrictPacket(packet.Packet):  # type: ignore[misc]
    """A packet that is decoded only when it is well formed."""

    def decode(self, encoded_packet: str | bytes) -> int:
        """Read a packet; return the number of binary attachments that follow.

        Raises:
            MalformedPacketError: it is malformed, or announces too many attachments.
        """
        if not isinstance(encoded_packet, str):
            raise MalformedPacketError("an attachment without its packet")
        try:
            attachments = int(super().decode(encoded_packet))
        except ValueError as error:
            raise MalformedPacketError(str(error)) from error
        if not _is_valid(self.packet_type, self.data):
            raise MalformedPacketError("the payload does not fit the packet's type")
        if not _is_count(self.packet_type, attachments):
            raise MalformedPacketError("the attachments do not fit the packet's type")
        return attachments

    def add_attachment(self, attachment: str | bytes) -> bool:
        """Add the next attachment; tell whether the packet is complete.

        Raises:
            MalformedPacketError: it is none, or the packet has no place for it.
        """
        if not isinstance(attachment, bytes):
            raise MalformedPacketError("a text in the place of an attachment")
        try:
            return bool(super().add_attachment(attachment))
        except (IndexError, TypeError) as error:
            raise MalformedPacketError("no such attachment") from error


def _is_valid(kind: int, data: Any) -> bool:
    if kind == packet.CONNECT:
        return data is None or isinstance(data, dict)
    if kind == packet.DISCONNECT:
        return data is None
    if kind in (packet.EVENT, packet.BINARY_EVENT):
        return isinstance(data, list) and bool(data) and _is_event_name(data[0])
    return kind == packet.ACK and isinstance(data, list)


def _is_count(kind: int, attachments: int) -> bool:
    if kind == packet.BINARY_EVENT:
        return 1 <= attachments <= MAX_ATTACHMENTS
    return attachments == 0


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
        except ValueError as error:
            if not isinstance(error, MalformedPacketError) and str(error) != _TOO_EARLY:
                raise
            server._binary_packet.pop(eio_sid, None)
            _log.info("malformed packet: %s", error)
            server.eio.disconnect(eio_sid)

    server.eio.on("message", strict)
    server._handle_connect = partial(_connect, server, server._handle_connect)


def _connect(
    server: socketio.Server, connect: Any, eio_sid: str, namespace: str, data: Any
) -> None:
    if (namespace or _DEFAULT) in server.handlers:
        connect(eio_sid, namespace, data)
        return
    # The words of socket.io, which python-socketio does not use.
    refused = {"message": "Invalid namespace"}
    answer = packet.Packet(packet.CONNECT_ERROR, data=refused, namespace=namespace)
    server._send_packet(eio_sid, answer)
