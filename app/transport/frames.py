"""The rules for WebSocket frames from clients (RFC 6455): bytes in, decisions out."""

import base64
import hashlib
from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
NORMAL, PROTOCOL_ERROR, INVALID_DATA, TOO_BIG = 1000, 1002, 1007, 1009
MAX_CONTROL_BYTES = 125
MASK_BYTES = 4
# In the place of a length: it follows in two bytes, or in eight.
_LENGTH_16, _LENGTH_64 = 126, 127
_MAX_16 = 0xFFFF

_CODE_BYTES = 2
# Those that may stand in a frame: the standard's and IANA's, libraries', programs'.
_CLOSE_CODES = frozenset((*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)))
_OPCODES = frozenset((CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG))
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class RefusedFrameError(Exception):
    """A frame that ends the connection.

    Attributes:
        code: the close code that tells the client why.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Head:
    """The first two bytes of a frame.

    Attributes:
        fin: whether the message ends with this frame.
        opcode: one of the constants of this module.
        short_length: the length, or 126 and 127 where it follows in more bytes.
    """

    fin: bool
    opcode: int
    short_length: int

    @property
    def is_control(self) -> bool:
        """Whether it is a close, a ping or a pong, which may stand inside messages."""
        return self.opcode >= CLOSE

    @property
    def length_bytes(self) -> int:
        """How many bytes of length follow."""
        return {_LENGTH_16: 2, _LENGTH_64: 8}.get(self.short_length, 0)

    def length(self, following: bytes) -> int:
        """Return how many bytes the payload has, given the bytes that follow."""
        return int.from_bytes(following) if following else self.short_length


def parse_head(data: bytes) -> Head:
    """Read the first two bytes of a frame.

    Raises:
        RefusedFrameError: reserved bits or opcodes, no mask, or a control frame that is
            long or in parts.
    """
    first, second = data
    head = Head(bool(first & 0x80), first & 0x0F, second & 0x7F)
    if first & 0x70:
        raise RefusedFrameError(PROTOCOL_ERROR, "reserved bits are set")
    if head.opcode not in _OPCODES:
        raise RefusedFrameError(PROTOCOL_ERROR, "the opcode is reserved")
    if not second & 0x80:
        raise RefusedFrameError(PROTOCOL_ERROR, "clients mask their frames")
    if head.is_control and (not head.fin or head.short_length > MAX_CONTROL_BYTES):
        raise RefusedFrameError(PROTOCOL_ERROR, "a control frame is short and whole")
    return head


@dataclass(slots=True)
class MessageLimit:
    """Admits the frames of messages of at most `maximum` bytes, one after another."""

    maximum: int
    _length: int = 0

    def admit(self, head: Head, length: int) -> None:
        """Count a frame whose payload has not been read yet.

        Raises:
            RefusedFrameError: with it, the message is too long.
        """
        if self.would_exceed(head, length):
            raise RefusedFrameError(
                TOO_BIG, f"a message has at most {self.maximum} bytes"
            )
        if not head.is_control:
            self._length = self._length_with(head, length)

    def would_exceed(self, head: Head, length: int) -> bool:
        """Tell whether a frame would make its message too long."""
        return not head.is_control and self._length_with(head, length) > self.maximum

    def _length_with(self, head: Head, length: int) -> int:
        return length + (self._length if head.opcode == CONTINUATION else 0)


def unmask(payload: bytes, mask: bytes) -> bytes:
    """Return what the client masked with `mask`, of four bytes."""
    # One big number: a loop over the bytes takes a hundred times as long.
    length = len(payload)
    pad = (mask * (length // MASK_BYTES + 1))[:length]
    return (int.from_bytes(payload) ^ int.from_bytes(pad)).to_bytes(length)


def close_payload(code: int, reason: str | bytes | None) -> bytes:
    """Return what a close frame carries; a reason that is too long is cut."""
    text = reason.encode() if isinstance(reason, str) else reason or b""
    cut = text[: MAX_CONTROL_BYTES - 2].decode(errors="ignore")
    return code.to_bytes(2) + cut.encode()


def close_answer(payload: bytes) -> bytes:
    """Return what answers a client's close frame with this payload: its own code.

    Raises:
        RefusedFrameError: the code is none that may be sent, or the reason is no text.
    """
    if not payload:
        return close_payload(NORMAL, "")
    code = payload[:_CODE_BYTES]
    if len(code) < _CODE_BYTES or int.from_bytes(code) not in _CLOSE_CODES:
        raise RefusedFrameError(PROTOCOL_ERROR, "the close code is invalid")
    check_text(payload[_CODE_BYTES:])
    return code


def check_text(payload: bytes) -> None:
    """Make sure that a whole text is UTF-8.

    Raises:
        RefusedFrameError: it is not.
    """
    try:
        payload.decode()
    except UnicodeDecodeError as error:
        raise RefusedFrameError(INVALID_DATA, "text is UTF-8") from error


def frame_head(opcode: int, length: int) -> bytes:
    """Return what comes before a payload in a frame from the server."""
    first = 0x80 | opcode
    if length < _LENGTH_16:
        return bytes((first, length))
    if length <= _MAX_16:
        return bytes((first, _LENGTH_16)) + length.to_bytes(2)
    return bytes((first, _LENGTH_64)) + length.to_bytes(8)


def frame(opcode: int, payload: bytes) -> bytes:
    """Return a whole frame from the server, which is not masked."""
    return frame_head(opcode, len(payload)) + payload


def accept_key(key: str) -> str:
    """Return what `Sec-WebSocket-Accept` answers to a client's key."""
    digest = hashlib.sha1((key + _GUID).encode("latin-1"), usedforsecurity=False)
    return base64.b64encode(digest.digest()).decode()
