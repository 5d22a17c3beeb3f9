"""A viewer costs no greenlet while nothing happens."""

import shutil
from contextlib import ExitStack

import pytest

from tests.engine.arrivals import straight, upgraded
from tests.engine.counting import CountingServer, kept
from tests.support.waiting import wait_until

VIEWERS = 200


@pytest.fixture
def server(sqlite_template, tmp_path):
    database = shutil.copy(sqlite_template, tmp_path / "timers.db")
    with CountingServer(f"sqlite:///{database}") as running:
        yield running


def greenlets(api):
    return kept(api)["greenlets"]


@pytest.mark.parametrize("watch", [upgraded, straight])
def test_an_idle_viewer_costs_no_greenlet(server, watch):
    api = server.api()
    room = api.create_room()
    with ExitStack() as stack:
        # What comes with the first viewer stays: the pinger.
        watch(stack, server, room)
        before = greenlets(api)

        for _ in range(VIEWERS):
            watch(stack, server, room)

        wait_until(lambda: greenlets(api) <= before, "no greenlet more", 10)
