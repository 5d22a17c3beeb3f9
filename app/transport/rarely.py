"""What clients can cause as often as they like, counted always and logged rarely."""

import logging
import math
import time

SECONDS = 1.0


class Rarely:
    """Counts something and logs it at most once in a while.

    Attributes:
        count: how often it was noted.
    """

    def __init__(
        self, log: logging.Logger, message: str, seconds: float = SECONDS
    ) -> None:
        """Log `message` as a warning, at most once in so many seconds."""
        self.count = 0
        self._log = log
        self._message = message
        self._seconds = seconds
        self._logged = 0
        self._next = -math.inf

    def note(self, **facts: object) -> None:
        """Note it once more, with facts for the log.

        A line says for how many it stands.
        """
        self.count += 1
        now = time.monotonic()
        if now >= self._next:
            facts["clients"] = self.count - self._logged
            self._log.warning(self._message, extra=facts)
            self._logged, self._next = self.count, now + self._seconds
