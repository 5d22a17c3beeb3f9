"""The manager's rooms and what their clients are told."""

import engineio.socket
import gevent
import pytest
import socketio
from engineio.payload import Payload

from app.transport import deliveries, hardening, packets
from app.transport.broadcasts import Broadcast, LocalManager
from app.transport.deliveries import VIEWERS_BETWEEN_LOOKS

MANY = 4 * VIEWERS_BETWEEN_LOOKS
WAIT_SECONDS = 5


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> LocalManager:
    # `harden` changes these for the whole process.
    monkeypatch.setattr(engineio.socket, "Socket", engineio.socket.Socket)
    monkeypatch.setattr(Payload, "max_decode_packets", Payload.max_decode_packets)
    monkeypatch.setattr(deliveries, "SLICE_SECONDS", 0)
    made = LocalManager()
    server = socketio.Server(async_mode="gevent", client_manager=made, json=packets)
    hardening.harden(server, "a-1", MANY + 10)
    return made


@pytest.fixture
def hall(manager: LocalManager) -> list[str]:
    """The clients in a large room, in the order in which they came."""
    return [connect(manager, f"eio-{number}", "hall") for number in range(MANY)]


def connect(manager: LocalManager, eio_sid: str, room: str) -> str:
    engine = manager.server.eio
    engine.sockets[eio_sid] = engineio.socket.Socket(engine, eio_sid)
    sid: str = manager.connect(eio_sid, "/")
    manager.enter_room(sid, "/", room)
    return sid


def heard(manager: LocalManager, sid: str) -> list[str]:
    session = manager.server.eio.sockets[manager.eio_sid_from_sid(sid, "/")]
    return [parcel.encode()[1:] for parcel in session.poll()]


def finish(manager: LocalManager) -> None:
    with gevent.Timeout(WAIT_SECONDS):
        while manager._deliveries.under_way:
            gevent.sleep(0)


def test_a_client_that_changes_rooms_hears_the_old_ones_news_first(
    manager: LocalManager, hall: list[str]
):
    first, last = hall[0], hall[-1]
    manager.fan_out(Broadcast("hall", "said", {"number": 1}))

    for sid in (first, last):
        manager.leave_room(sid, "/", "hall")
        manager.enter_room(sid, "/", "foyer")
    manager.fan_out(Broadcast("foyer", "said", {"number": 2}))
    finish(manager)

    expected = ['2["said",{"number":1}]', '2["said",{"number":2}]']
    assert heard(manager, first) == heard(manager, last) == expected


def test_those_who_left_are_still_told_what_was_said_before(
    manager: LocalManager, hall: list[str]
):
    manager.fan_out(Broadcast("hall", "room-deleted", {}))
    for sid in hall:
        manager.leave_room(sid, "/", "hall")
    finish(manager)

    assert all(heard(manager, sid) == ['2["room-deleted",{}]'] for sid in hall)


def test_who_comes_while_the_room_is_told_is_told_what_is_said_afterwards(
    manager: LocalManager, hall: list[str]
):
    manager.fan_out(Broadcast("hall", "said", {"number": 1}))
    late = connect(manager, "late", "hall")
    manager.fan_out(Broadcast("hall", "said", {"number": 2}))
    finish(manager)

    assert heard(manager, late) == ['2["said",{"number":2}]']


def test_a_client_that_leaves_while_the_room_is_told_harms_nobody(
    manager: LocalManager, hall: list[str]
):
    manager.fan_out(Broadcast("hall", "said", {}))
    first = manager.eio_sid_from_sid(hall[0], "/")
    manager.server.eio.sockets[first].close(abort=True)
    finish(manager)

    assert all(heard(manager, sid) == ['2["said",{}]'] for sid in hall[1:])


def test_a_client_that_disconnects_is_in_no_room_any_more(manager: LocalManager):
    sid = connect(manager, "eio", "hall")
    manager.enter_room(sid, "/", "foyer")

    manager.pre_disconnect(sid, "/")
    manager.disconnect(sid, "/")

    assert manager.rooms == manager.pending_disconnect == {}
    assert manager._entered == {}


def test_a_client_that_leaves_its_rooms_is_remembered_in_none(manager: LocalManager):
    sid = connect(manager, "eio", "hall")
    for room in ("foyer", "hall"):
        manager.enter_room(sid, "/", room)

    for room in ("hall", "foyer", "unknown"):
        manager.leave_room(sid, "/", room)

    assert manager.get_rooms(sid, "/") == [sid]
    assert manager._entered == {}
