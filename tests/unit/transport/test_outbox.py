"""What waits to be published."""

from hypothesis import given
from hypothesis import strategies as st

from app.transport.publishing import Outbox


def texts(outbox: Outbox, now: float = 0) -> list[str]:
    return [waiting.text for waiting in iter(lambda: outbox.take(now), None)]


@given(st.lists(st.text()), st.integers(1, 20))
def test_the_newest_are_kept_in_order_and_the_others_counted(
    puts: list[str], maximum: int
):
    outbox = Outbox(maximum)
    for text in puts:
        outbox.put(text, 0)

    assert outbox.dropped == max(0, len(puts) - maximum)
    assert texts(outbox) == puts[-maximum:]


def test_what_waited_too_long_is_dropped_and_counted():
    outbox = Outbox(stale=2)
    outbox.put("old", 10)
    outbox.put("new", 11.5)

    assert texts(outbox, now=12.5) == ["new"]
    assert outbox.dropped == 1


def test_what_could_not_be_sent_comes_first_again():
    outbox = Outbox()
    outbox.put("first", 0)
    outbox.put("second", 0)
    taken = outbox.take(0)
    assert taken is not None

    outbox.put_back([taken])

    assert texts(outbox) == ["first", "second"]


def test_what_could_not_be_sent_goes_when_the_outbox_is_full_of_newer():
    outbox = Outbox(maximum=1)
    outbox.put("first", 0)
    taken = outbox.take(0)
    assert taken is not None
    outbox.put("second", 0)

    outbox.put_back([taken])

    assert texts(outbox) == ["second"]
    assert outbox.dropped == 1
