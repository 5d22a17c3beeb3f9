"""Connections find the worker of their session, and what has none stays."""

import http.client
import json
from contextlib import ExitStack

import pytest

from tests.support.waiting import patient

PATH = "/socket.io/?EIO=4&transport=polling"
WORKERS = 3


@pytest.fixture(scope="module")
def server(request, postgres, postgres_template, redis):
    """A cluster for the tests of this module, which harm nothing."""
    from tests.support.server import Server

    name = "test_handed_connections"
    url = postgres.create_database(name, postgres_template)
    with Server(url, redis.url, workers=WORKERS) as running:
        running.wait_for_workers(WORKERS)
        yield running
    postgres.drop_database(name)


@pytest.fixture
def connect(server):
    """Opens keep-alive connections."""
    with ExitStack() as stack:

        def connect():
            made = http.client.HTTPConnection(
                "127.0.0.1", server.port, timeout=patient(5)
            )
            stack.callback(made.close)
            return made

        yield connect


def ask(connection, path, method="GET", body=None):
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def open_session(connection):
    status, body = ask(connection, PATH)
    assert status == 200
    return json.loads(body[1:])["sid"]


def sessions_of_different_workers(connect):
    sessions = {}
    while len(sessions) < 2:
        sid = open_session(connect())
        sessions[sid.partition(".")[0]] = sid
    return list(sessions.values())


def test_one_connection_carries_sessions_of_several_workers_and_commands(connect):
    first, second = sessions_of_different_workers(connect)
    connection = connect()

    for sid in (first, second, first):
        assert ask(connection, f"{PATH}&sid={sid}", "POST", "3") == (200, "ok")
        assert ask(connection, "/health")[0] == 200


def test_a_posted_body_arrives_whole_at_the_other_worker(connect):
    for sid in sessions_of_different_workers(connect):
        packets = "\x1e".join(["40", '42["ping",{"padding":"' + "x" * 9000 + '"}]'])
        connection = connect()

        assert ask(connection, f"{PATH}&sid={sid}", "POST", packets) == (200, "ok")
        assert ask(connection, f"{PATH}&sid={sid}")[1].startswith("40")


def test_a_request_line_that_arrives_byte_by_byte_finds_its_worker(connect):
    for sid in sessions_of_different_workers(connect):
        connection = connect()
        connection.connect()
        head = (
            f"POST {PATH}&sid={sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n3"
        )
        for byte in head.encode():
            connection.sock.send(bytes((byte,)))
        assert connection.sock.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("owner", ["a-ff", "b-1", "x"])
def test_a_session_of_nobody_is_refused_at_once(connect, owner):
    status, body = ask(connect(), f"{PATH}&sid={owner}.nobody")

    assert status == 400
    assert "Session ID unknown" in body
