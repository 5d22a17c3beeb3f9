"""The servers of the tests start, stop, freeze and vanish as promised."""

import contextlib
import socket
import subprocess
import sys
import urllib.request

import psycopg2
import pytest
import redis as redis_client

from tests.support import daemon
from tests.support.daemon import StartError
from tests.support.environment import ROOT, child_environment
from tests.support.ports import free_port
from tests.support.processes import is_alive
from tests.support.services import Nginx, Valkey
from tests.support.waiting import wait_until


def ping(server):
    with redis_client.Redis.from_url(server.url, socket_timeout=0.3) as connection:
        return connection.ping()


def site(port, text="hello"):
    server = f"server {{ listen 127.0.0.1:{port}; return 200 {text}; }}"
    return f"user nobody-knows;\nevents {{}}\nhttp {{ access_log off; {server} }}"


def test_a_stopped_redis_comes_back_on_the_same_port(private_redis):
    url = private_redis.url
    private_redis.stop()
    with pytest.raises(redis_client.ConnectionError):
        ping(private_redis)

    private_redis.start()

    assert private_redis.url == url
    assert ping(private_redis)


def test_a_killed_redis_comes_back_too(private_redis):
    assert private_redis.kill() == -9

    private_redis.start()

    assert ping(private_redis)


def test_a_frozen_redis_accepts_connections_and_answers_when_thawed(private_redis):
    private_redis.freeze()
    with pytest.raises(redis_client.TimeoutError):
        ping(private_redis)

    private_redis.thaw()

    assert ping(private_redis)


def test_a_port_that_was_taken_meanwhile_is_replaced(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = iter([port, free_port()])
        monkeypatch.setattr(daemon, "free_port", lambda: next(ports))

        with Valkey() as server:
            assert server.port != port
            assert ping(server)


@pytest.fixture
def toy_database(postgres):
    """A database with a row in it; its name, and that of a copy, which is not made."""
    names = ("toy_template", "toy_copy")
    run_sql(postgres.create_database(names[0]), "CREATE TABLE kept AS SELECT 1")
    yield names
    for name in names:
        postgres.drop_database(name)


def test_a_copy_of_a_database_holds_what_its_template_holds(postgres, toy_database):
    template, name = toy_database

    copy = postgres.create_database(name, template)

    assert run_sql(copy, "SELECT * FROM kept") == 1


def run_sql(url, statement):
    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def test_nginx_serves_the_given_configuration():
    with Nginx(site) as server, urllib.request.urlopen(server.url) as answer:
        assert answer.read() == b"hello"


def test_a_server_that_does_not_start_shows_its_log():
    with pytest.raises(StartError, match="unknown directive"), Nginx(lambda _: "no;"):
        pass


def test_a_server_leaves_nothing_behind():
    with Valkey() as server:
        folder = server.folder

    assert not folder.exists()
    assert not server.running


@pytest.mark.skipif(sys.platform != "linux", reason="a signal that only Linux sends")
def test_servers_die_with_the_process_that_started_them(tmp_path):
    program = (
        "import os, signal\n"
        "from tests.support.services import Valkey\n"
        "server = Valkey().__enter__()\n"
        "server.freeze()\n"
        "print(server.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=child_environment(tmp_path) | {"TMPDIR": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )

    wait_until(lambda: not is_alive(int(run.stdout)), "the server is gone")
