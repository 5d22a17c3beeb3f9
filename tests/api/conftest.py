"""Fixtures of the API tests: a show and the people around it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.api.people import operator_of
from tests.support.api import Api, Room
from tests.support.responses import Response
from tests.support.senders import in_process


@pytest.fixture
def room(api: Api) -> Room:
    """A room of an owner of its own."""
    return api.create_room("Main stage")


@pytest.fixture
def timer(api: Api, room: Room) -> dict[str, Any]:
    """A timer of a minute in `room`."""
    return api.create_timer(room, "Opening", 60_000)


@pytest.fixture
def foreign(api: Api) -> Room:
    """A room of somebody else."""
    return api.create_room("Somebody else's")


@pytest.fixture
def operator(api: Api, room: Room) -> str:
    """The token of an operator of `room`."""
    return operator_of(api, room)


@pytest.fixture
def send(app: Flask) -> Callable[..., Response]:
    """Sends a body as it is: `send(method, path, body, token, content_type)`."""
    carry = in_process(app.test_client())

    def send(
        method: str,
        path: str,
        body: bytes | None = None,
        token: str | None = None,
        content_type: str | None = "application/json",
    ) -> Response:
        described = {"Content-Type": content_type} if content_type else {}
        identity = {"Authorization": f"Bearer {token}"} if token else {}
        return carry(method, path, described | identity, body)

    return send
