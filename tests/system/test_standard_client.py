"""The standard JavaScript client connects, joins and gets every event."""

import pytest

from tests.live.show import Show, shown
from tests.support.screen import Screen
from tests.support.waiting import wait_until
from tests.system.workers import socket_stats

EVENTS = {
    "room-state",
    "room-update",
    "room-deleted",
    "timer-created",
    "timer-update",
    "timer-deleted",
    "timer-finished",
    "user-count",
}
VIEWERS = 20


def play(api, room):
    """Do everything that viewers are told of, and return the state before the end."""
    show = Show(api, room)
    show.start("Opening")
    show.delete("Panel")
    show.reverse()
    api.update_room(room, name="Foyer")
    show.start("Greeting")
    return show


def assert_all_see_the_show(hall, api, room):
    hall.wait_for_all("joined", lambda answer: answer["ok"])
    hall.wait_for_all("room-state")
    show = play(api, room)
    hall.wait_for_all("timer-finished")
    hall.wait_for_all("user-count", lambda payload: payload["count"] == VIEWERS)
    final = shown(show.state())
    api.delete_room(room)
    hall.wait_for_all("room-deleted")
    screens = [Screen() for _ in range(VIEWERS)]
    names = [set() for _ in range(VIEWERS)]
    for event in hall.events():
        screens[event.viewer].apply(event.name, event.payload)
        names[event.viewer].add(event.name)
    assert all(shown(screen.state()) == final for screen in screens)
    assert all(seen >= EVENTS for seen in names)
    assert hall.events("connect_error") == hall.events("error") == []


def test_over_websocket_on_four_workers(cluster, operator, room, standard_clients):
    hall = standard_clients(cluster, room, VIEWERS, transports=["websocket"])

    assert_all_see_the_show(hall, operator, room)


@pytest.mark.parametrize(
    "transports", [None, ["polling"]], ids=["as by default", "polling"]
)
def test_with_other_transports_on_one_worker(
    single, connect, standard_clients, transports
):
    api = connect(single)
    room = api.create_room()

    hall = standard_clients(single, room, VIEWERS, transports=transports)

    if transports is None:
        hall.wait_for_all("upgrade")
    assert_all_see_the_show(hall, api, room)


def test_stats_tell_on_which_worker_the_viewers_are(
    cluster, operator, room, standard_clients
):
    hall = standard_clients(cluster, room, 40, transports=["websocket"])

    hall.wait_for_all("user-count", lambda payload: payload["count"] == 40)

    def stats():
        # A worker counts about a second late; viewers of other tests are leaving.
        found = socket_stats(operator)
        alone = found["viewers"]["byRoom"] == {room.id: found["connections"]}
        return found if alone and found["connections"] == 40 else None

    counted = wait_until(stats, "everybody is counted, and nobody else", 20)
    assert sum(counted["viewers"]["byWorker"].values()) == 40
