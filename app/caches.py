"""What is kept to be used again, bounded in bytes."""

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class ByteBoundedCache(Generic[K, V]):
    """Values by key; those that were not used for longest go when they are too large.

    Attributes:
        size: how many bytes are kept now, as far as `put` was told.
    """

    def __init__(self, maximum: int) -> None:
        """Keep at most `maximum` bytes; of what is larger by itself, nothing else."""
        self.size = 0
        self._maximum = maximum
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many values are kept."""
        return len(self._kept)

    def get(self, key: K) -> V | None:
        """Return the value at a key, and keep it for longer than the others."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        self._kept.move_to_end(key)
        return kept[0]

    def put(self, key: K, value: V, size: int) -> None:
        """Keep a value of so many bytes in place of what was there."""
        self.pop(key)
        self._kept[key] = (value, size)
        self.size += size
        while self.size > self._maximum and len(self._kept) > 1:
            self.pop(next(iter(self._kept)))

    def pop(self, key: K) -> None:
        """Forget the value at a key, if there is one."""
        _, size = self._kept.pop(key, (None, 0))
        self.size -= size
