"""Reaching a certain worker, although gunicorn hands connections to any."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.support.api import Api, Json, Room
from tests.support.server import Server
from tests.support.viewers import Viewer
from tests.support.waiting import wait_until

WEBSOCKET = {"transports": ["websocket"]}
AT_ONCE = {"reconnection_delay": 0.05, "reconnection_delay_max": 0.2}


@contextmanager
def alone(server: Server, pid: int) -> Iterator[None]:
    """Freeze all workers but one, so that it takes every new connection."""
    others = [other for other in server.worker_pids() if other != pid]
    for other in others:
        os.kill(other, signal.SIGSTOP)
    try:
        yield
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)


def viewers_on_each(
    server: Server, room: Room, viewer_factory: Callable[..., Viewer], each: int = 1
) -> list[Viewer]:
    """Return `each` viewers of the room on every worker, in the workers' order."""
    viewers = []
    for pid in server.worker_pids():
        with alone(server, pid):
            viewers += [
                viewer_factory(server, room, **WEBSOCKET, **AT_ONCE)
                for _ in range(each)
            ]
    return viewers


def apis_on_each(server: Server, connect: Callable[[Server], Api]) -> list[Api]:
    """Return a connection to every worker, in the workers' order."""
    apis = []
    for pid in server.worker_pids():
        with alone(server, pid):
            apis.append(api := connect(server))
            assert api.request("GET", "/health").status == 200
    return apis


def socket_stats(api: Api) -> Json:
    """Return who watches, as operations people see it."""
    return api.request("GET", "/api/stats/socket").json


def wait_for_spread(api: Api, viewers: list[int]) -> None:
    """Wait until the workers count so many viewers each, in any order."""
    wait_until(
        lambda: sorted(spread(api)) == sorted(viewers), f"viewers spread {viewers}"
    )


def spread(api: Api) -> list[int]:
    """Return how many viewers each worker has."""
    return list(socket_stats(api)["viewers"]["byWorker"].values())
