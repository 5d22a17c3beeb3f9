"""Which key verifies a token, and when it is valid."""

from datetime import timedelta
from typing import Any

from flask import Flask
from jwt.exceptions import ExpiredSignatureError, ImmatureSignatureError

from app import clock
from app.auth.verified import VerifiedTokens
from app.config import Settings
from app.errors import Unauthenticated
from app.extensions import jwt, wired

_OURS = "HS256"
_PROVIDERS = ("RS256", "ES256")
# A provider's clock may be a little ahead of ours (RFC 7519, sections 4.1.5, 4.1.6).
NOT_YET_LEEWAY_SECONDS = 10


def init_app(app: Flask, settings: Settings) -> None:
    """Accept our own HS256 tokens and, where its key is set, a provider's.

    The algorithm in a token's header chooses the key, so that a public key never
    verifies an HMAC (RFC 8725, section 2.1).
    """
    algorithms = [_OURS] if settings.jwt_secret else []
    if settings.jwt_public_key:
        algorithms += _PROVIDERS
    app.config.update(
        JWT_SECRET_KEY=settings.jwt_secret,
        JWT_ALGORITHM=_OURS,
        JWT_DECODE_ALGORITHMS=algorithms,
        JWT_ENCODE_ISSUER=settings.jwt_issuer,
        JWT_DECODE_ISSUER=settings.jwt_issuer,
        JWT_ENCODE_AUDIENCE=settings.jwt_audience,
        JWT_DECODE_AUDIENCE=settings.jwt_audience,
        # PyJWT knows the machine's clock only: `_is_valid_now` compares instead of it.
        JWT_DECODE_LEEWAY=float("inf"),
        JWT_TOKEN_LOCATION=["headers"],
        JWT_COOKIE_CSRF_PROTECT=False,
    )
    app.extensions["verified_tokens"] = VerifiedTokens()
    jwt.init_app(app)


def validity(ttl: timedelta) -> dict[str, int]:
    """Return the claims that say from when until when a token is valid.

    By the server's clock, where Flask-JWT-Extended would take the machine's.
    """
    now = clock.now()
    issued, ends = now // 1000, (now + ttl // timedelta(milliseconds=1)) // 1000
    return {"iat": issued, "nbf": issued, "exp": ends}


@jwt.token_verification_loader
def _is_valid_now(_header: dict[str, Any], claims: dict[str, Any]) -> bool:
    check_validity(claims)
    return True


def check_validity(claims: dict[str, Any]) -> None:
    """Refuse a verified token that has expired, or is not valid yet.

    Raises:
        ExpiredSignatureError, ImmatureSignatureError: PyJWT's own.
    """
    # PyJWT has seen to it that these are numbers.
    now = clock.now()
    if int(claims["exp"]) * 1000 <= now:
        raise ExpiredSignatureError("Signature has expired")
    valid_from = max(int(claims.get(name, 0)) for name in ("iat", "nbf"))
    if valid_from * 1000 > now + NOT_YET_LEEWAY_SECONDS * 1000:
        raise ImmatureSignatureError("The token is not yet valid")


@jwt.decode_key_loader
def _key_for(header: dict[str, Any], claims: dict[str, Any]) -> str:
    # Checked here, before the signature, for Flask-JWT-Extended cannot require it. A
    # token that never expires could only be ended by revoking all of its owner's.
    if "exp" not in claims:
        raise Unauthenticated("The token has no `exp`: it must expire.")
    settings: Settings = wired("settings")
    provided = header.get("alg") in _PROVIDERS
    key = settings.jwt_public_key if provided else settings.jwt_secret
    if key is None:
        raise Unauthenticated("This server does not accept the token's algorithm.")
    return key
