"""Whatever operators do one after another, every screen ends where the database is."""

import contextlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.live.show import COMMANDS, Show, after_events, shown, wait_until_shown
from tests.support.api import Api
from tests.support.responses import RefusedError
from tests.support.viewers import Viewer

sequences = st.lists(
    st.sampled_from([*COMMANDS, "start the greeting", "undo"]), min_size=5, max_size=25
)


@settings(
    max_examples=20,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(sequence=sequences)
def test_any_sequence_of_commands_converges(live_server, operator, sequence):
    show = Show(operator, operator.create_room())
    with Viewer(live_server.base_url, transports=["websocket"]) as viewer:
        viewer.join(show.room.share_token)
        before = viewer.wait_for("room-state").payload
        since = len(viewer.recording)

        for name in sequence:
            command(show, name)

        after = show.state()
        wait_until_shown(viewer, after)
        assert after_events(before, viewer.events(since=since)) == shown(after)
        assert not screen_went_back(before, viewer.events(since=since))


def command(show: Show, name: str) -> None:
    # What was deleted, runs or rests already is refused: that is part of the sequence.
    with contextlib.suppress(RefusedError):
        if name == "start the greeting":
            show.start("Greeting")
        elif name == "undo":
            show.undo()
        else:
            COMMANDS[name](show)


def screen_went_back(before, events):
    seen = [before["revision"], *(event.payload["revision"] for event in events)]
    return seen != sorted(seen)


def test_two_operators_at_once_converge_too(live_server, operator, watch):
    show = Show(operator, operator.create_room())
    viewer = watch(show.room)
    colleague: Api = live_server.api()

    for number in range(20):
        show.change("Keynote", title=f"Keynote {number}")
        colleague.update_room(show.room, name=f"Hall {number}")

    wait_until_shown(viewer, show.state())
