"""How much of the log clients can fill: a budget for each kind of line.

Whoever can reach the port can cause lines: requests, broken packets, lost connections.
A kind of line is what one place in the code says, or one sort of answered request.
Each kind has a token bucket in each process, so that no kind hides another, and what
was left out is counted and told. Nothing has to be listed: a new line has a budget.
"""

import logging
import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass

ACCESS_LOGGER = "app.access"
ANSWERED = "request"
ANYONE = "anyone"

_MORE_SECONDS = 10.0
# Kinds come from the code. Should one name what a client sent, it stays bounded.
_MOST_KINDS = 1000
_LABEL_CHARACTERS = 100
_REFUSED = 400


@dataclass(frozen=True)
class Budget:
    """So many lines at once, and so many a second from then on."""

    burst: int
    per_second: float


# A hall that loads the pages is a burst of requests in order; most others are few.
SERVED = Budget(500, 20)
REFUSED = Budget(100, 5)
OTHER = Budget(20, 1)


@dataclass
class _Kind:
    budget: Budget
    label: str
    level: int
    left: float
    counted_at: float
    told_at: float
    suppressed: int = 0

    def take(self, now: float) -> bool:
        gained = (now - self.counted_at) * self.budget.per_second
        self.left = min(self.budget.burst, self.left + gained)
        self.counted_at = now
        if self.left < 1:
            self.suppressed += 1
            return False
        self.left -= 1
        return True


class LineLimits:
    """Decides which records become lines.

    What an owner or an operator did is always told. For the rest see `Budget`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with full budgets; `clock` tells seconds."""
        self._clock = clock
        self._kinds: dict[Hashable, _Kind] = {}

    def admits(self, record: logging.LogRecord) -> bool:
        """Return whether the record may become a line, and count it."""
        sorted_as = _sort(record)
        if sorted_as is None:
            return True
        key, budget, label = sorted_as
        now = self._clock()
        if key not in self._kinds:
            if len(self._kinds) >= _MOST_KINDS:
                key, label = "other", "other"
            full = _Kind(budget, label, record.levelno, budget.burst, now, now)
            self._kinds.setdefault(key, full)
        return self._kinds[key].take(now)

    def summaries(self) -> Iterator[logging.LogRecord]:
        """Yield what to tell of lines that were left out, each kind every ten seconds.

        A summary has the level of what it stands for.
        """
        now = self._clock()
        for kind in self._kinds.values():
            if kind.suppressed and now - kind.told_at >= _MORE_SECONDS:
                yield logging.makeLogRecord(
                    {
                        "name": __name__,
                        "msg": "lines suppressed",
                        "levelno": kind.level,
                        "levelname": logging.getLevelName(kind.level),
                        "of": kind.label,
                        "lines": kind.suppressed,
                    }
                )
                kind.suppressed, kind.told_at = 0, now


def _sort(record: logging.LogRecord) -> tuple[Hashable, Budget, str] | None:
    if not isinstance(record.msg, dict):
        # A library's: the text may hold anything, its place in the code is one of few.
        place = (record.pathname, record.lineno)
        return (record.name, place), OTHER, str(record.msg)[:_LABEL_CHARACTERS]
    event = str(record.msg.get("event"))[:_LABEL_CHARACTERS]
    if (record.name, event) != (ACCESS_LOGGER, ANSWERED):
        return (record.name, event), OTHER, event
    return _sort_request(record.msg)


def _sort_request(said: dict[str, object]) -> tuple[Hashable, Budget, str] | None:
    status, caller = int(str(said["status"])), said["caller"]
    known = caller != ANYONE
    if status < _REFUSED:
        if known:
            return None
        return (ANSWERED, "served"), SERVED, "requests of anyone, served"
    hundreds = f"{status // 100}xx"
    whose = "with a token" if known else "of anyone"
    return (ANSWERED, hundreds, known), REFUSED, f"requests {whose}, {hundreds}"
