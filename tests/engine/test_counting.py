"""However many come, and through whichever worker, a room is told its count seldom."""

import itertools

import pytest

from tests.support.crowd.crowd import Crowd
from tests.support.waiting import wait_until
from tests.system.figures import show as show_figures
from tests.system.workers import viewers_on_each

WORKERS = 2
COMING = 200
# One after another, so that they keep coming for several seconds.
PAUSE_SECONDS = 0.02
# A second, less what a busy machine may take from the pause to the stamp.
LEAST_MS = 500


@pytest.fixture
def server(server_factory):
    server = server_factory(WORKERS)
    server.wait_for_workers(WORKERS)
    return server


@pytest.fixture
def room(server):
    return server.api().create_room()


@pytest.fixture
def witnesses(server, room, viewer_factory):
    """A viewer on each worker, who was told the count that answers its joining."""
    viewers = viewers_on_each(server, room, viewer_factory)
    for viewer in viewers:
        viewer.call("ping")
    return viewers


def counts(viewer, since=0):
    return [event.payload for event in viewer.events("user-count", since)]


def test_while_two_hundred_come_each_viewer_is_told_the_count_once_a_second(
    server, room, witnesses
):
    everybody = COMING + len(witnesses)
    since = [len(witness.recording) for witness in witnesses]
    with Crowd(("127.0.0.1", server.port)) as crowd:
        for _ in range(COMING):
            crowd.join([room.share_token])
            crowd.watch(PAUSE_SECONDS)
        crowd.wait_for_count(everybody)
    for witness in witnesses:
        witness.wait_for("user-count", lambda told: told["count"] == everybody)

    gaps = []
    for witness, before in zip(witnesses, since, strict=True):
        told_at = [told["serverTime"] for told in counts(witness, before)]
        assert len(told_at) > 3
        gaps += [later - earlier for earlier, later in itertools.pairwise(told_at)]
    show_figures("From one count of a room to the next", gaps)
    assert min(gaps) >= LEAST_MS


def test_all_who_are_left_are_counted_when_a_hall_leaves_at_once(
    server, room, witnesses
):
    with Crowd(("127.0.0.1", server.port)) as crowd:
        crowd.join([room.share_token] * COMING)
        crowd.wait_for_count(COMING + len(witnesses))

    for witness in witnesses:
        wait_until(
            lambda viewer=witness: counts(viewer)[-1]["count"] == len(witnesses),
            "the count of those who are left",
            15,
        )
