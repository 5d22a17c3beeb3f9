"""The command line, through Flask's: `flask --app wsgi room create "Main hall"`."""

import json
import uuid
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from marshmallow import ValidationError
from sqlalchemy import select

from app import clock
from app.auth import service as auth
from app.auth.identity import is_subject, owner_holder
from app.clock import Instant
from app.config import Settings
from app.errors import DomainError, Forbidden
from app.extensions import db, wired
from app.ops.timekeeper import set_clock
from app.rooms import operators, upkeep
from app.rooms.aggregate import Room
from app.rooms.command import COMMAND_LINE
from app.rooms.commands.rooms import new_room
from app.rooms.commands.undo import undo
from app.rooms.log import Log
from app.rooms.model import RoomRow
from app.rooms.schemas import MAX_REVISION, RoomInput

_DAY_MS = 24 * 60 * 60 * 1000


@with_appcontext
def _set_clock() -> None:
    set_clock(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's documented way to the application itself


rooms = AppGroup(
    "room",
    help="Create, list and prune rooms, read their logs, undo; after a restore, lift.",
    callback=_set_clock,
)
tokens = AppGroup("token", help="Issue tokens.", callback=_set_clock)
settings_group = AppGroup("settings", help="Show the settings.")


def init_app(app: Flask) -> None:
    """Add the commands to Flask's own."""
    for group in (rooms, tokens, settings_group):
        app.cli.add_command(group)


@rooms.command("create")
@click.argument("name")
@click.option("--description", default="", help="What the room is for.")
@click.option("--owner", help="The subject that owns it; by default a new one.")
def create_room(name: str, description: str, owner: str | None) -> None:
    """Create a room and print it with its owner's tokens, as JSON."""
    try:
        given = RoomInput().load({"name": name, "description": description})
    except ValidationError as error:
        field, (message, *_) = next(iter(error.messages_dict.items()))
        raise click.BadParameter(message, param_hint=field) from error
    subject = auth.new_owner() if owner is None else owner
    if not is_subject(subject):
        raise click.BadParameter("Not a subject of tokens.", param_hint="owner")
    issued = _issued(subject)
    room = wired("changes").create(new_room(subject, **given), COMMAND_LINE)
    _print({**_facts(room), **issued})


@rooms.command("list")
@click.option("--owner", help="Only this subject's rooms.")
def list_rooms(owner: str | None) -> None:
    """Print the rooms, newest first, one JSON object a line."""
    query = select(RoomRow).order_by(RoomRow.created_at.desc())
    if owner is not None:
        query = query.where(RoomRow.owner_id == owner)
    for room in db.session.scalars(query):
        _print(_facts(room))


@rooms.command("prune")
@click.option("--days", type=click.IntRange(1), default=30, show_default=True)
@click.confirmation_option(prompt="Delete the rooms that nobody changed for so long?")
def prune_rooms(days: int) -> None:
    """Delete the rooms in which nothing changed for so many days."""
    before = Instant(clock.now() - days * _DAY_MS)
    click.echo(f"Deleted {upkeep.prune_rooms(wired('changes'), before)} rooms.")


@rooms.command("log")
@click.argument("room_id", type=click.UUID)
@click.option("--after", type=click.IntRange(0), default=0, help="A revision.")
def print_log(room_id: uuid.UUID, after: int) -> None:
    """Print a room's log, one JSON object a line, with the actors' full names.

    Also of a room that is gone, as long as the log is kept.
    """
    log: Log = wired("log")
    for entries in log.pages(room_id, min(after, MAX_REVISION)):
        for entry in entries:
            click.echo(entry.as_json(entry.actor))


@rooms.command("undo")
@click.argument("room_id", type=click.UUID)
@click.option(
    "--revision",
    type=click.IntRange(1, MAX_REVISION),
    help="What to undo; by default the command line's own latest command.",
)
def undo_in_room(room_id: uuid.UUID, revision: int | None) -> None:
    """Undo one revision of a room and print the room, as JSON."""
    command = undo(room_id, COMMAND_LINE, revision)
    try:
        room = wired("changes").make(command, COMMAND_LINE).accepted().room
    except Forbidden as error:
        raise click.ClickException("There is no such room.") from error
    except DomainError as error:
        raise click.ClickException(error.detail) from error
    _print(_facts(room))


@rooms.command("restored")
def lift_restored_rooms() -> None:
    """After a restore: make every screen take what the database now holds.

    Gives each room a revision beyond any that clients may have seen, which those need
    that do not know of restores. Running servers tell their viewers within 5 s.
    """
    click.echo(f"Lifted {upkeep.lift_revisions(wired('changes'))} rooms.")


@tokens.command("issue")
@click.argument("room_id", type=click.UUID)
@click.option("--operator", is_flag=True, help="For an operator of this room alone.")
def issue_token(room_id: uuid.UUID, operator: bool) -> None:
    """Print new tokens for a room's owner, or one for an operator, as JSON."""
    room = db.session.get(RoomRow, room_id)
    if room is None:
        raise click.ClickException("There is no such room.")
    if not operator:
        _print(_issued(room.owner_id))
        return
    try:
        token = operators.issue_token(wired("changes"), COMMAND_LINE, room_id)
    except DomainError as error:
        raise click.ClickException(error.detail) from error
    _print({"operatorToken": token.encoded, "expiresAt": token.expires_at})


@settings_group.command("show")
def show_settings() -> None:
    """Print every setting in force; secrets and passwords are hidden."""
    settings: Settings = wired("settings")
    for name, value in settings.public().items():
        click.echo(f"{name}={value}")


def _issued(subject: str) -> dict[str, Any]:
    standing = auth.standing_of([owner_holder(subject)])
    try:
        access = auth.issue_access_token(subject, standing)
        refresh = auth.issue_refresh_token(subject, standing)
    except DomainError as error:
        raise click.ClickException(error.detail) from error
    return {
        "adminToken": access.encoded,
        "adminTokenExpiresAt": access.expires_at,
        "refreshToken": refresh.encoded,
    }


def _facts(room: Room | RoomRow) -> dict[str, Any]:
    return {
        "id": str(room.id),
        "name": room.name,
        "shareToken": room.share_token,
        "revision": room.revision,
        "updatedAt": room.updated_at,
    }


def _print(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))
