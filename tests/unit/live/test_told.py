"""What viewers were told counts only without gaps, in whatever order it arrived."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.live.told import Told


@pytest.fixture
def told():
    return Told(5)


def test_viewers_begin_with_the_revision_of_their_state(told):
    assert told.revision == 5


def test_the_next_revision_counts_at_once(told):
    told.hear(6)

    assert told.revision == 6


def test_a_revision_after_a_gap_does_not_count_until_the_gap_closes(told):
    told.hear(8)
    told.hear(7)
    assert told.revision == 5

    told.hear(6)
    assert told.revision == 8


@pytest.mark.parametrize("old", [0, 1, 4, 5])
def test_an_old_revision_changes_nothing(told, old):
    told.hear(old)
    told.hear(6)

    assert told.revision == 6


def test_a_whole_state_closes_every_gap_before_it(told):
    told.hear(7)
    told.hear(9)
    told.reach(8)

    assert told.revision == 9


def test_an_old_state_takes_nothing_back(told):
    told.reach(3)

    assert told.revision == 5


def test_a_repeated_revision_counts_once(told):
    for _ in range(3):
        told.hear(7)
    told.hear(6)

    assert told.revision == 7


@given(heard=st.lists(st.integers(0, 40)), begin=st.integers(0, 20))
def test_viewers_know_everything_up_to_the_first_revision_not_heard(heard, begin):
    told = Told(begin)
    for revision in heard:
        told.hear(revision)

    known = set(range(begin + 1)) | set(heard)
    assert told.revision == min(set(range(max(known) + 2)) - known) - 1


@given(
    messages=st.lists(
        st.tuples(st.sampled_from(["hear", "reach"]), st.integers(0, 30))
    ),
    order=st.randoms(),
)
def test_the_order_of_arrival_does_not_matter(messages, order):
    shuffled = messages.copy()
    order.shuffle(shuffled)

    assert _after(messages) == _after(shuffled)


@given(messages=st.permutations(range(1, 30)))
def test_when_everything_has_arrived_everything_is_known(messages):
    assert _after([("hear", revision) for revision in messages]) == 29


def _after(messages):
    told = Told(0)
    for verb, revision in messages:
        before = told.revision
        getattr(told, verb)(revision)
        assert told.revision >= before
    return told.revision


def test_news_in_order_is_told_at_once(told):
    assert told.take(6, "six") == ["six"]
    assert told.take(7, "seven") == ["seven"]
    assert told.revision == 7


def test_news_that_comes_too_early_waits_for_what_is_missing(told):
    assert told.take(8, "eight") == []
    assert told.take(7, "seven") == []
    assert told.waiting
    assert told.take(6, "six") == ["six", "seven", "eight"]
    assert not told.waiting


def test_news_is_given_up_waiting_for_in_order_and_the_gap_stays_known(told):
    told.take(9, "nine")
    told.take(7, "seven")

    assert told.release() == ["seven", "nine"]
    assert told.revision == 5
    assert told.take(10, "ten") == ["ten"]


def test_news_that_comes_too_late_is_told_all_the_same(told):
    told.take(8, "eight")
    told.release()

    assert told.take(6, "six") == ["six"]


def test_news_that_waits_is_told_before_a_state_that_is_newer(told):
    told.take(9, "nine")
    told.take(7, "seven")
    told.take(8, "eight")

    assert told.reach(8) == ["seven", "eight"]
    assert told.release() == ["nine"]


@given(st.permutations(list(range(1, 9))))
def test_every_order_of_arrival_becomes_the_order_of_revisions(arrivals):
    told, heard = Told(0), []
    for revision in arrivals:
        heard += told.take(revision, revision)

    assert heard == sorted(arrivals)
    assert told.revision == len(arrivals)


def test_the_stamp_of_the_newest_revision_is_known(told):
    told.hear(6, "six", "five")
    assert (told.newest, told.newest_stamp) == (6, "six")

    told.hear(8, "eight", "seven")
    assert (told.newest, told.newest_stamp) == (8, "eight")


def test_the_first_stamp_of_a_revision_counts_for_it_is_what_was_told(told):
    told.hear(6, "six", None)
    told.hear(6, "other", None)

    assert told.newest_stamp == "six"


@pytest.mark.parametrize("order", [(6, 7), (7, 6)])
def test_revisions_that_follow_each_other_by_their_stamps_are_one_sequence(order):
    told = Told(5, "five")
    marks = {6: ("six", "five"), 7: ("seven", "six")}
    for revision in order:
        told.hear(revision, *marks[revision])

    assert not told.astray


@pytest.mark.parametrize("order", [(6, 7), (7, 6)])
def test_a_revision_that_follows_another_than_was_told_leads_astray(order):
    told = Told(5, "five")
    marks = {6: ("six", "five"), 7: ("seven", "another six")}
    for revision in order:
        told.take(revision, revision, *marks[revision])

    assert told.astray


def test_a_stamp_that_nobody_told_leads_nobody_astray():
    told = Told(5, "five")
    told.hear(6)
    told.hear(7, "seven", "six")

    assert not told.astray


def test_a_whole_state_tells_its_stamp():
    told = Told(5, "five")
    told.reach(9, "nine")
    told.hear(10, "ten", "nine")

    assert (told.newest_stamp, told.astray) == ("ten", False)


def test_a_state_of_the_revision_that_was_told_tells_a_stamp_that_was_not_known(told):
    told.reach(5, "five")

    assert told.newest_stamp == "five"


def test_who_begins_anew_was_told_nothing_before_it():
    told = Told(5, "five")
    told.hear(6, "six", "another five")
    told.take(10**15, "odd")
    told.release()
    told.take(10**15 + 7, "odder")

    told.begin_anew(3, "three")

    assert (told.revision, told.newest, told.newest_stamp) == (3, 3, "three")
    assert not told.astray
    assert not told.waiting
    assert told.take(5, "early") == []
