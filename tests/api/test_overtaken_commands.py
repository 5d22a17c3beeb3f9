"""A command finds the world as it is under the lock, not as it was looked up."""

import uuid

import pytest

from app.auth.identity import identity_of
from app.errors import Forbidden, InvalidTransition
from app.rooms.command import Actor
from app.rooms.commands import playback, timers
from tests.api.people import claims_of


@pytest.fixture
def commanded(app, room, timer):
    """Does a command of the owner's to the timer, past the routes."""
    owner = identity_of(claims_of(room.admin_token))

    def commanded(command, *arguments):
        actor = Actor(owner.actor, owner)
        to_do = command(uuid.UUID(timer["id"]), *arguments)
        return app.extensions["changes"].make(to_do, actor).accepted().timer

    return commanded


COMMANDS = {
    "start": (playback.start_timer,),
    "pause": (playback.pause_timer,),
    "reset": (playback.reset_timer,),
    "delete": (timers.delete_timer,),
    "edit": (timers.update_timer, {"title": "Late"}),
}
every_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)


@every_command
def test_a_timer_that_was_deleted_meanwhile_is_out_of_reach(
    api, room, timer, commanded, command
):
    api.delete_timer(room, timer)
    revision = api.state(room.share_token)["revision"]

    with pytest.raises(Forbidden):
        commanded(*command)
    assert api.state(room.share_token)["revision"] == revision


@every_command
def test_a_room_that_was_deleted_meanwhile_is_out_of_reach(
    api, room, commanded, command
):
    api.delete_room(room)

    with pytest.raises(Forbidden):
        commanded(*command)


def test_a_pause_meets_the_reset_that_came_before_it(api, room, timer, commanded):
    api.start(room, timer)
    api.reset(room, timer)

    with pytest.raises(InvalidTransition):
        commanded(playback.pause_timer)


def test_a_start_meets_the_new_duration(api, room, timer, commanded):
    api.update_timer(room, timer, duration=90_000)
    started = commanded(playback.start_timer)

    assert started.ends_at == started.started_at + 90_000


def test_of_two_starts_the_first_counts(api, room, timer, commanded):
    first = api.start(room, timer)
    second = commanded(playback.start_timer)

    assert second.ends_at == first["endsAt"]
    assert second.revision == first["revision"]
