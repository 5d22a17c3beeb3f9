"""WebSocket frames, as far as the load needs them: bytes in, bytes out."""

import json
from typing import Any

_TEXT, _CLOSE = 0x81, 0x88
_SHORT, _TWO_BYTES = 125, 126


class ClosedError(Exception):
    """The server closed the WebSocket."""


def from_client(text: str) -> bytes:
    """Return a text frame with a mask of zeros, which leaves the text as it is."""
    payload = text.encode()
    if len(payload) > _SHORT:
        raise ValueError("The load sends short frames only.")
    return bytes((_TEXT, 0x80 | len(payload), 0, 0, 0, 0)) + payload


def from_server(event: str, payload: dict[str, Any]) -> bytes:
    """Return the frame in which a server sends a Socket.IO event."""
    arguments = json.dumps([event, payload], separators=(",", ":"))
    data = f"42{arguments}".encode()
    if len(data) <= _SHORT:
        return bytes((_TEXT, len(data))) + data
    return bytes((_TEXT, _TWO_BYTES)) + len(data).to_bytes(2) + data


def split(data: bytes) -> tuple[list[str], bytes]:
    """Return the texts of the whole frames in `data`, and the bytes that remain.

    Raises:
        ClosedError: there is a close frame among them.
    """
    texts, at = [], 0
    while (frame := _frame_at(data, at)) is not None:
        begin, end = frame
        if data[at] == _CLOSE:
            raise ClosedError(data[begin:end])
        texts.append(data[begin:end].decode())
        at = end
    return texts, data[at:]


def _frame_at(data: bytes, at: int) -> tuple[int, int] | None:
    """Return where the payload of the frame at `at` begins and ends, if it is whole."""
    if len(data) < at + 2:
        return None
    length, begin = data[at + 1], at + 2
    if length >= _TWO_BYTES:
        begin += 2 if length == _TWO_BYTES else 8
        if len(data) < begin:
            return None
        length = int.from_bytes(data[at + 2 : begin])
    end = begin + length
    return (begin, end) if len(data) >= end else None
