"""What waits for clients that cannot take it at once: in order, and bounded.

Bounded for each client, so that none falls behind for ever, and for the worker, so that
many together cannot take its memory. What waits for many clients is in memory once, and
counts once.
"""

from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice

from app.transport.parcels import Parcel

# For one client, besides what the kernel holds. Not counted are the parcel that is on
# its way, which may be as large as it is, and the newest one that covers others: a full
# room's state reaches a slow client as well.
MAX_BYTES = 256 * 1024
# For all clients of a worker.
MAX_WORKER_BYTES = 64 * 1024 * 1024
# How far below that a worker goes when it has passed it, not to pass it again at once.
_GOAL = 0.9
# What a parcel takes besides its bytes.
PARCEL_BYTES = 256
# The kernel takes no more than 1024 pieces at once.
_MAX_PARCELS_AT_ONCE = 64


class Ledger:
    """What waits for all clients of a worker.

    Attributes:
        size: how many bytes that are, each piece counted once, however many have it.
    """

    def __init__(self, maximum: int = MAX_WORKER_BYTES) -> None:
        """Let at most `maximum` bytes wait."""
        self.size = 0
        self._maximum = maximum
        # By identity: those who hold a piece keep it alive.
        self._holders: dict[int, int] = {}
        self._backlogs: set[Backlog] = set()

    def hold(self, backlog: "Backlog", parcel: Parcel) -> None:
        """Count a parcel that waits from now on."""
        self._backlogs.add(backlog)
        self.size += PARCEL_BYTES
        for piece in parcel.pieces:
            holders = self._holders.get(id(piece), 0)
            self._holders[id(piece)] = holders + 1
            if not holders:
                self.size += len(piece)

    def drop(self, parcel: Parcel) -> None:
        """Count a parcel no more."""
        self.size -= PARCEL_BYTES
        for piece in parcel.pieces:
            holders = self._holders.pop(id(piece)) - 1
            if holders:
                self._holders[id(piece)] = holders
            else:
                self.size -= len(piece)

    def forget(self, backlog: "Backlog") -> None:
        """Note that nothing waits in a backlog any more."""
        self._backlogs.discard(backlog)

    def relieve(self) -> None:
        """Where too much waits, cut off those who have most to themselves."""
        if self.size <= self._maximum:
            return
        for backlog in sorted(self._backlogs, key=self._share, reverse=True):
            if self.size <= _GOAL * self._maximum:
                break
            backlog.cut_off()

    def _share(self, backlog: "Backlog") -> float:
        # What many wait for is little for each of them.
        return sum(
            PARCEL_BYTES
            + sum(len(piece) / self._holders[id(piece)] for piece in parcel.pieces)
            for parcel in backlog.held()
        )


class Backlog:
    """What waits for one client.

    Attributes:
        cut_off: ends the client's connection and clears the backlog.
    """

    __slots__ = (
        "_ledger",
        "_newest",
        "_sent",
        "_taken",
        "_taken_size",
        "_waiting",
        "cut_off",
        "size",
    )

    def __init__(self, ledger: Ledger, cut_off: Callable[[], None]) -> None:
        """Hold nothing yet; `cut_off` is called when the worker holds too much."""
        self.cut_off = cut_off
        self.size = 0
        self._ledger = ledger
        self._waiting: deque[Parcel] = deque()
        # Of the first one, already.
        self._sent = 0
        self._taken: list[Parcel] = []
        self._taken_size = 0
        # The newest that covers others, while it waits.
        self._newest: Parcel | None = None

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def held(self) -> Iterable[Parcel]:
        """Return all that is held, what is on its way included."""
        return [*self._taken, *self._waiting]

    def add(self, parcel: Parcel, sent: int = 0) -> bool:
        """Add what is left of a parcel after `sent` bytes; false where it is too much.

        One that covers others takes the place of the one before, and of all that it
        covers where there is too much.
        """
        if parcel.covers:
            self._replace(parcel)
        if not self._waiting:
            self._sent = sent
        self._waiting.append(parcel)
        self.size += _weight(parcel)
        self._ledger.hold(self, parcel)
        if self._is_too_much():
            self._drop_covered()
        return not self._is_too_much()

    def buffers(self) -> list[memoryview]:
        """Return the bytes to send next, in order."""
        found, skipped = [], self._sent
        for parcel in islice(self._waiting, _MAX_PARCELS_AT_ONCE):
            for piece in parcel.pieces:
                if skipped < len(piece):
                    found.append(memoryview(piece)[skipped:])
                skipped = max(0, skipped - len(piece))
        return found

    def took(self, count: int) -> None:
        """Note that the client took `count` of these bytes."""
        self._sent += count
        while self._waiting and self._sent >= self._waiting[0].length:
            parcel = self._waiting.popleft()
            self._sent -= parcel.length
            self._let_go(parcel)
        if not self._waiting:
            self._sent = 0
            self._ledger.forget(self)

    def take(self) -> list[Parcel]:
        """Take all that waits; it is held until `done`."""
        taken = list(self._waiting)
        self._taken += taken
        self._taken_size = self.size
        self._waiting.clear()
        self._newest = None
        return taken

    def done(self) -> None:
        """Note that what was taken is on its way no more."""
        for parcel in self._taken:
            self._let_go(parcel)
        self._taken.clear()
        self._taken_size = 0
        if not self._waiting:
            self._ledger.forget(self)

    def clear(self) -> None:
        """Drop everything."""
        for parcel in self.held():
            self._let_go(parcel)
        self._waiting.clear()
        self._taken.clear()
        self._taken_size = self._sent = 0
        self._newest = None
        self._ledger.forget(self)

    def _let_go(self, parcel: Parcel) -> None:
        self.size -= _weight(parcel)
        self._ledger.drop(parcel)
        if parcel is self._newest:
            self._newest = None

    def _replace(self, newest: Parcel) -> None:
        if self._newest is not None and not self._is_begun(self._newest):
            older = self._newest
            self._waiting.remove(older)
            self._let_go(older)
        self._newest = newest

    def _drop_covered(self) -> None:
        if self._newest is None:
            return
        kept: deque[Parcel] = deque()
        covered = self._newest.covers
        older = True
        for parcel in self._waiting:
            older = older and parcel is not self._newest
            if older and parcel.event in covered and not self._is_begun(parcel):
                self._let_go(parcel)
            else:
                kept.append(parcel)
        self._waiting = kept

    def _is_begun(self, parcel: Parcel) -> bool:
        return self._sent > 0 and parcel is self._waiting[0]

    def _is_too_much(self) -> bool:
        first, newest = self._waiting[0], self._newest
        uncounted = self._taken_size + _weight(first)
        if newest is not None and newest is not first:
            uncounted += _weight(newest)
        return self.size - uncounted > MAX_BYTES


def _weight(parcel: Parcel) -> int:
    return parcel.length + PARCEL_BYTES
