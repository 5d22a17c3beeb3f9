"""How far one clock is ahead of another, from answers of unknown slowness.

Arithmetic only. All clocks here are in nanoseconds.
"""

# Two crystals, each of which may be wrong by 50 ppm.
DRIFT_PPM = 100
# An offset that is not refuted is given up only for one that is twice as certain.
_MORE_CERTAIN = 2


class OffsetEstimate:
    """Estimates `remote - local` from what the remote clock said when it was asked.

    The remote clock was read at some time between question and answer. So each answer
    gives two bounds for the offset, as far apart as the round trip was long, and these
    hold however the way there and the way back shared it. A slow answer says little and
    thus changes nothing. The bounds of several answers are intersected; those of old
    ones move apart with the drift of clocks. Where bounds contradict each other, a
    clock was set: the new ones alone count.

    The local clock must be one that is never set.
    """

    def __init__(self, drift_ppm: int = DRIFT_PPM) -> None:
        """Expect that the clocks drift apart by at most so many millionths."""
        self._drift_ppm = drift_ppm
        self._offset: int | None = None
        self._known: tuple[int, int] | None = None
        self._known_at = 0
        self._chosen_width = 0

    @property
    def offset(self) -> int | None:
        """What to add to the local clock; None before the first answer.

        It stays the same until it lies outside of the bounds, or they are half as wide
        as they were when it was chosen.
        """
        return self._offset

    def bounds(self, at: int) -> tuple[int, int] | None:
        """Return between what the offset lies at a local time; None: not known."""
        if self._known is None:
            return None
        low, high = self._known
        apart = self._drift(at - self._known_at)
        return low - apart, high + apart

    def observe(self, asked: int, answered: int, earliest: int, latest: int) -> None:
        """Take an answer into account.

        Args:
            asked: the local clock before the question.
            answered: the local clock after the answer.
            earliest: what the remote clock said.
            latest: what it may have shown at most, for it rounds down.
        """
        # The clocks drift during the round trip, too.
        apart = self._drift(answered - asked)
        low, high = earliest - answered - apart, latest - asked + apart
        known = self.bounds(answered)
        if known is not None and low <= known[1] and known[0] <= high:
            low, high = max(low, known[0]), min(high, known[1])
        self._known, self._known_at = (low, high), answered
        refuted = self._offset is None or not low <= self._offset <= high
        if refuted or (high - low) * _MORE_CERTAIN <= self._chosen_width:
            self._offset = (low + high) // 2
            self._chosen_width = high - low

    def _drift(self, elapsed: int) -> int:
        return -(-max(0, elapsed) * self._drift_ppm // 1_000_000)
