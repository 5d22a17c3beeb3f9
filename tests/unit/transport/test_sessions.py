"""Engine.IO's sessions."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from types import SimpleNamespace

import engineio.socket
import gevent
import pytest
import socketio
from engineio.exceptions import EngineIOError
from engineio.packet import MESSAGE, Packet
from engineio.payload import Payload
from gevent import socket as gsocket
from gevent.event import Event
from geventwebsocket.websocket import Stream

from app.transport import hardening, packets, parcels, sessions
from app.transport.backlog import MAX_BYTES, PARCEL_BYTES, Ledger
from app.transport.broadcasts import LocalManager
from app.transport.departures import CONNECTION
from app.transport.handler import Handler
from app.transport.link import Link
from app.transport.polling import Answer
from app.transport.sessions import Session
from app.transport.websocket import WebSocket
from tests.support.waiting import patient

MAX_SESSIONS = 3


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> socketio.Server:
    # `harden` changes these for the whole process.
    monkeypatch.setattr(engineio.socket, "Socket", engineio.socket.Socket)
    monkeypatch.setattr(Payload, "max_decode_packets", Payload.max_decode_packets)
    made = socketio.Server(
        async_mode="gevent", client_manager=LocalManager(), json=packets
    )
    hardening.harden(made, "a-1", MAX_SESSIONS)
    return made


@pytest.fixture
def session(server: socketio.Server) -> Session:
    opened = engineio.socket.Socket(server.eio, "eio-sid")
    server.eio.sockets["eio-sid"] = opened
    return opened


def connect(server: socketio.Server, eio_sid: str) -> str:
    sid: str = server.manager.connect(eio_sid, "/")
    server.manager.enter_room(sid, "/", "hall")
    return sid


def members(server: socketio.Server) -> set[str]:
    return {sid for sid, _ in server.manager.get_participants("/", "hall")}


def test_a_client_whose_session_is_gone_is_swept_out_and_its_handler_told(
    server: socketio.Server, session: Session
):
    told = []
    server.on("disconnect", lambda sid, _reason: told.append(sid))
    stays = connect(server, session.sid)
    leaves = connect(server, "no longer there")

    assert hardening.sweep(server) == 1
    assert members(server) == {stays}
    assert told == [leaves]


def test_a_client_whose_connect_handler_still_runs_is_left_for_the_next_sweep(
    server: socketio.Server,
):
    sid = server.manager.pre_connect("no longer there", "/")

    assert hardening.sweep(server) == 0
    assert server.manager.is_pre_connected(sid, "/")


def test_a_client_that_has_left_enters_no_room(server: socketio.Server):
    server.manager.enter_room("left", "/", "hall")

    assert members(server) == set()


def post(session: Session, body: bytes) -> None:
    session.handle_post_request(
        {"CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
    )


@pytest.mark.parametrize("body", [b"\x1e".join([b"3"] * 65), b"\xff", b"x", b"\x1e"])
def test_a_post_that_cannot_be_decoded_is_an_error(session: Session, body: bytes):
    with pytest.raises(EngineIOError):
        post(session, body)


def test_a_post_without_a_length_is_an_error(session: Session):
    with pytest.raises(EngineIOError):
        session.handle_post_request({"wsgi.input": BytesIO(b"3")})


class CutOff(BytesIO):
    """A body whose sender is gone."""

    def read(self, *_: object) -> bytes:
        raise ConnectionResetError


def test_a_post_that_does_not_arrive_is_an_error(session: Session):
    with pytest.raises(EngineIOError):
        session.handle_post_request({"CONTENT_LENGTH": "9", "wsgi.input": CutOff()})


def test_what_a_client_sends_is_handled_in_its_order(
    server: socketio.Server, session: Session
):
    go_on, handled = Event(), []
    connect(server, session.sid)
    server.on("slow", lambda _sid: go_on.wait() and handled.append("slow"))
    server.on("quick", lambda _sid: handled.append("quick"))

    posting = gevent.spawn(post, session, b'42["slow"]\x1e42["quick"]')
    gevent.sleep(0)
    assert handled == []
    go_on.set()
    posting.join()

    assert handled == ["slow", "quick"]


def test_a_binary_event_before_the_connect_ends_the_session_without_an_error(
    server: socketio.Server, session: Session, caplog: pytest.LogCaptureFixture
):
    post(session, b'451-["file",{"_placeholder":true,"num":0}]')

    assert session.closed
    assert "Traceback" not in caplog.text


def test_what_waits_for_a_client_that_does_not_poll_is_bounded(
    server: socketio.Server, session: Session
):
    before = Link.slow.count
    for _ in range(2 * MAX_BYTES // 1000):
        session.send_parcel(parcels.text(b"x" * 1000))

    assert session.closed
    assert Link.slow.count == before + 1
    assert server.eio.ledger.size == 0


def test_packets_without_a_text_count_as_well(session: Session):
    for _ in range(MAX_BYTES):
        session.send_parcel(parcels.text(b""))

    assert session.closed


def test_one_packet_may_be_as_large_as_it_is_and_a_poll_makes_room(session: Session):
    for _ in range(10):
        session.send(Packet(MESSAGE, data="x" * 2 * MAX_BYTES))
        assert len(session.poll()) == 1

    assert not session.closed


def test_a_post_of_many_packets_is_received(session: Session):
    post(session, b"\x1e".join([b"3"] * 64))

    assert not session.closed


def test_closing_does_not_wait_for_a_client_that_does_not_poll(session: Session):
    session.close(wait=True)

    assert session.closed


def test_a_client_that_is_sent_elsewhere_is_not_told_to_stay_away(session: Session):
    session.send_elsewhere()

    assert session.closed
    assert "1" not in [packet.encode() for packet in session.poll()]


def begin_poll(session: Session, connection: object = None) -> Answer:
    environ: dict[str, object] = {"REQUEST_METHOD": "GET"}
    if connection is not None:
        environ[CONNECTION] = connection
    answer: Answer = session.handle_get_request(environ, lambda *_: None)
    return answer


def poll(session: Session, connection: object = None) -> list[bytes]:
    answer = begin_poll(session, connection)
    found = list(answer)
    answer.close()
    return found


def test_a_poll_beside_another_is_an_error(session: Session):
    waiting = gevent.spawn(poll, session)
    gevent.sleep(0)
    with pytest.raises(EngineIOError):
        poll(session)

    session.send(Packet(MESSAGE, data="hello"))
    assert waiting.get(timeout=5) == [b"4hello"]


def test_posts_beside_each_other_are_an_error(
    server: socketio.Server, session: Session
):
    go_on = Event()
    connect(server, session.sid)
    server.on("slow", lambda _sid: go_on.wait())
    posting = gevent.spawn(post, session, b'42["slow"]')
    gevent.sleep(0)

    with pytest.raises(EngineIOError):
        post(session, b"3")

    go_on.set()
    posting.get(timeout=5)
    post(session, b"3")


def test_a_poll_that_finds_nothing_for_too_long_is_an_error(
    server: socketio.Server, session: Session
):
    server.eio.ping_interval = server.eio.ping_timeout = 0

    with pytest.raises(EngineIOError):
        poll(session)


def test_a_poll_of_a_client_that_goes_ends_and_takes_nothing(
    session: Session, plain_pair: tuple[gsocket.socket, gsocket.socket]
):
    ours, theirs = plain_pair
    polling = gevent.spawn(poll, session, ours)
    gevent.sleep(0)

    theirs.close()

    assert polling.get(timeout=5) == [b"6"]


@pytest.fixture
def plain_pair() -> Iterator[tuple[gsocket.socket, gsocket.socket]]:
    ours, theirs = gsocket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_client_that_takes_too_little_of_its_poll_loses_the_connection(
    server: socketio.Server,
    session: Session,
    plain_pair: tuple[gsocket.socket, gsocket.socket],
):
    ours, theirs = plain_pair
    session.send(Packet(MESSAGE, data="x" * 10 * MAX_BYTES))
    answer = begin_poll(session, ours)
    assert server.eio.ledger.size > 10 * MAX_BYTES

    while not session.closed:
        session.send_parcel(parcels.text(b"x" * 1000))

    assert theirs.recv(10) == b""
    answer.close()
    assert server.eio.ledger.size == 0


def test_what_a_poll_is_answered_counts_until_it_is_written(
    server: socketio.Server, session: Session
):
    session.send(Packet(MESSAGE, data="x" * 1000))
    answer = begin_poll(session)
    assert server.eio.ledger.size > 1000

    answer.close()

    assert server.eio.ledger.size == 0


def test_a_session_that_ends_while_its_answer_is_written_keeps_nothing(
    server: socketio.Server, session: Session
):
    session.send(Packet(MESSAGE, data="x" * 1000))
    answer = begin_poll(session)
    session.close()

    answer.close()

    assert server.eio.ledger.size == 0


class Upgrading:
    """A WebSocket over which a client upgrades its session at once."""

    version = path = origin = protocol = None

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._messages = iter(("2probe", "5"))

    def settimeout(self, _seconds: float) -> None:
        pass

    def receive(self) -> str:
        return next(self._messages)

    def send(self, _message: str) -> None:
        pass

    def detach(self) -> tuple[socket.socket, bytes]:
        return self._connection.dup(), b""


def upgrade(session: Session, connection: socket.socket) -> None:
    environ = {
        "HTTP_CONNECTION": "Upgrade",
        "HTTP_UPGRADE": "websocket",
        "wsgi.websocket": Upgrading(connection),
    }
    session.handle_get_request(environ, lambda *_: None)


def test_what_a_poll_is_answered_counts_beyond_an_upgrade(
    server: socketio.Server,
    session: Session,
    pair: tuple[socket.socket, socket.socket],
):
    session.connected = True
    session.send(Packet(MESSAGE, data="x" * 1000))
    answer = begin_poll(session)
    upgrade(session, pair[0])
    assert session.upgraded
    assert server.eio.ledger.size > 1000

    answer.close()

    assert server.eio.ledger.size == 0
    session.close()


def test_a_session_that_is_cut_off_while_it_upgrades_keeps_no_connection(
    server: socketio.Server,
    session: Session,
    pair: tuple[socket.socket, socket.socket],
):
    server.eio.ledger = Ledger(1000 + 3 * PARCEL_BYTES)
    before = Link.open_count
    session.connected = True
    session.send(Packet(MESSAGE, data="x" * 900))
    answer = begin_poll(session)
    session.send(Packet(MESSAGE, data="x" * 10))
    pair[0].setblocking(False)
    with suppress(BlockingIOError):
        while True:
            pair[0].send(b"x" * 1000)

    upgrade(session, pair[0])

    answer.close()
    assert session.closed
    assert Link.open_count == before
    assert server.eio.ledger.size == 0


def test_a_poll_during_an_upgrade_is_told_to_wait(session: Session):
    session.upgrading = True

    (packet,) = session.handle_get_request({}, lambda *_: None)

    assert packet.encode() == "6"


@pytest.fixture
def told(server: socketio.Server, session: Session) -> list[bool]:
    """Whether the client of the session is here, whenever that changes."""
    changes: list[bool] = []
    connect(server, session.sid)
    server.manager.on_presence = lambda _sid, here: changes.append(here)
    return changes


def test_a_client_that_has_not_polled_for_a_while_is_away_until_it_polls(
    server: socketio.Server,
    session: Session,
    told: list[bool],
    monkeypatch: pytest.MonkeyPatch,
):
    session.send(Packet(MESSAGE, data="hello"))
    poll(session)
    session.miss()
    assert told == []

    monkeypatch.setattr(sessions, "ABSENCE_SECONDS", 0)
    session.miss()
    session.miss()
    assert told == [False]
    assert list(server.eio.away) == [session.sid]

    session.send(Packet(MESSAGE, data="hello"))
    poll(session)
    assert told == [False, True]
    assert server.eio.away == {}


def test_a_session_that_ends_is_not_away(
    server: socketio.Server,
    session: Session,
    told: list[bool],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(sessions, "ABSENCE_SECONDS", 0)
    session.miss()
    session.close(abort=True)
    session.miss()

    assert told == [False]
    assert server.eio.away == {}


def test_the_presence_of_a_client_that_has_not_connected_is_nobodys_business(
    server: socketio.Server, session: Session, monkeypatch: pytest.MonkeyPatch
):
    server.manager.on_presence = lambda *_: pytest.fail("nobody is here")
    monkeypatch.setattr(sessions, "ABSENCE_SECONDS", 0)

    session.miss()

    assert session.away


def test_a_session_that_nobody_wants_is_sent_elsewhere(
    server: socketio.Server, session: Session
):
    session.leave_unless_wanted()

    assert session.closed


def test_a_session_that_is_kept_stays(server: socketio.Server, session: Session):
    server.manager.keep(connect(server, session.sid))
    session.leave_unless_wanted()

    assert not session.closed
    server.manager.keep("no such client")


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(patient(5))
        yield ours, theirs


@pytest.fixture
def websocket(pair: tuple[socket.socket, socket.socket]) -> Iterator[WebSocket]:
    with pair[0].makefile("rb") as rfile:
        handler = SimpleNamespace(socket=pair[0], rfile=rfile, logger=Handler.logger)
        yield WebSocket({}, Stream(handler), handler, max_message_bytes=100)


def test_closing_says_goodbye_and_ends_the_connection(
    websocket: WebSocket, pair: tuple[socket.socket, socket.socket]
):
    websocket.close(1001, "going away")
    websocket.close()

    assert pair[1].recv(100) == b"\x88\x0c\x03\xe9going away"
    assert pair[1].recv(100) == b""


def test_a_read_that_takes_longer_than_the_timeout_ends_the_websocket(
    websocket: WebSocket,
):
    websocket.settimeout(0.01)
    websocket.handler.server = SimpleNamespace(application=None)

    assert websocket.receive() is None
    assert websocket.closed
