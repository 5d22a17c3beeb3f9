"""Packets on their way to clients: encoded once, for both transports.

What goes to thousands is in memory once: a parcel is made of pieces, and large pieces
are shared by all parcels that have them.
"""

from base64 import b64encode
from collections.abc import Sequence

from engineio.packet import MESSAGE, Packet

from app.transport import frames, packets
from app.transport.packets import Encoded

# Engine.IO's MESSAGE, Socket.IO's EVENT.
_EVENT = b"42["
_END = b"]"

Piece = bytes | memoryview


class Parcel:
    """One Engine.IO packet, framed for WebSockets and as it stands in a poll's answer.

    Attributes:
        pieces: the frame. Whoever keeps the parcel keeps these.
        polled: the packet without the frame; views of the same bytes.
        length: how long the frame is.
        event: the name of the Socket.IO event that it carries, if any.
        covers: the events that a client need not hear any more once it hears this one.
    """

    __slots__ = ("covers", "event", "length", "pieces", "polled")

    def __init__(
        self,
        pieces: tuple[bytes, ...],
        polled: tuple[Piece, ...],
        event: str = "",
        covers: frozenset[str] = frozenset(),
    ) -> None:
        """Take a frame and what a poll is answered; see `Parcel`."""
        self.pieces = pieces
        self.polled = polled
        self.length = sum(map(len, pieces))
        self.event = event
        self.covers = covers

    def encode(self, **_options: object) -> str:
        """Return the packet as Engine.IO's payloads want it."""
        return b"".join(self.polled).decode()

    def packet(self) -> Packet:
        """Return the packet for a session of python-engineio itself."""
        return Packet(MESSAGE, self.encode()[1:])


def text(
    *pieces: bytes, event: str = "", covers: frozenset[str] = frozenset()
) -> Parcel:
    """Return a parcel of a text packet; the first piece is copied, no other."""
    head = frames.frame_head(frames.TEXT, sum(map(len, pieces)))
    first = head + pieces[0]
    polled: tuple[Piece, ...] = (memoryview(first)[len(head) :], *pieces[1:])
    return Parcel((first, *pieces[1:]), polled, event, covers)


def frame(opcode: int, payload: bytes) -> Parcel:
    """Return a parcel for a WebSocket alone."""
    return Parcel((frames.frame(opcode, payload),), ())


def of_packet(packet: Packet) -> Parcel:
    """Return the parcel of a packet of Engine.IO."""
    encoded = packet.encode()
    if isinstance(encoded, str):
        return text(encoded.encode())
    framed = frames.frame(frames.BINARY, encoded)
    return Parcel((framed,), (b"b" + b64encode(encoded),))


def of_event(
    event: str, arguments: Sequence[object], covers: frozenset[str] = frozenset()
) -> Parcel:
    """Return the parcel of an event on the default namespace.

    An `Encoded` as the last argument is not copied.

    Raises:
        ValueError: a number is NaN or infinite.
        TypeError: an argument is not JSON.
    """
    last = arguments[-1] if arguments else None
    if not isinstance(last, Encoded):
        encoded = packets.dumps([event, *arguments]).encode()
        return text(_EVENT[:-1] + encoded, event=event, covers=covers)
    before = packets.dumps([event, *arguments[:-1]]).encode()
    head = _EVENT + before[1:-1] + b"," + last.head
    return text(head, last.tail, _END, event=event, covers=covers)
