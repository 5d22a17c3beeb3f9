"""A request is there as a whole before anything is held for it.

Who sends half of one keeps nobody waiting: no lock, no connection to the database and
no place in a queue is taken before the last byte has come.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from flask import Flask

from tests.support.api import Api, Room
from tests.support.server import Server
from tests.support.waiting import wait_until
from tests.system.transport.raw import Connection

# What waited for a body took 30 s; what does not, takes milliseconds.
SOON_SECONDS = 10
HALVES_AT_ONCE = 50
BODY = b'{"name": "Changed late", "title": "x", "duration": 1000}'

Half = Callable[..., Connection]


@pytest.fixture
def half() -> Iterator[Half]:
    """Sends a request but for most of its body: `half(server, room, method, path)`."""
    with ExitStack() as stack:

        def send(server: Server, token: str, method: str, path: str) -> Connection:
            connection = stack.enter_context(Connection(server.port, timeout=30))
            connection.request(
                f"{method} {path} HTTP/1.1",
                f"Authorization: Bearer {token}",
                f"Idempotency-Key: half-of-{method}-{path[-40:]}-{id(connection)}",
                "Content-Type: application/json",
                f"Content-Length: {len(BODY)}",
            )
            connection.send(BODY[:1])
            return connection

        yield send


def routes_with_bodies(app: Flask, room: Room, timer: str) -> list[tuple[str, str]]:
    """Return method and path of every route that a body may be sent to."""
    values = {"room_id": room.id, "timer_id": timer, "share_token": room.share_token}
    routes = []
    for rule in app.url_map.iter_rules():
        methods = sorted(rule.methods - {"GET", "HEAD", "OPTIONS"})
        if methods:
            _, path = rule.build({name: values[name] for name in rule.arguments})
            routes += [(method, path) for method in methods]
    return routes


def assert_soon(act: Callable[[], object], what: str) -> None:
    """Do something that must not have to wait."""
    began = time.monotonic()
    act()
    assert time.monotonic() - began < SOON_SECONDS, what


def assert_nobody_waits(api: Api, room: Room, timer: dict[str, object]) -> None:
    """Command, look after the server's health, and see a timer finish."""
    assert_soon(lambda: api.update_room(room, name="In time"), "a command")
    ending = api.create_timer(room, duration=1_000)
    assert_soon(lambda: api.start(room, timer), "a start")
    assert_soon(lambda: api.start(room, ending), "another")
    assert_soon(lambda: api.request("GET", "/health"), "health")
    key = {"Idempotency-Key": "a-key-of-the-other-operator"}
    assert_soon(lambda: api.pause(room, timer, headers=key), "a pause")

    def is_finished() -> bool:
        timers = api.state(room.share_token)["timers"]
        return any(each["status"] == "finished" for each in timers)

    wait_until(is_finished, "the finish", SOON_SECONDS)


@pytest.mark.database("sqlite")
def test_half_a_body_on_any_route_keeps_nobody_waiting(server_factory, half, app):
    server = server_factory(embedded=True)
    api = server.api()
    room, busy = api.create_room(), api.create_room()
    half_of = api.create_timer(busy)
    timer = api.create_timer(room)
    routes = routes_with_bodies(app, busy, half_of["id"])
    before = api.state(busy.share_token)["revision"]

    # Routes without a parameter are the owner's own: none of them is the room's.
    halves = [half(server, busy.admin_token, *route) for route in routes]

    assert_nobody_waits(api, room, timer)
    assert not any(connection.has_ended() for connection in halves)
    assert len(halves) > 10
    assert api.state(busy.share_token)["revision"] == before


def test_many_half_bodies_take_no_connection_to_the_database(server_factory, half):
    server = server_factory(1)
    api = server.api()
    room, busy = api.create_room(), api.create_room()
    timer = api.create_timer(room)
    put = ("PUT", f"/api/rooms/{busy.id}")

    halves = [half(server, busy.admin_token, *put) for _ in range(HALVES_AT_ONCE)]

    assert_nobody_waits(api, room, timer)
    body = json.dumps({"name": "Changed late"}).encode().ljust(len(BODY))
    for connection in halves:
        connection.send(body[1:])
    for connection in halves:
        assert connection.status() == 200
    assert api.state(busy.share_token)["name"] == "Changed late"


@pytest.mark.parametrize("embedded", [True, False], ids=["sqlite", "postgres"])
def test_who_was_revoked_before_the_last_byte_changes_nothing(
    server_factory, half, embedded
):
    server = server_factory(1, embedded=embedded)
    api = server.api()
    room = api.create_room()
    timer = api.create_timer(room)
    tokens = f"/api/rooms/{room.id}/tokens"
    answer = api.request("POST", tokens, token=room.admin_token)
    operator = answer.json["operatorToken"]
    path = f"/api/timers/{timer['id']}"
    connection = half(server, operator, "PUT", path)

    assert api.request("DELETE", tokens, token=room.admin_token).status == 204
    before = api.state(room.share_token)["revision"]
    body = json.dumps({"title": "Changed late"}).encode().ljust(len(BODY))
    connection.send(body[1:])

    assert connection.status() == 401
    assert api.state(room.share_token)["revision"] == before
