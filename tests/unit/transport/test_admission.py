"""What is served under /socket.io/."""

import json
from typing import Any

import pytest

from app.transport.admission import Admission, guard
from app.transport.upgrades import Refusal

POLLING, WEBSOCKET = "EIO=4&transport=polling", "EIO=4&transport=websocket"


class Session:
    def __init__(self, engine: "Engine", *, upgraded: bool = False) -> None:
        self.closed = False
        self.connected = True
        self.upgraded = upgraded
        self._engine = engine

    def send_elsewhere(self) -> None:
        for table in (self._engine.sockets, self._engine.away):
            for sid in [sid for sid, each in table.items() if each is self]:
                del table[sid]


class Engine:
    """As much of Engine.IO as is asked."""

    def __init__(self) -> None:
        self.sockets: dict[str, Session] = {}
        self.away: dict[str, Session] = {}

    def handle_request(self, environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"served"]

    def _cors_headers(self, _environ: Any) -> list[tuple[str, str]]:
        return [("Access-Control-Allow-Credentials", "true")]


@pytest.fixture
def engine() -> Engine:
    made = Engine()
    made.sockets = {"polls": Session(made), "upgraded": Session(made, upgraded=True)}
    return made


@pytest.fixture
def admission(engine: Engine) -> Admission:
    return Admission(engine, 3)


def request(query: str, method: str = "GET") -> dict[str, str]:
    environ = {"REQUEST_METHOD": method, "QUERY_STRING": query}
    upgrade = {"HTTP_UPGRADE": "WebSocket"} if "websocket" in query else {}
    return environ | upgrade


def code(refusal: Refusal | None) -> Any:
    return None if refusal is None else json.loads(refusal.body)["code"]


@pytest.mark.parametrize("query", [POLLING, WEBSOCKET, f"{POLLING}&sid=polls"])
def test_what_the_standard_client_asks_for_is_served(admission: Admission, query: str):
    assert admission.refusal(request(query)) is None


def test_a_session_may_become_a_websocket(admission: Admission):
    assert admission.refusal(request(f"{WEBSOCKET}&sid=polls")) is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("EIO=4", 0),
        ("EIO=4&transport=carrier-pigeon", 0),
        (f"{POLLING}&sid=unknown", 1),
        (f"{WEBSOCKET}&sid=unknown", 1),
        (f"{POLLING}&sid=upgraded", 3),
        (f"{WEBSOCKET}&sid=upgraded", 3),
        (f"{POLLING}&j=0", 3),
        ("transport=polling", 5),
        ("EIO=3&transport=polling", 5),
        ("EIO=3&transport=websocket", 5),
        ("EIO=4&EIO=3&transport=polling", 5),
    ],
)
def test_what_is_refused_is_refused_with_engine_ios_code(
    admission: Admission, query: str, expected: int
):
    refusal = admission.refusal(request(query))

    assert code(refusal) == expected
    assert refusal is not None
    assert refusal.status.startswith("400 ")


def test_a_websocket_is_asked_for_as_one(admission: Admission):
    plain = {"REQUEST_METHOD": "GET", "QUERY_STRING": WEBSOCKET}

    assert code(admission.refusal(plain)) == 3


def test_a_session_begins_with_a_get(admission: Admission):
    assert code(admission.refusal(request(POLLING, "POST"))) == 2


def test_a_session_whose_websocket_has_not_begun_gets_no_second_one(
    admission: Admission, engine: Engine
):
    engine.sockets["polls"].connected = False

    assert code(admission.refusal(request(f"{WEBSOCKET}&sid=polls"))) == 3


def test_where_there_is_no_room_a_session_does_not_begin(
    admission: Admission, engine: Engine
):
    engine.sockets["another"] = Session(engine)

    refusal = admission.refusal(request(POLLING))

    assert refusal is not None
    assert refusal.status.startswith("503 ")
    assert dict(refusal.all_headers())["Retry-After"].isdigit()
    # Those inside go on.
    assert admission.refusal(request(f"{POLLING}&sid=polls")) is None


def test_who_is_away_makes_room_the_longest_away_first(
    admission: Admission, engine: Engine
):
    engine.sockets["another"] = Session(engine)
    engine.away = {sid: engine.sockets[sid] for sid in ("another", "polls")}

    assert admission.refusal(request(POLLING)) is None

    assert set(engine.sockets) == {"polls", "upgraded"}


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        (request(POLLING), "200"),
        (request("EIO=3&transport=polling"), "400"),
        # Decided before its 101.
        (request("EIO=3&transport=websocket"), "200"),
        (request("", "OPTIONS"), "200"),
    ],
)
def test_what_is_not_admitted_does_not_reach_engine_io(
    engine: Engine, admission: Admission, environ: dict[str, str], status: str
):
    answered: list[Any] = []
    guard(engine, admission)

    body = engine.handle_request(environ, lambda *answer: answered.extend(answer))

    assert answered[0][:3] == status
    assert (body == [b"served"]) == (status == "200")
    if status == "400":
        # A page of another origin learns why.
        assert ("Access-Control-Allow-Credentials", "true") in answered[1]
