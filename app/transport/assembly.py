"""WebSocket messages out of whatever pieces the network delivers (RFC 6455)."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.transport import frames
from app.transport.frames import MessageLimit, RefusedFrameError

_HEAD_BYTES = 2


@dataclass(frozen=True, slots=True)
class Received:
    """A whole message, or a control frame.

    Attributes:
        opcode: `TEXT`, `BINARY`, `CLOSE`, `PING` or `PONG` of `frames`.
        payload: its bytes; text is valid UTF-8.
    """

    opcode: int
    payload: bytes


class Assembler:
    """Takes bytes as they come and gives messages; holds at most one of them."""

    def __init__(self, max_message_bytes: int) -> None:
        """Refuse messages of more than `max_message_bytes`."""
        self._unread = b""
        self._limit = MessageLimit(max_message_bytes)
        self._opcode: int | None = None
        # One buffer: parts without a byte, of which there may be any number, add none.
        self._payload = bytearray()

    def feed(self, data: bytes) -> Iterator[Received]:
        """Yield what is complete with `data`.

        Raises:
            RefusedFrameError: the client breaks the protocol, or its message is too
                long; nothing after it can be understood.
        """
        self._unread += data
        while (frame := self._next_frame()) is not None:
            message = self._assemble(*frame)
            if message is not None:
                yield message

    def _next_frame(self) -> tuple[frames.Head, bytes] | None:
        unread = self._unread
        if len(unread) < _HEAD_BYTES:
            return None
        head = frames.parse_head(unread[:_HEAD_BYTES])
        start = _HEAD_BYTES + head.length_bytes
        if len(unread) < start:
            return None
        length = head.length(unread[_HEAD_BYTES:start])
        # Before anything of the payload is waited for.
        if self._limit.would_exceed(head, length):
            raise RefusedFrameError(frames.TOO_BIG, "the message is too long")
        end = start + frames.MASK_BYTES + length
        if len(unread) < end:
            return None
        self._limit.admit(head, length)
        mask, payload = unread[start : start + 4], unread[start + 4 : end]
        self._unread = unread[end:]
        return head, frames.unmask(payload, mask)

    def _assemble(self, head: frames.Head, payload: bytes) -> Received | None:
        if head.is_control:
            return Received(head.opcode, payload)
        if (head.opcode == frames.CONTINUATION) == (self._opcode is None):
            raise RefusedFrameError(frames.PROTOCOL_ERROR, "a part out of place")
        if self._opcode is None:
            self._opcode = head.opcode
        self._payload += payload
        if not head.fin:
            return None
        message = Received(self._opcode, bytes(self._payload))
        self._opcode, self._payload = None, bytearray()
        if message.opcode == frames.TEXT:
            frames.check_text(message.payload)
        return message
