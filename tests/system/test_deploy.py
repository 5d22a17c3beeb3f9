"""The product behind the nginx of `deploy/`, and started as its image starts it."""

import json
import re
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.senders import HttpSender
from tests.support.server import Server
from tests.support.waiting import wait_until
from tests.unit.ops.edge import DEPLOY, Edge, one_machine

HALL = 60
SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


class Container(Server):
    """The server as the image starts it, on an empty database."""

    def command(self):
        return [DEPLOY / "entrypoint.sh"]

    def prepare(self):
        pass

    def environment(self):
        inherited = super().environment()
        programs = Path(sys.executable).parent
        return inherited | {"PATH": f"{programs}:{inherited['PATH']}"}


@pytest.fixture
def server(server_factory):
    """The server in production, with its limits, on one worker."""
    return server_factory(
        embedded=True,
        app_env="production",
        allow_anonymous_rooms=True,
        rate_limit_enabled=True,
        trusted_proxies=1,
    )


@pytest.fixture
def edge(server):
    """The nginx in front of `server`."""
    with Edge(one_machine(f"127.0.0.1:{server.port}")) as nginx:
        yield nginx


@pytest.fixture
def api(edge):
    """A client of the API through nginx."""
    with closing(HttpSender(edge.base_url)) as sender:
        yield Api(sender)


def logged(edge, count=1):
    """Return the lines of the access log once there are `count`, written in the end."""

    def lines():
        written = [line for line in edge.read_log().splitlines() if line[0] == "{"]
        return len(written) >= count and [json.loads(line) for line in written]

    return wait_until(lines, f"{count} lines in nginx's log")


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], None])
def test_a_command_reaches_a_viewer_through_nginx(
    edge, api, viewer_factory, transports
):
    room = api.create_room()
    viewer = viewer_factory(edge, room, transports=transports)

    timer = api.start(room, api.create_timer(room))

    viewer.wait_for("timer-update", lambda payload: payload["id"] == timer["id"])
    viewer.wait_until_shows(api.state(room.share_token))


def test_clients_that_poll_find_their_worker_through_nginx(
    server_factory, viewer_factory
):
    # nginx uses its connections to the server for one client after the other.
    server = server_factory(workers=3, trusted_proxies=1)
    room = server.api().create_room()
    with Edge(one_machine(f"127.0.0.1:{server.port}")) as nginx:
        viewers = [
            viewer_factory(nginx, room, transports=transports)
            for transports in 6 * (["polling"], None)
        ]

        timer = server.api().create_timer(room)

        for viewer in viewers:
            viewer.wait_for("timer-created", lambda made: made["id"] == timer["id"])
            assert viewer.call("ping")["serverTime"]


def test_a_client_that_polls_first_moves_on_to_a_websocket(edge, api, viewer_factory):
    viewer = viewer_factory(edge, api.create_room())

    assert viewer.transport == "websocket"


@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/docs/swagger-ui.css"])
def test_what_is_long_is_compressed(edge, path):
    request = urllib.request.Request(edge.url + path)
    request.add_header("Accept-Encoding", "gzip")

    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in answer.headers["Vary"]


def test_a_body_over_64_kb_is_refused_as_the_server_itself_would(edge, api, server):
    too_long = {"name": "x" * 65_536}

    refused = api.request("POST", "/api/rooms", too_long)

    assert refused.status == 413
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json == server.api().request("POST", "/api/rooms", too_long).json


def test_a_body_just_under_64_kb_is_for_the_server_to_judge(api):
    assert api.request("POST", "/api/rooms", {"name": "x" * 65_000}).status == 422


def test_a_server_that_is_away_is_a_problem_document(api, server):
    server.stop()

    refused = api.request("GET", "/health")

    assert refused.status == refused.json["status"] == 503
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/docs", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/socket.io/?EIO=4&transport=polling", 200),
        ("POST", "/api/rooms", 413),
    ],
)
def test_every_answer_has_the_security_headers_once(edge, method, path, status):
    with closing(HTTPConnection("127.0.0.1", edge.port)) as connection:
        connection.request(method, path, "x" * 70_000 if status == 413 else None)
        answer = connection.getresponse()

    assert answer.status == status
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers.get_all(name) == [value]
    (policy,) = answer.headers.get_all("content-security-policy")
    assert policy.startswith("default-src 'none'")
    assert answer.headers["server"] == "nginx"


def test_no_log_holds_a_token_or_a_session_id(edge, api, server, viewer_factory):
    room = api.create_room()
    token = room.share_token
    viewer = viewer_factory(edge, room)
    sid = viewer.client.eio.sid
    asked = [
        f"/api/rooms/{token}",
        f"/api//rooms/{token}/",
        f"/api/rooms/%{ord(token[0]):x}{token[1:]}",
        f"/r/{token}",
        f"/watch/{token}/now",
        f"/?token={token}",
    ]
    headers = {"Referer": f"https://show.example/r/{token}"}
    for path in asked:
        api.request("GET", path, headers=headers, token=room.admin_token)
    viewer.disconnect()
    server.stop()
    for path in asked:
        api.request("GET", path, headers=headers, token=room.admin_token)

    logged(edge, 2 * len(asked) + 1)
    for log in (edge.read_log(), server.read_log()):
        for secret in (token, token[1:], room.admin_token, room.refresh_token, sid):
            assert secret not in log


def test_the_log_tells_what_happened(edge, api):
    room = api.create_room()
    timer = api.create_timer(room)
    api.start(room, timer)
    api.state(room.share_token)

    *_, start, state = logged(edge, 4)
    assert start["method"] == "POST"
    assert start["path"] == f"/api/timers/{timer['id']}/start"
    assert start["status"] == start["upstream_status"] == "200"
    assert state["path"] == "/api/rooms/(hidden)"


def test_a_request_has_one_id_everywhere(edge, api, server):
    answer = api.request("GET", "/health", headers={"X-Request-Id": "not one: {}"})

    request_id = answer.headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", request_id)
    assert logged(edge)[-1]["request_id"] == request_id
    assert f'"{request_id}"' in server.read_log()


def test_a_hall_behind_one_address_is_not_limited(edge, api, viewer_factory):
    room = api.create_room()
    with ThreadPoolExecutor(10) as pool:
        viewers = list(pool.map(lambda _: viewer_factory(edge, room), range(HALL)))
        states = list(pool.map(lambda _: poll(edge, room), range(2 * HALL)))

    timer = api.create_timer(room)

    for viewer in viewers:
        viewer.wait_for("timer-created", lambda payload: payload["id"] == timer["id"])
    assert states == [200] * (2 * HALL)
    assert {line["status"] for line in logged(edge)} <= {"101", "200", "201"}


def poll(edge, room):
    with closing(HttpSender(edge.base_url)) as sender:
        path = f"/api/rooms/{room.share_token}"
        return Api(sender).request("GET", path).status


def test_a_caller_cannot_pretend_to_be_many(api):
    statuses = [
        api.request(
            "POST",
            "/api/rooms",
            {"name": "Stage"},
            headers={"X-Forwarded-For": f"192.0.2.{number}", "Forwarded": "for=x"},
        ).status
        for number in range(6)
    ]

    assert statuses == [201] * 5 + [429]


def test_the_images_entry_point_migrates_and_serves_until_it_is_told_to_stop(tmp_path):
    database = f"sqlite:///{tmp_path / 'timers.db'}"
    with Container(database, app_env="production") as container:
        assert container.api().request("GET", "/health").json["status"] == "ok"
        assert check_health(container) == 0

        assert container.stop() == 0
        assert check_health(container) == 1
        lines = [json.loads(line) for line in container.read_log().splitlines()]
    assert {"alembic.runtime.migration", "gunicorn.error", "app.access"} <= {
        line["logger"] for line in lines
    }


def check_health(container):
    script = [sys.executable, DEPLOY / "healthcheck.py"]
    return subprocess.run(script, check=False, env=container.environment()).returncode
