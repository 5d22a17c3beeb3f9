"""Connections that never speak, or never finish, are ended and keep nobody waiting."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.transport import requests
from tests.engine.files import room_for_files
from tests.support.waiting import wait_until
from tests.system.transport.raw import Connection, frame

SILENT = 1_000
# Engine.IO's: a ping after 25 s, which is answered within 20 s.
UNANSWERED_SECONDS = 45
SLACK_SECONDS = 15


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def all_have_ended(connections: list[Connection]) -> bool:
    connections[:] = [each for each in connections if not each.has_ended()]
    return not connections


BEGINNINGS = {
    "nothing": b"",
    "the first letter": b"G",
    "the beginning of a session's request": b"GET /socket.io/?EIO=4&sid=",
    "a head without its end": b"GET /health HTTP/1.1\r\nHost: x\r\n",
}
Connect = Callable[[], Connection]


def websockets_without_a_word(connect: Connect) -> list[Connection]:
    silent = [connect() for _ in range(SILENT)]
    for connection in silent:
        connection.open_websocket()
    return silent


def connections_without_a_request(connect: Connect) -> list[Connection]:
    silent = [connect() for _ in range(SILENT)]
    said = list(BEGINNINGS.values())
    for number, connection in enumerate(silent):
        connection.send(said[number % len(said)])
    return silent


def senders_of_a_byte_now_and_then(connect: Connect) -> list[Connection]:
    body, session, upgrading = connect(), connect(), connect()
    body.request("POST /api/rooms HTTP/1.1", "Content-Length: 60000")
    sid = session.open_polling()
    assert upgrading.upgrade(query=f"&sid={sid}") == 101
    upgrading.read_until(b"\r\n\r\n")
    upgrading.send(frame(0x1, b"x" * 16_000)[:8])
    return [body, upgrading]


# One test, for what it waits for goes on at the same time.
@pytest.mark.timeout(600)
def test_whoever_says_nothing_or_never_ends_is_ended_and_costs_nothing(
    unharmed, connect
):
    room_for_files(2 * SILENT)
    websockets = websockets_without_a_word(connect)
    slow = senders_of_a_byte_now_and_then(connect)
    silent = connections_without_a_request(connect)
    expected = len([*websockets, *slow, *silent])
    wait_until(lambda: unharmed.files_held >= expected, "all are accepted", 10)
    begun = cpu_seconds(unharmed.worker)
    unharmed.say_something()

    limit = requests.FIRST_SECONDS + 3 * requests.ARRIVAL_SECONDS + SLACK_SECONDS
    wait_until(lambda: all_have_ended(silent), "who sends no request", limit)
    # Looking again and again whether there is more would take all there is.
    assert cpu_seconds(unharmed.worker) - begun < requests.ARRIVAL_SECONDS / 2

    def slow_ones_have_ended() -> bool:
        for connection in slow:
            connection.send_all_it_takes(b" ", 1)
        return all_have_ended(slow)

    limit = requests.WHOLE_SECONDS + SLACK_SECONDS
    wait_until(slow_ones_have_ended, "who never ends a request", limit)
    limit = UNANSWERED_SECONDS + SLACK_SECONDS
    wait_until(lambda: all_have_ended(websockets), "who answers no ping", limit)
