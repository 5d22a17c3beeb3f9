"""A command finds the world as it is under the lock, not as it was looked up."""

import uuid

import pytest

from app.auth.identity import identity_of
from app.errors import Forbidden, InvalidTransition
from app.timers import service
from tests.api.people import claims_of


@pytest.fixture
def owner(room):
    """Who owns the room."""
    return identity_of(claims_of(room.admin_token))


@pytest.fixture
def found(app, owner, timer):
    """The timer, as a command looked it up before others overtook it."""
    with app.app_context():
        yield service.timer_for(owner, uuid.UUID(timer["id"]))


COMMANDS = {
    "start": service.start_timer,
    "pause": service.pause_timer,
    "reset": service.reset_timer,
    "delete": service.delete_timer,
    "update": lambda owner, timer: service.update_timer(
        owner, timer, {"title": "Late"}
    ),
}
every_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)


@every_command
def test_a_timer_that_was_deleted_meanwhile_is_out_of_reach(
    api, room, owner, found, command
):
    api.delete_timer(room, {"id": str(found.id)})
    revision = api.state(room.share_token)["revision"]

    with pytest.raises(Forbidden):
        command(owner, found)
    assert api.state(room.share_token)["revision"] == revision


@every_command
def test_a_room_that_was_deleted_meanwhile_is_out_of_reach(
    api, room, owner, found, command
):
    api.delete_room(room)

    with pytest.raises(Forbidden):
        command(owner, found)


def test_a_pause_meets_the_reset_that_came_before_it(api, room, timer, owner, found):
    api.start(room, timer)
    api.reset(room, timer)

    with pytest.raises(InvalidTransition):
        service.pause_timer(owner, found)


def test_a_start_meets_the_new_duration(api, room, timer, owner, found):
    api.update_timer(room, timer, duration=90_000)
    started = service.start_timer(owner, found)

    assert started.ends_at == started.started_at + 90_000


def test_of_two_starts_the_first_counts(api, room, timer, owner, found):
    first = api.start(room, timer)
    second = service.start_timer(owner, found)

    assert second.ends_at == first["endsAt"]
    assert second.revision == first["revision"]
