"""A viewer costs no greenlet while nothing happens."""

import shutil
from contextlib import ExitStack

import pytest

from tests.support.server import Server
from tests.support.waiting import wait_until
from tests.system.transport.raw import Connection

VIEWERS = 200


class CountingServer(Server):
    """The product, with a page that tells how many greenlets there are."""

    def command(self):
        return [*super().command()[:-1], "tests.engine.counting_wsgi:app"]


@pytest.fixture
def server(sqlite_template, tmp_path):
    database = shutil.copy(sqlite_template, tmp_path / "timers.db")
    with CountingServer(f"sqlite:///{database}") as running:
        yield running


def greenlets(api):
    return int(api.request("GET", "/greenlets").text)


def upgraded(stack, server, room):
    """A viewer as the standard client makes it: long-polling first."""
    polling = stack.enter_context(Connection(server.port))
    sid = polling.open_polling()
    viewer = stack.enter_context(Connection(server.port))
    assert viewer.upgrade(query=f"&sid={sid}") == 101
    viewer.send_text("2probe")
    viewer.read_until(b"3probe")
    viewer.send_text("5")
    viewer.join_over(room.share_token)
    polling.close()


def straight(stack, server, room):
    """A viewer over a WebSocket from the beginning."""
    stack.enter_context(Connection(server.port)).join(room.share_token)


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
