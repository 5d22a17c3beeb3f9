"""How often each key was counted, in a window that begins with its first hit."""

from hypothesis import given
from hypothesis import strategies as st

from app.auth.window_counts import WindowCounts

ENOUGH = 1_000_000


def counts_of(*keys, maximum=ENOUGH):
    counts = WindowCounts(maximum)
    for key in keys:
        counts.add(key, 1, 10, now=100)
    return counts


def test_hits_are_counted_exactly_until_the_window_ends():
    counts = WindowCounts(ENOUGH)

    assert [counts.add("a", 1, 10, now) for now in (100, 100, 105, 109.9)] == [
        1,
        2,
        3,
        4,
    ]
    assert counts.total("a", 109.9) == 4
    assert counts.total("a", 110) == 0
    assert counts.add("a", 1, 10, 110) == 1


def test_a_hit_may_weigh_more_than_one():
    assert WindowCounts(ENOUGH).add("a", 3, 10, 100) == 3


def test_a_window_says_how_long_it_lasts():
    counts = counts_of("a")

    assert counts.left("a", 104) == 6
    assert counts.left("a", 110) == 0
    assert counts.left("b", 104) == 0


def test_keys_are_counted_apart():
    assert counts_of("a", "a", "b").total("b", 100) == 1


def test_what_was_counted_is_told_once():
    counts = counts_of("a", "b", "a")

    shares = counts.take_shares(104)

    assert [(share.key, share.hits, share.left) for share in shares] == [
        ("a", 2, 6),
        ("b", 1, 6),
    ]
    assert counts.take_shares(104) == []
    counts.add("b", 1, 10, 105)
    assert [(share.key, share.hits) for share in counts.take_shares(105)] == [("b", 2)]


def test_nobody_is_told_of_a_window_that_ended():
    assert counts_of("a").take_shares(110) == []


def test_what_could_not_be_told_is_told_again_with_what_came_since():
    counts = counts_of("a", "b", maximum=ENOUGH)
    shares = counts.take_shares(100)
    counts.add("a", 1, 10, 101)
    counts.forget("b")

    counts.put_back(shares)

    assert [(share.key, share.hits) for share in counts.take_shares(102)] == [("a", 2)]


def test_the_hits_of_others_count_and_so_do_those_that_came_meanwhile():
    counts = counts_of("a")
    (share,) = counts.take_shares(101)
    counts.add("a", 1, 10, 101.5)

    counts.settle(share, total=7, left=9, now=102)

    assert counts.total("a", 102) == 8
    assert counts.add("a", 1, 10, 102) == 9


def test_a_window_ends_with_the_first_worker_s_and_never_later():
    counts = counts_of("a")
    (share,) = counts.take_shares(101)

    counts.settle(share, total=7, left=3, now=102)
    assert counts.left("a", 102) == 3
    counts.settle(share, total=7, left=60, now=102)
    assert counts.left("a", 102) == 3


def test_what_is_told_of_an_ended_window_does_not_count_in_the_next():
    counts = counts_of("a")
    (share,) = counts.take_shares(101)
    counts.add("a", 1, 10, 111)

    counts.settle(share, total=50, left=1, now=111)

    assert counts.total("a", 111) == 1
    assert counts.left("a", 111) == 10


def test_each_window_of_a_key_has_another_number():
    counts = counts_of("a")
    first = counts.take_shares(100)
    counts.forget("a")
    counts.add("a", 1, 10, 100)

    assert first[0].window != counts.take_shares(100)[0].window


@given(st.lists(st.text(max_size=300), unique=True, min_size=1))
def test_however_many_keys_come_they_take_no_more_memory_than_they_may(keys):
    counts = counts_of(*keys, maximum=4_000)

    assert counts.size <= 4_000
    assert counts.total(keys[-1], 100) == 1
    assert {share.key for share in counts.take_shares(100)} <= set(keys)


def test_who_asks_all_the_time_is_remembered_although_a_crowd_comes():
    counts = WindowCounts(10_000)
    totals = []
    for number in range(1_000):
        counts.add(f"stranger {number}", 1, 10, 100)
        totals.append(counts.add("regular", 1, 10, 100))

    assert totals[-1] == 1_000


def test_windows_that_ended_leave_when_others_begin():
    counts = counts_of(*(str(number) for number in range(50)))
    assert len(counts) == 50

    counts.add("a", 1, 10, 120)

    assert len(counts) == 1


def test_all_can_be_forgotten():
    counts = counts_of("a", "b")

    assert counts.clear() == 2
    assert (len(counts), counts.size, counts.take_shares(100)) == (0, 0, [])
