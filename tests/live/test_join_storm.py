"""A hall that joins at once costs the database one read for each revision."""

import pytest

from tests.live.show import Show, shown
from tests.support.room_reads import log_statements, room_reads
from tests.support.screen import Screen
from tests.support.server import Server

VIEWERS = 300


@pytest.fixture
def counting_postgres(private_postgres):
    """A database that logs its statements: the witness of what the server reads."""
    log_statements(private_postgres)
    return private_postgres


@pytest.fixture
def server(counting_postgres):
    with Server(counting_postgres.url) as server:
        yield server


def test_a_hall_that_joins_at_once_reads_the_room_about_once(
    counting_postgres, server, standard_clients
):
    show = Show(server.api(), server.api().create_room())
    before = room_reads(counting_postgres)

    hall = standard_clients(
        server, show.room, VIEWERS, transports=["websocket"], reconnection=False
    )
    states = hall.wait_for_all("room-state", timeout=30)

    read = room_reads(counting_postgres) - before
    print(f"{VIEWERS} viewers joined: {read} reads of the room")  # noqa: T201
    assert 1 <= read <= 3
    for state in states:
        assert shown(state.payload) == shown(show.state())


def test_a_change_amid_the_hall_costs_no_read_and_reaches_everybody(
    counting_postgres, server, standard_clients
):
    show = Show(server.api(), server.api().create_room())
    hall = standard_clients(
        server, show.room, VIEWERS, transports=["websocket"], reconnection=False
    )
    hall.wait_for_all("room-state", timeout=30)
    before = room_reads(counting_postgres)

    show.start("Opening")
    show.change("Keynote", title="Lecture")

    hall.wait_for_all("timer-update", lambda timer: timer["title"] == "Lecture")
    assert room_reads(counting_postgres) == before
    screens = [Screen() for _ in range(VIEWERS)]
    for event in hall.events():
        screens[event.viewer].apply(event.name, event.payload)
    after = shown(show.state())
    for screen in screens:
        assert shown(screen.state()) == after
