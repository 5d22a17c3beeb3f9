"""The API client sends the same requests over a connection and in process."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask, request

from tests.support.api import Api
from tests.support.responses import RefusedError
from tests.support.senders import HttpSender, in_process
from tests.support.waiting import wait_until


@pytest.fixture
def toy():
    app = Flask("toy")

    @app.post("/api/rooms")
    def create():
        new_owner = {"adminToken": "new", "refreshToken": "fresh"}
        room = {"id": "1", "shareToken": "s", "name": request.json["name"]}
        return room if request.authorization else room | new_owner, 201

    @app.post("/api/timers/<timer_id>/start")
    def start(timer_id):
        return {"id": timer_id, "token": request.authorization.token}

    @app.delete("/api/timers/<timer_id>")
    def delete(timer_id):
        return "", 204

    return Api(in_process(app.test_client()))


def test_a_created_room_has_its_tokens(toy):
    room = toy.create_room("Hall")

    assert (room.admin_token, room.refresh_token) == ("new", "fresh")
    assert room.created["name"] == "Hall"


def test_a_room_of_an_owner_keeps_the_owner_s_token(toy):
    assert toy.create_room(token="mine").admin_token == "mine"


def test_a_command_carries_the_owner_s_token_or_the_given_one(toy):
    room, timer = toy.create_room(), {"id": "t"}

    assert toy.start(room, timer)["token"] == "new"
    assert toy.start(room, timer, token="other")["token"] == "other"


def test_an_answer_without_a_body_is_none(toy):
    assert toy.delete_timer(toy.create_room(), {"id": "t"}) is None


def test_a_refused_command_raises_with_the_answer(toy):
    with pytest.raises(RefusedError, match="404") as refused:
        toy.pause(toy.create_room(), {"id": "t"})

    assert refused.value.status == 404


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = None  # after which it closes an idle connection

    def do_GET(self):
        body = str(self.client_address[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def http_server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def sender(http_server):
    sender = HttpSender(f"http://127.0.0.1:{http_server.server_port}")
    yield sender
    sender.close()


def get(sender):
    return sender("GET", "/", {}, None)


def test_requests_share_a_connection(sender):
    assert get(sender).text == get(sender).text


def test_a_connection_that_the_server_closed_is_opened_again(sender, monkeypatch):
    monkeypatch.setattr(Handler, "timeout", 0.05)
    first = get(sender)
    wait_until(sender._was_closed_by_the_server, "the server closed it")

    assert get(sender).text != first.text


def test_header_names_are_in_lower_case(sender):
    assert get(sender).headers["content-length"]
