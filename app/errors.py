"""The catalogue of domain errors; knows neither HTTP frameworks nor sockets.

Each error has a `code` that clients may rely on, the HTTP status that says the same,
and a `detail` that tells the person in front of the screen what to do.
"""

from typing import Any, ClassVar


class DomainError(Exception):
    """A request that the product refuses; nothing was changed.

    Attributes:
        code: the stable name of the refusal, in kebab case.
        status: the HTTP status that renders it.
        title: the refusal in a few words, the same for each occurrence.
        detail: what happened this time, and what to do about it.
        errors: messages by the name of what they are about, where the refusal is
            about certain fields; else None.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    title: ClassVar[str]

    def __init__(
        self, detail: str | None = None, errors: dict[str, Any] | None = None
    ) -> None:
        self.detail = detail or self.title
        self.errors = errors
        super().__init__(self.detail)


class NotFound(DomainError):
    """The thing does not exist, or the caller may not know that it does."""

    code = "not-found"
    status = 404
    title = "There is nothing here, or it is not yours."


class Forbidden(DomainError):
    """The caller may see the thing but not do this to it."""

    code = "forbidden"
    status = 403
    title = "Your token does not allow this."


class Unauthenticated(DomainError):
    """No token, or one that this server does not accept."""

    code = "unauthenticated"
    status = 401
    title = "This needs a valid token."


class InvalidTransition(DomainError):
    """The timer's status does not allow the command."""

    code = "invalid-transition"
    status = 409
    title = "The timer's status does not allow this."


class TimerActive(DomainError):
    """The duration of a running or paused timer cannot be edited."""

    code = "timer-active"
    status = 409
    title = "Reset the timer before changing its duration."


class LimitReached(DomainError):
    """The room is full."""

    code = "limit-reached"
    status = 409
    title = "The room cannot hold more."


class RoomMovedOn(DomainError):
    """`If-Match` names a revision that is no longer the room's."""

    code = "room-moved-on"
    status = 412
    title = "The room has changed since the revision that you named."


class NothingToUndo(DomainError):
    """The caller has made no command that is not undone."""

    code = "nothing-to-undo"
    status = 409
    title = "You have changed nothing here that is not undone already."


class CannotBeUndone(DomainError):
    """The revision is none that an undo takes back."""

    code = "cannot-be-undone"
    status = 409
    title = "This cannot be undone."


class Overtaken(DomainError):
    """What was to be undone has been changed since; `errors` names the fields."""

    code = "overtaken"
    status = 409
    title = "What was to be undone has been changed since."


class InvalidField(DomainError):
    """A field's value, by its name on the wire, is well-formed but not acceptable."""

    code = "invalid-field"
    status = 422
    title = "A field's value cannot be accepted."

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail, {field: [detail]})


class IdempotencyKeyReused(DomainError):
    """The same `Idempotency-Key` came with another request."""

    code = "idempotency-key-reused"
    status = 422
    title = "This Idempotency-Key was used for another request."


class CannotSign(DomainError):
    """The server verifies an identity provider's tokens but has no key of its own."""

    code = "cannot-sign"
    status = 409
    title = "This server cannot issue tokens: set JWT_SECRET."
