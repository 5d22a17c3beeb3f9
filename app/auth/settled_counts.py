"""A storage for flask-limiter that counts in the worker and settles with Redis.

Counting costs no round trip and cannot fail. What was counted is told to Redis beside
the requests, in one call for all keys, which answers what all workers counted.
"""

import logging
import secrets
import time
from typing import Any

import gevent
from gevent.event import Event
from limits.storage import Storage

from app import clock
from app.auth.window_counts import Share, WindowCounts
from app.transport import redis_links
from app.transport.greenlets import keep_running

SETTLE_SECONDS = 0.1
"""How long a worker rests after it has settled: what it cannot know lasts so long."""
MAXIMUM_BYTES = 8 * 1024 * 1024
"""How much memory the counts of one worker take."""

_SCHEME = "settled+"
_PREFIX = "live-timer:limits:"
# Redis does nothing else while it runs a script.
_AT_ONCE = 500

# A key's hash has a field for each worker, with what this one counted: to write it
# twice changes nothing, so that a call without an answer is simply made again. The
# window is the first one's that wrote.
_SETTLE = """
local answers = {}
for i, key in ipairs(KEYS) do
  redis.call('HSET', key, ARGV[3 * i - 2], ARGV[3 * i - 1])
  local left = redis.call('PTTL', key)
  if left < 0 then
    left = tonumber(ARGV[3 * i])
    redis.call('PEXPIRE', key, left)
  end
  local total = 0
  for _, count in ipairs(redis.call('HVALS', key)) do
    total = total + tonumber(count)
  end
  answers[2 * i - 1] = total
  answers[2 * i] = left
end
return answers
"""

_log = logging.getLogger(__name__)


def storage_uri(redis_url: str | None) -> str:
    """Return what flask-limiter finds this storage by."""
    return f"{_SCHEME}{redis_url or 'memory://'}"


class SettledCounts(Storage):
    """The counts of fixed windows: this worker's, and what it knows of the others'."""

    STORAGE_SCHEME = [f"{_SCHEME}{kind}" for kind in ("memory", "redis", "rediss")]  # noqa: RUF012 - limits' own attribute

    def __init__(self, uri: str, **_options: Any) -> None:
        """Count for a Redis, or for this worker alone; does no I/O yet."""
        super().__init__(uri)
        url = uri.removeprefix(_SCHEME)
        self._counts = WindowCounts(MAXIMUM_BYTES)
        self._counted = Event()
        self._worker = secrets.token_hex(6)
        self._away = False
        self._script: Any = None
        if not url.startswith("memory"):
            self._script = redis_links.connect(url).register_script(_SETTLE)

    def start(self) -> None:
        """Settle beside the requests from now on, if there is a Redis."""
        if self._script is not None:
            keep_running(self.run)

    def run(self) -> None:
        """Settle soon after something was counted, and do nothing while nothing is."""
        pause = redis_links.FIRST_PAUSE
        while True:
            self._counted.wait()
            self._counted.clear()
            if self.settle():
                pause = redis_links.FIRST_PAUSE
                gevent.sleep(SETTLE_SECONDS)
            else:
                self._counted.set()
                gevent.sleep(pause)
                pause = redis_links.next_pause(pause)

    def settle(self) -> bool:
        """Tell Redis what was counted, and learn what all workers did.

        Returns:
            whether Redis answered; what it did not is told by the next call.
        """
        if self._script is None:
            return True
        shares = self._counts.take_shares(time.monotonic())
        while shares:
            try:
                self._exchange(shares[:_AT_ONCE])
            except redis_links.Away as error:
                self._counts.put_back(shares)
                self._note_away(error)
                return False
            self._note_back()
            del shares[:_AT_ONCE]
        return True

    def _exchange(self, shares: list[Share]) -> None:
        keys = [_PREFIX + share.key for share in shares]
        arguments: list[object] = []
        for share in shares:
            # At least 1: Redis refuses to let a key expire at once.
            left = max(1, round(1000 * share.left))
            arguments += [f"{self._worker}:{share.window}", share.hits, left]
        answers = self._script(keys=keys, args=arguments)
        now = time.monotonic()
        for share, total, left in zip(shares, answers[::2], answers[1::2], strict=True):
            self._counts.settle(share, total, left / 1000, now)

    def _note_away(self, error: Exception) -> None:
        if not self._away:
            _log.warning(
                "limits are counted by each worker", extra={"error": str(error)}
            )
        self._away = True

    def _note_back(self) -> None:
        if self._away:
            _log.info("limits are counted together again")
        self._away = False

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count a key, and return its total."""
        if not self._counted.is_set():
            self._counted.set()
        return self._counts.add(key, amount, expiry, time.monotonic())

    def get(self, key: str) -> int:
        """Return a key's total."""
        return self._counts.total(key, time.monotonic())

    def get_expiry(self, key: str) -> float:
        """Return when a key's window ends, in seconds since the epoch."""
        return clock.now() / 1000 + self._counts.left(key, time.monotonic())

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """Return what may be raised: nothing."""
        return ()

    def check(self) -> bool:
        """Return whether it counts, which it always does."""
        return True

    def reset(self) -> int:
        """Forget what this worker counted."""
        return self._counts.clear()

    def clear(self, key: str) -> None:
        """Forget what this worker counted for a key."""
        self._counts.forget(key)
