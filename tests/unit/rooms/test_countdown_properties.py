"""Any history of commands agrees with a stop-watch that ticks each millisecond away."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.clock import Instant, Millis
from app.errors import InvalidTransition, TimerActive
from app.rooms import countdown
from app.rooms.countdown import MAX_DURATION, MIN_DURATION, Status

durations = st.integers(MIN_DURATION, MAX_DURATION).map(Millis)
lapses = st.integers(0, 2 * MIN_DURATION) | st.integers(0, 2 * MAX_DURATION)
instants = st.integers(0, 4_000_000_000_000).map(Instant)


class StopWatch:
    """An hourglass: it holds what is left, and loses it while it is turned on.

    Knows nothing of instants, so that it cannot share a mistake with the countdown.
    """

    def __init__(self, duration):
        self.duration = duration
        self.left = duration
        self.status = "idle"

    def advance(self, lapse):
        if self.status == "running":
            self.left = max(0, self.left - lapse)
            if self.left == 0:
                self.status = "finished"

    def start(self):
        if self.status == "finished":
            self.left = self.duration
        self.status = "running"

    def pause(self):
        if self.status not in ("running", "paused"):
            return False
        self.status = "paused"
        return True

    def reset(self):
        self.left = self.duration
        self.status = "idle"

    def resize(self, duration):
        if duration == self.duration:
            return True
        if self.status in ("running", "paused"):
            return False
        self.duration = duration
        if self.status == "idle":
            self.left = duration
        return True


class CountdownBesideAStopWatch(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.now = Instant(1_800_000_000_000)
        self.countdown = countdown.fresh(Millis(5_000))
        self.watch = StopWatch(5_000)

    @rule(lapse=lapses)
    def time_passes(self, lapse):
        self.now = Instant(self.now + lapse)
        self.watch.advance(lapse)
        self.countdown = countdown.finish(self.countdown, self.now)

    @rule()
    def start(self):
        self.countdown = countdown.start(self.countdown, self.now)
        self.watch.start()

    @rule()
    def pause(self):
        try:
            self.countdown = countdown.pause(self.countdown, self.now)
            done = True
        except InvalidTransition:
            done = False
        assert done == self.watch.pause()

    @rule()
    def reset(self):
        self.countdown = countdown.reset(self.countdown)
        self.watch.reset()

    @rule(duration=durations)
    def resize(self, duration):
        try:
            self.countdown = countdown.resize(self.countdown, duration)
            done = True
        except TimerActive:
            done = False
        assert done == self.watch.resize(duration)

    @invariant()
    def they_agree(self):
        assert self.countdown.status == self.watch.status
        assert self.countdown.duration == self.watch.duration
        assert countdown.remaining_at(self.countdown, self.now) == self.watch.left

    @invariant()
    def only_what_runs_or_is_over_has_an_end(self):
        ends = self.countdown.status in (Status.RUNNING, Status.FINISHED)
        assert (self.countdown.ends_at is not None) == ends

    @invariant()
    def only_what_is_idle_was_not_started(self):
        idle = self.countdown.status is Status.IDLE
        assert (self.countdown.started_at is None) == idle


CountdownBesideAStopWatch.TestCase.settings = settings(
    max_examples=200, stateful_step_count=30
)
TestCountdownBesideAStopWatch = CountdownBesideAStopWatch.TestCase


@given(
    duration=durations,
    begin=instants,
    halts=st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 10**9))),
)
def test_pausing_any_number_of_times_neither_gains_nor_loses_a_millisecond(
    duration, begin, halts
):
    now, ran, state = begin, 0, countdown.start(countdown.fresh(duration), begin)
    for running, resting in halts:
        if ran + running >= duration:
            break
        ran += running
        state = countdown.pause(state, Instant(now + running))
        now = Instant(now + running + resting)
        state = countdown.start(state, now)

    assert state.ends_at == now + duration - ran
    assert state.duration == duration


@given(duration=durations, now=instants, lapses=st.lists(lapses))
def test_a_reset_forgets_every_history(duration, now, lapses):
    state = countdown.fresh(duration)
    for lapse in lapses:
        now = Instant(now + lapse)
        state = countdown.start(countdown.finish(state, now), now)

    assert countdown.reset(state) == countdown.fresh(duration)


@given(duration=durations, now=instants, lapse=lapses)
def test_finishing_twice_is_finishing_once(duration, now, lapse):
    running = countdown.start(countdown.fresh(duration), now)
    once = countdown.finish(running, Instant(now + lapse))

    assert countdown.finish(once, Instant(now + 2 * lapse)) == countdown.finish(
        running, Instant(now + 2 * lapse)
    )
