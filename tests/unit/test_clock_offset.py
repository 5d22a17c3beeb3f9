"""An offset between two clocks, estimated from answers of any slowness."""

from hypothesis import given
from hypothesis import strategies as st

from app.clock_offset import DRIFT_PPM, OffsetEstimate

MS = 1_000_000
SECOND = 1_000 * MS
# Clocks of two machines: one counts since the epoch, the other since its start.
offsets = st.integers(-(10**18), 2 * 10**18)
# How long the way there and the way back take, in ns: as unequal as can be.
ways = st.tuples(st.integers(1, 2 * SECOND), st.integers(1, 2 * SECOND))
pauses = st.integers(0, 10 * SECOND)


class Clocks:
    """A local clock, and a remote one that is asked for whole milliseconds."""

    def __init__(self, offset, drift_ppm=0):
        self.local = 5 * SECOND
        self._begun = self.local
        self._offset = offset
        self._drift_ppm = drift_ppm

    @property
    def offset(self):
        return self._offset + (self.local - self._begun) * self._drift_ppm // 1_000_000

    def set_remote(self, by):
        self._offset += by

    def ask(self, estimate, there=MS // 10, back=MS // 10):
        """Ask the remote clock, and let the estimate have its answer."""
        asked = self.local
        self.local += there
        said = (self.local + self.offset) // MS * MS
        self.local += back
        estimate.observe(asked, self.local, said, said + MS)


def test_nothing_is_known_before_the_first_answer():
    estimate = OffsetEstimate()

    assert estimate.offset is None
    assert estimate.bounds(0) is None


@given(offset=offsets, way=ways)
def test_one_answer_is_right_to_half_its_round_trip_and_its_rounding(offset, way):
    clocks, estimate = Clocks(offset), OffsetEstimate()

    clocks.ask(estimate, *way)

    assert abs(estimate.offset - offset) <= (sum(way) + MS) / 2 + 1


@given(
    offset=offsets,
    drift=st.integers(-DRIFT_PPM + 1, DRIFT_PPM - 1),
    answers=st.lists(st.tuples(ways, pauses), min_size=1),
)
def test_the_true_offset_is_always_within_the_bounds(offset, drift, answers):
    clocks, estimate = Clocks(offset, drift), OffsetEstimate()

    for way, pause in answers:
        clocks.ask(estimate, *way)
        low, high = estimate.bounds(clocks.local)
        # A clock that has drifted is rounded down to whole ns.
        assert low - 1 <= clocks.offset <= high + 1
        assert low <= estimate.offset <= high
        clocks.local += pause


@given(offset=offsets, way=ways, pause=pauses)
def test_a_slow_answer_moves_nothing(offset, way, pause):
    clocks, estimate = Clocks(offset), OffsetEstimate()
    clocks.ask(estimate)
    known = estimate.offset
    clocks.local += pause

    clocks.ask(estimate, 100 * MS + way[0], 100 * MS + way[1])

    assert estimate.offset == known


@given(offset=offsets, way=ways)
def test_a_quick_answer_makes_up_for_a_slow_one(offset, way):
    clocks, estimate = Clocks(offset), OffsetEstimate()
    clocks.ask(estimate, 100 * MS + way[0], way[1])

    clocks.ask(estimate)

    assert abs(estimate.offset - offset) <= MS


@given(offset=offsets, looks=st.lists(st.integers(0, 2 * SECOND), min_size=30))
def test_the_estimate_comes_to_rest(offset, looks):
    clocks, estimate = Clocks(offset), OffsetEstimate()
    told = set()

    for pause in looks:
        clocks.ask(estimate)
        told.add(estimate.offset)
        clocks.local += pause

    # Each other one was twice as certain, or lay outside of what became known.
    assert len(told) <= 5
    assert abs(estimate.offset - offset) <= MS


@given(
    offset=offsets,
    step=st.integers(10 * MS, 10**18).flatmap(lambda by: st.sampled_from((by, -by))),
    looks=st.integers(1, 20),
)
def test_a_clock_that_was_set_counts_from_the_next_answer(offset, step, looks):
    clocks, estimate = Clocks(offset), OffsetEstimate()
    for _ in range(looks):
        clocks.ask(estimate)
        clocks.local += SECOND

    clocks.set_remote(step)
    clocks.ask(estimate)

    assert abs(estimate.offset - (offset + step)) <= MS


def test_what_is_known_becomes_less_certain_with_time():
    clocks, estimate = Clocks(0), OffsetEstimate()
    clocks.ask(estimate)
    low, high = estimate.bounds(clocks.local)

    later = estimate.bounds(clocks.local + SECOND)

    assert later == (low - DRIFT_PPM * 1_000, high + DRIFT_PPM * 1_000)


def test_a_clock_that_drifts_is_followed():
    clocks, estimate = Clocks(0, DRIFT_PPM - 1), OffsetEstimate()

    for _ in range(1_000):
        clocks.ask(estimate)
        assert abs(estimate.offset - clocks.offset) <= 2 * MS
        clocks.local += 2 * SECOND

    assert clocks.offset > 190 * MS
