"""Issue tokens and take them back."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_jwt_extended import create_access_token, create_refresh_token
from sqlalchemy import bindparam, select

from app import instants
from app.auth.identity import (
    CLAIM_GENERATIONS,
    CLAIM_OWNER,
    CLAIM_ROLE,
    CLAIM_ROOM,
    Identity,
    Role,
    owner_holder,
    room_holder,
)
from app.auth.model import TokenGeneration
from app.auth.tokens import validity
from app.config import Settings
from app.database import insert_into, transaction
from app.errors import CannotSign, Unauthenticated
from app.extensions import db, wired
from app.instants import Instant

# Asked at every request with a token: built once.
_GENERATIONS = select(
    TokenGeneration.holder, TokenGeneration.generation, TokenGeneration.revoked_at
).where(TokenGeneration.holder.in_(bindparam("holders", expanding=True)))


@dataclass(frozen=True)
class Token:
    """A token and the instant at which it expires."""

    encoded: str
    expires_at: Instant


def new_owner() -> str:
    """Return the subject of an owner that no token names yet."""
    return str(uuid.uuid4())


def issue_access_token(subject: str) -> Token:
    """Return a token with which an owner commands.

    Raises:
        CannotSign: the server has no secret of its own.
    """
    settings = _signing_settings()
    ttl = timedelta(milliseconds=settings.access_token_ttl_ms)
    generation = generations([owner_holder(subject)])
    claims = {CLAIM_GENERATIONS: generation, **validity(ttl)}
    encoded = create_access_token(subject, additional_claims=claims, expires_delta=ttl)
    return _token(encoded, ttl)


def issue_refresh_token(subject: str) -> Token:
    """Return a token with which an owner gets new access tokens.

    Raises:
        CannotSign: the server has no secret of its own.
    """
    settings = _signing_settings()
    ttl = timedelta(milliseconds=settings.refresh_token_ttl_ms)
    generation = generations([owner_holder(subject)])
    claims = {CLAIM_GENERATIONS: generation, **validity(ttl)}
    encoded = create_refresh_token(subject, additional_claims=claims, expires_delta=ttl)
    return _token(encoded, ttl)


def issue_operator_token(room_id: uuid.UUID, owner_id: str) -> Token:
    """Return a token for an operator of one room.

    Raises:
        CannotSign: the server has no secret of its own.
    """
    settings = _signing_settings()
    ttl = timedelta(milliseconds=settings.operator_token_ttl_ms)
    holders = [room_holder(str(room_id)), owner_holder(owner_id)]
    claims = {
        CLAIM_ROLE: Role.OPERATOR.value,
        CLAIM_ROOM: str(room_id),
        CLAIM_OWNER: owner_id,
        CLAIM_GENERATIONS: generations(holders),
        **validity(ttl),
    }
    subject = f"operator:{uuid.uuid4()}"
    encoded = create_access_token(subject, additional_claims=claims, expires_delta=ttl)
    return _token(encoded, ttl)


def revoke_owner(subject: str) -> None:
    """End every token of an owner, those of the owner's operators included."""
    _revoke(owner_holder(subject))


def revoke_operators(room_id: uuid.UUID) -> None:
    """End every operator's token of a room."""
    _revoke(room_holder(str(room_id)))


def generations(holders: list[str]) -> dict[str, int]:
    """Return the current generation of each holder's tokens."""
    return {holder: row.generation for holder, row in _revocations(holders).items()}


def check_in_force(identity: Identity) -> None:
    """Refuse the holder of a verified token that has been taken back by now.

    A token of ours is compared by generation, one of an identity provider by the
    instant of its issue. Whoever issues a token to a holder asks once more after that:
    a token takes the generation of the moment, which a revocation that came since the
    request was let in has already raised.

    Raises:
        Unauthenticated: the token has been taken back.
    """
    if _is_revoked(identity):
        raise Unauthenticated("The token has been taken back.")


def _is_revoked(identity: Identity) -> bool:
    issue = identity.issue
    revocations = _revocations(list(issue.holders))
    signed = issue.generations
    if signed is not None:
        return any(
            signed.get(holder, 0) != row.generation
            for holder, row in revocations.items()
        )
    return any(issue.issued_at <= row.revoked_at for row in revocations.values())


def _revocations(holders: list[str]) -> dict[str, Any]:
    rows = db.session.execute(_GENERATIONS, {"holders": holders})
    return {row.holder: row for row in rows}


def _revoke(holder: str) -> None:
    with transaction():
        now = instants.now()
        row = insert_into(TokenGeneration).values(
            holder=holder, generation=1, revoked_at=now
        )
        db.session.execute(
            row.on_conflict_do_update(
                index_elements=[TokenGeneration.holder],
                set_={
                    "generation": TokenGeneration.generation + 1,
                    "revoked_at": now,
                },
            )
        )


def _signing_settings() -> Settings:
    settings: Settings = wired("settings")
    if settings.jwt_secret is None:
        raise CannotSign
    return settings


def _token(encoded: str, ttl: timedelta) -> Token:
    lifetime = int(ttl.total_seconds() * 1000)
    return Token(encoded, Instant(instants.now() + lifetime))
