"""What a poll waits on, and how it is answered."""

from collections.abc import Callable, Iterator

from gevent.event import Event

from app.transport.parcels import Parcel, Piece

# Written at a time; each must be taken within the connection's time-out.
CHUNK_BYTES = 64 * 1024
# Between packets (Engine.IO protocol 4, "Payload").
_SEPARATOR = b"\x1e"

Headers = list[tuple[str, str]]


class Bell(Event):
    """Wakes a poll; stands in for the queue that Engine.IO makes for each session."""

    def put(self, _item: object) -> None:
        """Ring; Engine.IO calls it when the session ends."""
        self.set()


class Answer:
    """The body of a poll's answer: written as it is kept, in no second copy."""

    def __init__(self, packets: list[Parcel], on_closed: Callable[[], None]) -> None:
        """Call `on_closed` when the answer is written, or the client is gone."""
        self._pieces: list[Piece] = []
        for packet in packets:
            if packet.polled:
                self._pieces += ([_SEPARATOR] if self._pieces else []) + [
                    *packet.polled
                ]
        self._on_closed = on_closed

    def headers(self, others: Headers) -> Headers:
        """Return the answer's headers, with others."""
        length = sum(map(len, self._pieces))
        return [
            ("Content-Type", "text/plain; charset=UTF-8"),
            ("Content-Length", str(length)),
            *others,
        ]

    def __iter__(self) -> Iterator[bytes]:
        chunk = bytearray()
        for piece in self._pieces:
            for start in range(0, len(piece), CHUNK_BYTES):
                chunk += memoryview(piece)[start : start + CHUNK_BYTES]
                if len(chunk) >= CHUNK_BYTES:
                    yield bytes(chunk)
                    chunk.clear()
        if chunk:
            yield bytes(chunk)

    def close(self) -> None:
        """Let go of the packets (PEP 3333)."""
        self._pieces.clear()
        self._on_closed()
