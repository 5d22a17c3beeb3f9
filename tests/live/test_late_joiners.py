"""Who comes late, or in the middle of commands, sees what everybody sees."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live.show import Show, shown, wait_until_shown
from tests.support.screen import Screen

# So many commands of each kind, however slow they are.
LEAST = 25


@pytest.fixture
def show(operator, room):
    return Show(operator, room)


def test_a_late_joiner_sees_what_those_see_who_were_there(show, watch):
    early = watch(show.room)
    show.start("Opening")
    show.pause("Keynote")
    show.delete("Panel")
    show.reverse()
    show.choose("Keynote")
    wait_until_shown(early, show.state())

    late = watch(show.room)

    assert shown(late.state()) == shown(early.state())


def test_a_late_joiner_sees_the_same_finished_timer(show, watch):
    early = watch(show.room)
    show.start("Greeting")
    finished = early.wait_for("timer-finished").payload

    late = watch(show.room)

    timer = late.wait_for("room-state").payload["timers"][3]
    assert timer.items() <= finished.items()
    assert shown(late.state()) == shown(early.state())


def test_joining_amid_commands_loses_nothing(live_server, show, viewer_factory):
    over = threading.Event()

    def command_all_the_time():
        api, number = live_server.api(), 0
        while not over.is_set() or number < LEAST:
            number += 1
            api.update_timer(show.room, show.timers["Keynote"], title=f"No. {number}")
            api.update_room(show.room, name=f"Hall {number}")

    def join(_):
        return viewer_factory(live_server, show.room, transports=["websocket"])

    with ThreadPoolExecutor(5) as pool:
        commands = pool.submit(command_all_the_time)
        viewers = list(pool.map(join, range(40)))
        over.set()
        commands.result()

    final = show.state()
    assert final["revision"] > 2 * LEAST
    for viewer in viewers:
        wait_until_shown(viewer, final)
        assert_no_gap_after_the_first_state(viewer)


def assert_no_gap_after_the_first_state(viewer):
    screen, expected = Screen(), None
    for event in viewer.events():
        screen.apply(event.name, event.payload)
        if event.name == "room-state":
            expected = screen.revision
        elif event.name in ("room-update", "timer-update") and expected is not None:
            assert event.payload["revision"] <= expected + 1
            expected = max(expected, event.payload["revision"])


def test_a_viewer_that_comes_back_sees_what_it_missed(show, watch):
    viewer = watch(show.room, reconnection_delay=0.05, reconnection_delay_max=0.05)

    viewer.client.eio.ws.close()
    viewer.wait_for("disconnect")
    show.delete("Panel")
    show.start("Opening")

    wait_until_shown(viewer, show.state())
