"""Fixtures: people with browsers, before servers that run as in production."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import Api, Room
from tests.support.browser import Chromium, Person
from tests.support.environment import ROOT
from tests.support.server import Server
from tests.support.services import ExternalPostgres, Postgres, Valkey
from tests.support.waiting import patient_ms

WORKERS = 2

expect.set_options(timeout=patient_ms(5_000))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """The run's browser."""
    with Chromium() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def stage_server(
    postgres: Postgres | ExternalPostgres, postgres_template: str
) -> Iterator[Server]:
    """Two workers on PostgreSQL and Redis, for tests that do no harm to them."""
    name = f"test_{uuid.uuid4().hex[:16]}"
    database = postgres.create_database(name, postgres_template)
    with Valkey() as redis, Server(database, redis.url, workers=WORKERS) as server:
        server.wait_for_workers(WORKERS)
        yield server
    postgres.drop_database(name)


@pytest.fixture
def person_at(chromium: Chromium) -> Iterator[Callable[..., Person]]:
    """Gives somebody a browser: `person_at(server, **options of the context)`.

    At the end nobody has complained, but of what was to be expected
    (`Person.expect_complaints`).
    """
    people: list[Person] = []

    def person(server: Server, **options: object) -> Person:
        people.append(Person(chromium.browser, server.base_url, **options))
        return people[-1]

    yield person
    for one in people:
        one.close()
    assert [each for one in people for each in one.unexpected_complaints()] == []


@dataclass
class Show:
    """A room with a desk open; `api` and `room` command it beside the desk."""

    server: Server
    api: Api
    room: Room
    person: Person
    desk: Page

    @property
    def viewer_path(self) -> str:
        """Where its viewers look."""
        return f"/r/{self.room.share_token}"


@pytest.fixture
def show_at(person_at: Callable[..., Person]) -> Callable[..., Show]:
    """Opens a room's desk: `show_at(server)`, by the link that holds its token."""

    def opened(server: Server, **options: object) -> Show:
        api = server.api()
        room = api.create_room()
        person = person_at(server, **options)
        path = f"/r/{room.share_token}/operate#token={room.admin_token}"
        desk = person.open(path)
        desk.get_by_role("button", name="+ Add a timer").wait_for()
        return Show(server, api, room, person, desk)

    return opened


@pytest.fixture
def stage(show_at: Callable[..., Show], stage_server: Server) -> Show:
    """A show on the shared server."""
    return show_at(stage_server)


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where pictures of the pages go."""
    folder = ROOT / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
