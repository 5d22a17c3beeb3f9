"""Who sends a request."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from app.errors import Unauthenticated

CLAIM_ROLE = "timer_role"
CLAIM_ROOM = "timer_room"
CLAIM_OWNER = "timer_owner"
CLAIM_GENERATIONS = "gen"
MAX_SUBJECT = 255
# What the database cannot hold, and so cannot be asked for either.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Role(StrEnum):
    """What a token's holder may do."""

    OWNER = "owner"
    OPERATOR = "operator"


class Revocation(NamedTuple):
    """How often, and when last, a holder's tokens were revoked."""

    generation: int
    revoked_at: int


Standing = Mapping[str, Revocation]
"""By holder, the revocations that there were."""


@dataclass(frozen=True)
class Issue:
    """What decides whether a token has been taken back since it was issued.

    Attributes:
        holders: those whose revocation ends the token.
        generations: of a token of ours, how often each holder's tokens had been revoked
            when it was issued; None for an identity provider's.
        issued_at: when it was issued (ms since the epoch), 0 where it does not say.
    """

    holders: tuple[str, ...] = ()
    generations: Mapping[str, Any] | None = None
    issued_at: int = 0

    def is_taken_back(self, standing: Standing) -> bool:
        """Tell whether one of the holders' revocations has ended the token.

        A token of ours is compared by generation, one of an identity provider by the
        instant of its issue.
        """
        ended = {each: standing[each] for each in self.holders if each in standing}
        if self.generations is not None:
            signed = self.generations
            return any(
                signed.get(holder, 0) != each.generation
                for holder, each in ended.items()
            )
        return any(self.issued_at <= each.revoked_at for each in ended.values())


@dataclass(frozen=True)
class Identity:
    """The holder of a verified token.

    Attributes:
        subject: the token's subject; for an owner, what `Room.owner_id` holds.
        role: what the holder may do.
        room_id: the one room of an operator.
        issue: by what the token can be taken back.
    """

    subject: str
    role: Role
    room_id: uuid.UUID | None = None
    issue: Issue = field(default=Issue(), compare=False)

    @property
    def actor(self) -> str:
        """The holder's name in the log: `owner:...` or `operator:...`."""
        prefix = f"{self.role.value}:"
        if self.role is Role.OPERATOR and self.subject.startswith(prefix):
            return self.subject
        return prefix + self.subject

    @property
    def generation(self) -> int:
        """How often the subject's tokens had been revoked when this was issued.

        0 for a token of an identity provider, which does not say.
        """
        generations = self.issue.generations or {}
        generation = generations.get(owner_holder(self.subject), 0)
        return generation if isinstance(generation, int) else 0

    @property
    def generations(self) -> str:
        """How often each holder's tokens had been revoked when this was issued."""
        signed = self.issue.generations or {}
        return ".".join(str(signed.get(holder, 0)) for holder in self.issue.holders)

    def may_operate(self, room_id: uuid.UUID, owner_id: str) -> bool:
        """Tell whether the holder may command the timers of a room."""
        if self.role is Role.OPERATOR:
            return self.room_id == room_id
        return self.subject == owner_id

    def may_own(self, owner_id: str) -> bool:
        """Tell whether the holder owns what belongs to `owner_id`."""
        return self.role is Role.OWNER and self.subject == owner_id


def identity_of(claims: dict[str, Any]) -> Identity:
    """Return the identity that a token's verified claims name.

    Raises:
        Unauthenticated: the claims name a role or a room that this server lacks.
    """
    subject = claims["sub"]
    if not is_subject(subject):
        raise Unauthenticated("The token's subject is empty, too long or not text.")
    role = claims.get(CLAIM_ROLE, Role.OWNER.value)
    if role == Role.OWNER:
        return Identity(subject, Role.OWNER, issue=_issue_of(claims))
    if role != Role.OPERATOR:
        raise Unauthenticated(f"The token's {CLAIM_ROLE} is not known here.")
    if not is_subject(claims.get(CLAIM_OWNER, subject)):
        raise Unauthenticated(f"The token's {CLAIM_OWNER} is not an owner.")
    try:
        room_id = uuid.UUID(str(claims.get(CLAIM_ROOM)))
    except ValueError:
        raise Unauthenticated(f"The token's {CLAIM_ROOM} is not a room.") from None
    return Identity(subject, Role.OPERATOR, room_id, _issue_of(claims))


def _issue_of(claims: dict[str, Any]) -> Issue:
    holders = tuple(holders_of(claims))
    generations = claims.get(CLAIM_GENERATIONS)
    if isinstance(generations, dict):
        return Issue(holders, generations)
    return Issue(holders, issued_at=int(claims.get("iat", 0)) * 1000)


def holders_of(claims: dict[str, Any]) -> list[str]:
    """Return the holders whose revocation ends a token with these claims."""
    if claims.get(CLAIM_ROLE, Role.OWNER.value) != Role.OPERATOR:
        return [owner_holder(claims["sub"])]
    # A provider may spell a room in its own way: upper case, without hyphens.
    room = uuid.UUID(str(claims.get(CLAIM_ROOM)))
    holders = [room_holder(str(room))]
    owner = claims.get(CLAIM_OWNER)
    return [*holders, owner_holder(owner)] if owner else holders


def owner_holder(subject: str) -> str:
    """Return the name under which an owner's tokens are revoked."""
    return f"owner:{subject}"


def room_holder(room_id: str) -> str:
    """Return the name under which the tokens of a room's operators are revoked."""
    return f"room:{room_id}"


def is_subject(subject: Any) -> bool:
    """Tell whether it can be the subject of a token, and be stored as an owner."""
    return (
        isinstance(subject, str)
        and 1 <= len(subject) <= MAX_SUBJECT
        and not _UNSTORABLE.search(subject)
    )
