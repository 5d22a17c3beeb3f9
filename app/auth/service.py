"""Issue tokens and take them back."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from flask_jwt_extended import create_access_token, create_refresh_token
from sqlalchemy import bindparam, select

from app import clock
from app.auth.identity import (
    CLAIM_GENERATIONS,
    CLAIM_OWNER,
    CLAIM_ROLE,
    CLAIM_ROOM,
    Identity,
    Revocation,
    Role,
    Standing,
    owner_holder,
    room_holder,
)
from app.auth.model import TokenGeneration
from app.auth.tokens import validity
from app.clock import Instant
from app.config import Settings
from app.db.transaction import Database
from app.errors import CannotSign, Unauthenticated
from app.extensions import db, wired

_GENERATIONS = select(
    TokenGeneration.holder, TokenGeneration.generation, TokenGeneration.revoked_at
).where(TokenGeneration.holder.in_(bindparam("holders", expanding=True)))


_REVOKE = """INSERT INTO token_generations (holder, generation, revoked_at)
  VALUES (%(holder)s, 1, %(now)s) ON CONFLICT (holder) DO UPDATE
  SET generation = token_generations.generation + 1, revoked_at = excluded.revoked_at"""


@dataclass(frozen=True)
class Token:
    """A token and the instant at which it expires."""

    encoded: str
    expires_at: Instant


def new_owner() -> str:
    """Return the subject of an owner that no token names yet."""
    return str(uuid.uuid4())


def issue_access_token(subject: str, standing: Standing) -> Token:
    """Return a token with which an owner commands.

    It is ended by each revocation that `standing` does not count yet, so that one who
    asks for a token beside a revocation gets none that survives it.

    Raises:
        CannotSign: the server has no secret of its own.
    """
    settings = _signing_settings()
    ttl = timedelta(milliseconds=settings.access_token_ttl_ms)
    signed = _signed(standing, owner_holder(subject))
    claims = {CLAIM_GENERATIONS: signed, **validity(ttl)}
    encoded = create_access_token(subject, additional_claims=claims, expires_delta=ttl)
    return _token(encoded, ttl)


def issue_refresh_token(subject: str, standing: Standing) -> Token:
    """Return a token with which an owner gets new access tokens.

    Raises:
        CannotSign: the server has no secret of its own.
    """
    settings = _signing_settings()
    ttl = timedelta(milliseconds=settings.refresh_token_ttl_ms)
    signed = _signed(standing, owner_holder(subject))
    claims = {CLAIM_GENERATIONS: signed, **validity(ttl)}
    encoded = create_refresh_token(subject, additional_claims=claims, expires_delta=ttl)
    return _token(encoded, ttl)


def issue_operator_token(
    room_id: uuid.UUID, owner_id: str, standing: Standing
) -> Token:
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
        CLAIM_GENERATIONS: _signed(standing, *holders),
        **validity(ttl),
    }
    subject = f"operator:{uuid.uuid4()}"
    encoded = create_access_token(subject, additional_claims=claims, expires_delta=ttl)
    return _token(encoded, ttl)


def check_can_sign() -> None:
    """Refuse where the server has no secret of its own.

    Raises:
        CannotSign: it has none.
    """
    _signing_settings()


def _signed(standing: Standing, *holders: str) -> dict[str, int]:
    return {
        holder: standing[holder].generation for holder in holders if holder in standing
    }


def revoke_owner(subject: str) -> None:
    """End every token of an owner, those of the owner's operators included."""
    _revoke(owner_holder(subject))


def revoke_operators(room_id: uuid.UUID) -> None:
    """End every operator's token of a room."""
    _revoke(room_holder(str(room_id)))


def standing_of(holders: Iterable[str]) -> Standing:
    """Return the revocations that there were of these holders' tokens."""
    rows = db.session.execute(_GENERATIONS, {"holders": list(holders)}).all()
    # Its connection goes back: who held one while asking for another could wait for
    # those who do the same.
    db.session.rollback()
    return {row.holder: Revocation(row.generation, row.revoked_at) for row in rows}


def check_in_force(identity: Identity) -> Standing:
    """Refuse the holder of a verified token that has been taken back by now.

    Return the revocations that it was compared with.

    Raises:
        Unauthenticated: the token has been taken back.
    """
    standing = standing_of(identity.issue.holders)
    if identity.issue.is_taken_back(standing):
        raise Unauthenticated("The token has been taken back.")
    return standing


def _revoke(holder: str) -> None:
    database: Database = wired("database")
    with database.transaction() as transaction:
        revoked = {"holder": holder, "now": int(clock.now())}
        transaction.write(_REVOKE, revoked)


def _signing_settings() -> Settings:
    settings: Settings = wired("settings")
    if settings.jwt_secret is None:
        raise CannotSign
    return settings


def _token(encoded: str, ttl: timedelta) -> Token:
    lifetime = int(ttl.total_seconds() * 1000)
    return Token(encoded, Instant(clock.now() + lifetime))
