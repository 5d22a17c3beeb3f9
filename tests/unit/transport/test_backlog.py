"""What waits for clients: in order, bounded for each and for the worker."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transport import parcels
from app.transport.backlog import MAX_BYTES, PARCEL_BYTES, Backlog, Ledger
from app.transport.parcels import Parcel

STATE = b"s" * 3 * MAX_BYTES
COVERED = frozenset(("state", "update"))


def never() -> None:
    raise AssertionError("cut off")


def state(number: int) -> Parcel:
    """A state, of which all that is large is shared."""
    head = f"state {number} ".encode()
    return parcels.text(head, STATE, event="state", covers=COVERED)


def update(event: str = "update", size: int = 1000) -> Parcel:
    return parcels.text(b"u" * size, event=event)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def backlog(ledger: Ledger) -> Backlog:
    return Backlog(ledger, never)


def waiting(backlog: Backlog) -> bytes:
    return b"".join(backlog.buffers())


@given(
    st.lists(st.lists(st.binary(max_size=5), min_size=1, max_size=3), max_size=8),
    st.integers(1, 7),
)
def test_what_is_taken_in_whatever_pieces_comes_in_order(
    payloads: list[list[bytes]], at_once: int
):
    ledger = Ledger()
    backlog = Backlog(ledger, never)
    sent = b""
    for pieces in payloads:
        backlog.add(parcel := parcels.text(*pieces))
        sent += b"".join(parcel.pieces)

    got = b""
    while backlog:
        taken = waiting(backlog)[:at_once]
        got += taken
        backlog.took(len(taken))

    assert got == sent
    assert ledger.size == backlog.size == 0


def test_what_was_sent_already_is_not_sent_again(backlog: Backlog):
    backlog.add(parcel := parcels.text(b"hello"), sent=4)

    assert waiting(backlog) == b"".join(parcel.pieces)[4:]


def test_what_waits_behind_what_is_on_its_way_is_bounded(backlog: Backlog):
    assert backlog.add(update(size=10 * MAX_BYTES))
    assert backlog.add(update(size=MAX_BYTES // 2))
    assert not backlog.add(update(size=MAX_BYTES // 2))


def test_small_things_count_for_what_they_take(backlog: Backlog):
    fits = [backlog.add(update(size=0)) for _ in range(MAX_BYTES // PARCEL_BYTES + 1)]

    assert fits.count(False) > 0


def test_one_state_may_wait_whatever_its_size(backlog: Backlog):
    assert backlog.add(update())
    assert backlog.add(state(1))
    assert backlog.add(update(size=MAX_BYTES // 2))


def test_a_newer_state_takes_the_place_of_the_one_that_waits(backlog: Backlog):
    backlog.add(update())
    for number in range(10):
        assert backlog.add(state(number))

    assert [each.event for each in backlog.take()] == ["update", "state"]
    assert backlog.size < len(STATE) + MAX_BYTES


def test_a_state_that_is_on_its_way_stays(backlog: Backlog):
    backlog.add(first := state(1), sent=1)
    backlog.add(state(2))
    backlog.add(newest := state(3))

    assert waiting(backlog) == b"".join((*first.pieces, *newest.pieces))[1:]


def test_where_there_is_too_much_what_a_state_covers_is_dropped(backlog: Backlog):
    for event in ("update", "bell", "update"):
        assert backlog.add(update(event, MAX_BYTES // 3))
    assert backlog.add(state(1))
    assert backlog.add(update(size=MAX_BYTES // 3))
    assert backlog.add(update(size=MAX_BYTES // 3))

    left = [each.event for each in backlog.take()]
    assert left == ["bell", "state", "update", "update"]


def test_what_is_taken_counts_until_it_is_done(backlog: Backlog, ledger: Ledger):
    backlog.add(update())
    backlog.take()
    assert ledger.size > 1000
    assert not backlog

    backlog.add(update())
    backlog.done()
    assert backlog
    backlog.take()
    backlog.done()

    assert ledger.size == backlog.size == 0


def test_what_many_wait_for_counts_once(ledger: Ledger):
    backlogs = [Backlog(ledger, never) for _ in range(100)]
    for number, backlog in enumerate(backlogs):
        backlog.add(state(number))

    assert ledger.size < len(STATE) + 100 * 2 * PARCEL_BYTES
    for backlog in backlogs:
        backlog.clear()
    assert ledger.size == 0


@pytest.fixture
def crowd() -> Callable[[Ledger, int], list[Backlog]]:
    """Makes backlogs that are cleared when they are cut off."""

    def make(ledger: Ledger, count: int) -> list[Backlog]:
        backlogs: list[Backlog] = []
        for _ in range(count):
            backlog = Backlog(ledger, never)
            backlog.cut_off = backlog.clear
            backlogs.append(backlog)
        return backlogs

    return make


def test_where_a_worker_holds_too_much_who_has_most_to_himself_goes_first(
    crowd: Callable[[Ledger, int], list[Backlog]],
):
    ledger = Ledger(maximum=4 * len(STATE))
    *sharing, small, large = crowd(ledger, 12)
    for number, backlog in enumerate(sharing):
        backlog.add(state(number))
    small.add(update(size=len(STATE) // 2))
    ledger.relieve()
    assert small

    large.add(update(size=3 * len(STATE)))
    ledger.relieve()

    assert not large
    assert small
    assert all(sharing)


def test_a_worker_goes_well_below_its_bound_before_it_stops(
    crowd: Callable[[Ledger, int], list[Backlog]],
):
    ledger = Ledger(maximum=100_000)
    backlogs = crowd(ledger, 200)
    sizes = []
    for backlog in backlogs:
        backlog.add(update())
        ledger.relieve()
        sizes.append(ledger.size)

    assert max(sizes) <= 100_000
    assert sum(later < before for before, later in pairwise(sizes)) < 20


def test_where_nothing_may_wait_nobody_is_spared(
    crowd: Callable[[Ledger, int], list[Backlog]],
):
    ledger = Ledger(maximum=0)
    backlogs = crowd(ledger, 3)
    for backlog in backlogs:
        backlog.add(update())

    ledger.relieve()

    assert not any(backlogs)
    assert ledger.size == 0
