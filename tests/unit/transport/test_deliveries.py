"""Deliveries: a large room is told in slices."""

import socket
from collections.abc import Iterator

import gevent
import pytest
from gevent import get_hub

from app.transport import deliveries
from app.transport.deliveries import VIEWERS_BETWEEN_LOOKS, Deliveries, Delivery
from app.transport.parcels import Parcel

MANY = 10 * VIEWERS_BETWEEN_LOOKS
WAIT_SECONDS = 5


class Viewer:
    """Takes what it is sent."""

    def __init__(self) -> None:
        self.got: list[bytes] = []

    def send_parcel(self, parcel: Parcel) -> None:
        self.got.append(b"".join(parcel.pieces))


class OddViewer(Viewer):
    """Cannot be told anything."""

    def send_parcel(self, parcel: Parcel) -> None:
        raise RuntimeError


@pytest.fixture
def under_way(monkeypatch: pytest.MonkeyPatch) -> Deliveries:
    # Each slice ends when the clock is looked at for the first time.
    monkeypatch.setattr(deliveries, "SLICE_SECONDS", 0)
    return Deliveries()


@pytest.fixture
def hall() -> list[Viewer]:
    return [Viewer() for _ in range(MANY)]


def news(*frames: bytes) -> deliveries.News:
    return [Parcel((frame,), ()) for frame in frames]


def finish(under_way: Deliveries) -> None:
    with gevent.Timeout(WAIT_SECONDS):
        while under_way.under_way:
            gevent.sleep(0)


def told(hall: list[Viewer]) -> int:
    return sum(bool(viewer.got) for viewer in hall)


def test_a_small_room_is_told_at_once(under_way: Deliveries):
    few = [Viewer() for _ in range(VIEWERS_BETWEEN_LOOKS)]

    under_way.begin("hall", Delivery(news(b"1", b"2"), list(few)))

    assert all(viewer.got == [b"1", b"2"] for viewer in few)
    assert not under_way.under_way


def test_who_broadcasts_to_a_large_room_does_the_first_slice_only(
    under_way: Deliveries, hall: list[Viewer]
):
    under_way.begin("hall", Delivery(news(b"1"), list(hall)))

    assert told(hall) == VIEWERS_BETWEEN_LOOKS
    finish(under_way)
    assert told(hall) == MANY


def test_every_viewer_hears_everything_once_and_in_order(
    under_way: Deliveries, hall: list[Viewer]
):
    for number in range(10):
        frames = news(b"%d" % number, b"%d too" % number)
        under_way.begin("hall", Delivery(frames, list(hall)))
        gevent.sleep(1e-6)
    finish(under_way)

    expected = [b"%d%s" % (at, end) for at in range(10) for end in (b"", b" too")]
    assert all(viewer.got == expected for viewer in hall)


def test_a_small_room_does_not_wait_for_a_large_one(
    under_way: Deliveries, hall: list[Viewer]
):
    viewer = Viewer()

    under_way.begin("hall", Delivery(news(b"1"), list(hall)))
    under_way.begin("foyer", Delivery(news(b"2"), [viewer]))

    assert viewer.got == [b"2"]
    assert told(hall) < MANY


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_the_loop_looks_at_its_sockets_between_two_slices(
    under_way: Deliveries, hall: list[Viewer], pair: tuple[socket.socket, socket.socket]
):
    told_before = []
    watcher = get_hub().loop.io(pair[0].fileno(), 1)

    def note() -> None:
        told_before.append(told(hall))
        watcher.stop()

    watcher.start(note)
    pair[1].send(b"x")

    under_way.begin("hall", Delivery(news(b"1"), list(hall)))
    finish(under_way)

    watcher.close()
    assert told_before[0] <= 3 * VIEWERS_BETWEEN_LOOKS


def test_a_viewer_is_told_before_its_turn_and_not_again(
    under_way: Deliveries, hall: list[Viewer]
):
    first, last = hall[0], hall[-1]
    under_way.begin("hall", Delivery(news(b"1"), list(hall)))
    under_way.begin("hall", Delivery(news(b"2"), list(hall)))

    for viewer in (first, last, None):
        under_way.hasten(viewer)
    assert first.got == last.got == [b"1", b"2"]

    finish(under_way)
    assert all(viewer.got == [b"1", b"2"] for viewer in hall)


def test_what_waits_is_bounded_and_stays_in_order(
    under_way: Deliveries, hall: list[Viewer]
):
    for number in range(3 * deliveries.MAX_WAITING):
        under_way.begin("hall", Delivery(news(b"%d" % number), list(hall)))

    least = 2 * deliveries.MAX_WAITING
    assert all(len(viewer.got) >= least for viewer in hall)
    finish(under_way)
    expected = [b"%d" % number for number in range(3 * deliveries.MAX_WAITING)]
    assert all(viewer.got == expected for viewer in hall)


def test_one_odd_viewer_keeps_nobody_waiting(under_way: Deliveries, hall: list[Viewer]):
    odd: list[Viewer] = [OddViewer(), OddViewer()]

    under_way.begin("hall", Delivery(news(b"1", b"2"), [odd[0], *hall, odd[1]]))
    finish(under_way)

    assert all(viewer.got == [b"1", b"2"] for viewer in hall)
