"""What a worker has heard of a room gives way to the database, and to nothing older."""

import uuid

import pytest

from app.live.broadcast import Broadcaster, Known
from app.live.presence import LocalViewers
from app.live.state import RoomState, RoomStates
from app.transport.broadcasts import Broadcast, LocalManager
from app.transport.packets import Encoded

ROOM = uuid.uuid4()


def known(newest, stamp="aaaaaa", *, astray=False):
    return Known(newest, newest, stamp, astray, taken=0)


@pytest.mark.parametrize(
    ("heard", "revision", "stamp"),
    [
        (known(5), 4, "aaaaaa"),
        (known(5), 5, "bbbbbb"),
        (known(10**15), 5, "aaaaaa"),
        (known(5, astray=True), 7, "bbbbbb"),
    ],
)
def test_what_was_heard_is_beyond_a_database_that_lost_it(heard, revision, stamp):
    assert heard.is_beyond(revision, stamp)


@pytest.mark.parametrize(
    ("heard", "revision", "stamp"),
    [
        (known(5), 5, "aaaaaa"),
        (known(5), 6, "bbbbbb"),
        (known(5, None), 5, "bbbbbb"),
        (known(0, None), 1, "aaaaaa"),
    ],
)
def test_what_was_heard_is_not_beyond_a_database_that_has_it(heard, revision, stamp):
    assert not heard.is_beyond(revision, stamp)


@pytest.fixture
def broadcaster():
    return Broadcaster(
        LocalManager(), LocalViewers(), RoomStates(), lambda _event, _receivers: None
    )


def hear(broadcaster, revision, stamp):
    payload = {"revision": revision}
    broadcaster.deliver(
        Broadcast(str(ROOM), "timer-update", payload, aside={"stamp": stamp})
    )


def state_at(revision):
    return RoomState(ROOM, "token", revision, "stored", Encoded("{}"))


def test_what_was_heard_counts_for_nothing_once_the_database_is_believed(broadcaster):
    hear(broadcaster, 10**15, "forged")

    assert broadcaster.go_back(state_at(3), broadcaster.known(str(ROOM)))

    after = broadcaster.known(str(ROOM))
    assert (after.newest, after.stamp) == (3, "stored")


def test_a_state_that_news_has_overtaken_is_not_gone_back_to(broadcaster):
    hear(broadcaster, 5, "five")
    before = broadcaster.known(str(ROOM))
    hear(broadcaster, 6, "six")

    assert not broadcaster.go_back(state_at(3), before)

    assert broadcaster.known(str(ROOM)).newest == 6


def test_the_newest_stamp_of_a_room_that_nobody_watches_is_the_one_heard_last(
    broadcaster,
):
    hear(broadcaster, 5, "lost")
    hear(broadcaster, 5, "again")
    hear(broadcaster, 4, "late")

    heard = broadcaster.known(str(ROOM))
    assert (heard.newest, heard.stamp) == (5, "again")
