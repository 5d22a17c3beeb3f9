"""What waits for a client that cannot take it at once: bytes in order, bounded."""

from collections import deque

# Besides what the kernel holds: a client so far behind is better off with a new state.
MAX_BYTES = 64 * 1024


class Backlog:
    """Bytes that wait to be sent, in their order.

    Frames that wait for many clients are shared: no bytes are copied.
    """

    def __init__(self, maximum: int = MAX_BYTES) -> None:
        """Hold at most `maximum` bytes behind the data that is on its way.

        That may be as large as it is: a full room's state has more than a megabyte.
        """
        self._waiting: deque[memoryview] = deque()
        self._maximum = maximum
        self.size = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, data: bytes, sent: int = 0) -> bool:
        """Add what is left of `data` after `sent` bytes; false where it is too much."""
        self.size += len(data) - sent
        self._waiting.append(memoryview(data)[sent:])
        return self.size - len(self._waiting[0]) <= self._maximum

    def first(self) -> memoryview:
        """Return the bytes to send next; only while there are any."""
        return self._waiting[0]

    def took(self, count: int) -> None:
        """Note that the client took `count` of the first bytes."""
        first = self._waiting.popleft()
        self.size -= count
        if count < len(first):
            self._waiting.appendleft(first[count:])

    def clear(self) -> None:
        """Drop everything."""
        self._waiting.clear()
        self.size = 0
