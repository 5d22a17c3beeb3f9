"""What all commands have in common over HTTP."""

from collections.abc import Callable
from typing import Any, TypeVar

import marshmallow as ma

from app.auth.access import Access, allow, current_identity, optional_identity
from app.auth.ratelimits import limit_commands
from app.errors import DomainError, Forbidden, RoomMovedOn, Unauthenticated
from app.extensions import wired
from app.idempotency import idempotent
from app.openapi import Blueprint
from app.preconditions import expected_revision
from app.rooms.aggregate import Loaded
from app.rooms.change import Changes, Outcome
from app.rooms.command import Actor, Command

View = TypeVar("View", bound=Callable[..., Any])

_ALWAYS = (Unauthenticated, Forbidden, RoomMovedOn, 429)
_WITH_A_BODY = (400, 413, 415, 422)


def command(  # noqa: PLR0913 - each is told by its name
    blueprint: Blueprint,
    *,
    status: int = 200,
    access: Access = Access.OPERATOR,
    body: type[ma.Schema] | None = None,
    answer: type[ma.Schema] | None = None,
    refuses: tuple[type[DomainError], ...] = (),
    once: bool = True,
) -> Callable[[View], View]:
    """Make a view the route of a command.

    In this order it asks whether the token is good, counts the command for the limits,
    acts once for each `Idempotency-Key`, and reads the whole body. Nothing is held so
    far; what the database knows is asked by `make`, under the room's lock.

    Args:
        blueprint: where it is registered.
        status: of its answer.
        access: who may send it.
        body: what it is sent.
        answer: what it answers; nothing where it is None.
        refuses: the refusals of its own, for the OpenAPI document.
        once: whether an `Idempotency-Key` makes it act once.
    """

    def decorate(view: View) -> View:
        view = blueprint.refuses(*_ALWAYS, *(_WITH_A_BODY if body else ()), *refuses)(
            blueprint.response(status, answer)(view)
        )
        if body is not None:
            view = blueprint.arguments(body)(view)
        if once:
            view = idempotent(view, may_replay)
        return allow(access, asks=False)(limit_commands(view))

    return decorate


def make(command: Command) -> Loaded:
    """Do what the caller commands; return the room as it is then.

    Raises:
        DomainError: the command is refused.
    """
    return outcome_of(command).accepted()


def outcome_of(command: Command) -> Outcome:
    """Do what the caller commands; return what became of it."""
    changes: Changes = wired("changes")
    return changes.make(command, current_actor(), expected=expected_revision())


def current_actor() -> Actor:
    """Return who sends the request; only on routes that ask for a token."""
    identity = current_identity()
    return Actor(identity.actor, identity)


def may_replay() -> None:
    """Refuse an answer that is kept to whose token was taken back, if there is one."""
    if optional_identity() is None:
        return
    changes: Changes = wired("changes")
    # In the transaction of the key: a second connection might not be had.
    changes.check_in_force(current_actor())
