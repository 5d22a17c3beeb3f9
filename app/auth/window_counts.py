"""How often each key was counted in its window: by this worker, and by the others."""

import itertools
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from sys import getsizeof
from typing import NamedTuple

# What a window takes besides its key: itself, its numbers, its places in the tables.
_WINDOW_BYTES = 350
# How often windows that ended are looked for while there is something to count.
_SWEEP_SECONDS = 10.0


class Share(NamedTuple):
    """What this worker counted for a key, as the others may know it.

    Attributes:
        key: what is counted.
        window: a number that this worker gives to one window of one key alone.
        hits: how often this worker counted it in that window.
        left: how many seconds the window lasts from now.
    """

    key: str
    window: int
    hits: int
    left: float


@dataclass(slots=True)
class _Window:
    number: int
    end: float
    size: int
    own: int = 0
    others: int = 0


class WindowCounts:
    """Counts by key, each in a window that begins with its first hit.

    At most so many bytes are kept; the keys that were not counted for longest go
    first. Times are seconds of one clock that never goes back.

    Attributes:
        size: how many bytes are kept now.
    """

    def __init__(self, maximum: int) -> None:
        """Keep at most `maximum` bytes."""
        self.size = 0
        self._maximum = maximum
        self._numbers = itertools.count(1)
        self._windows: OrderedDict[str, _Window] = OrderedDict()
        self._unsettled: dict[str, None] = {}
        self._next_sweep = 0.0

    def __len__(self) -> int:
        """Return how many windows are kept, those that ended included."""
        return len(self._windows)

    def add(self, key: str, amount: int, seconds: float, now: float) -> int:
        """Count a key, and return its total over all workers as far as it is known.

        Its window lasts so many seconds, if this begins one.
        """
        window = self._windows.get(key)
        if window is None or window.end <= now:
            window = self._begin(key, now + seconds, now)
        else:
            self._windows.move_to_end(key)
        window.own += amount
        self._unsettled[key] = None
        return window.own + window.others

    def total(self, key: str, now: float) -> int:
        """Return how often a key was counted over all workers, as far as is known."""
        window = self._current(key, now)
        return window.own + window.others if window else 0

    def left(self, key: str, now: float) -> float:
        """Return how many seconds a key's window still lasts."""
        window = self._current(key, now)
        return window.end - now if window else 0.0

    def take_shares(self, now: float) -> list[Share]:
        """Return what was counted since this was last asked, but for what has ended."""
        keys, self._unsettled = self._unsettled, {}
        return [
            Share(key, window.number, window.own, window.end - now)
            for key in keys
            if (window := self._current(key, now))
        ]

    def put_back(self, shares: Iterable[Share]) -> None:
        """Keep in mind that these could not be told to the others."""
        for share in shares:
            if share.key in self._windows:
                self._unsettled[share.key] = None

    def settle(self, share: Share, total: int, left: float, now: float) -> None:
        """Learn the total of a share's key over all workers, and what is left of it.

        A window ends when the first one's does that counted its key, and so never
        later than it would have by itself.
        """
        window = self._windows.get(share.key)
        if window is not None and window.number == share.window:
            window.others = total - share.hits
            window.end = min(window.end, now + left)

    def forget(self, key: str) -> None:
        """Forget a key."""
        window = self._windows.pop(key, None)
        if window is not None:
            self.size -= window.size
            self._unsettled.pop(key, None)

    def clear(self) -> int:
        """Forget all keys, and return how many there were."""
        forgotten = len(self._windows)
        self._windows.clear()
        self._unsettled.clear()
        self.size = 0
        return forgotten

    def _current(self, key: str, now: float) -> _Window | None:
        window = self._windows.get(key)
        return window if window is not None and window.end > now else None

    def _begin(self, key: str, end: float, now: float) -> _Window:
        self.forget(key)
        self._sweep(now)
        window = _Window(next(self._numbers), end, getsizeof(key) + _WINDOW_BYTES)
        self._windows[key] = window
        self.size += window.size
        while self.size > self._maximum and len(self._windows) > 1:
            self.forget(next(iter(self._windows)))
        return window

    def _sweep(self, now: float) -> None:
        if now < self._next_sweep:
            return
        self._next_sweep = now + _SWEEP_SECONDS
        for key in [key for key, one in self._windows.items() if one.end <= now]:
            self.forget(key)
