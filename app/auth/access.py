"""Who may call a route: every route says so, and nothing else checks tokens."""

import secrets
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

from flask import current_app, g, request
from flask_jwt_extended import get_jwt, verify_jwt_in_request
from flask_jwt_extended.exceptions import JWTExtendedException, NoAuthorizationError
from jwt import ExpiredSignatureError, PyJWTError

from app.auth.identity import (
    CLAIM_GENERATIONS,
    Identity,
    Role,
    is_subject,
    owner_holder,
)
from app.auth.service import check_in_force
from app.auth.tokens import check_validity
from app.auth.verified import VerifiedTokens
from app.config import Settings
from app.errors import Forbidden, Unauthenticated
from app.extensions import wired

View = TypeVar("View", bound=Callable[..., Any])


class Access(StrEnum):
    """Who may call a route."""

    ANYONE = "anyone"
    SHARE_TOKEN = "share-token"  # noqa: S105 - the name of a rule, not a secret
    OPTIONAL = "optional"
    OPERATOR = "operator"
    OWNER = "owner"
    REFRESH = "refresh"
    MONITOR = "monitor"


_TOKEN_OPTIONAL = (Access.OPTIONAL, Access.MONITOR)


def allow(access: Access, *, asks: bool = True) -> Callable[[View], View]:
    """Let only `access` call the route.

    `OPERATOR` and `OWNER` ask for a token of at least that role; whether the thing is
    the caller's is for what loads it to say. `OPTIONAL` accepts a
    request without a token but refuses one with a bad token. `SHARE_TOKEN` routes
    carry their own permission in the address. `MONITOR` routes ask for the
    `METRICS_TOKEN` where it is set; without one they ask for nothing in development,
    and for any token in production.

    Whether the token was taken back is asked of the database first; without `asks` the
    route does that itself, under the lock of what it changes.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            _check(access, asks=asks)
            return view(*args, **kwargs)

        guarded.access = access  # type: ignore[attr-defined]
        if access not in (Access.ANYONE, Access.SHARE_TOKEN):
            _document_token(guarded, optional=access in _TOKEN_OPTIONAL)
        return guarded  # type: ignore[return-value]

    return decorate


def current_identity() -> Identity:
    """Return who sends this request; only on routes that ask for a token."""
    identity: Identity = g.identity
    return identity


def optional_identity() -> Identity | None:
    """Return who sends this request, where it carried a token."""
    identity: Identity | None = g.get("identity")
    return identity


def verified_subject() -> str | None:
    """Return the subject of the request's token if its signature holds, else None.

    The token must be of the kind that the route asks for, access or refresh. Asks no
    database, so that rate limits can be counted before anything else.
    """
    if "identity" in g:
        return current_identity().subject
    subject = _signed_claims().get("sub")
    return subject if is_subject(subject) else None


def signed_generation() -> int:
    """Return how often the subject's tokens had been revoked when this was issued.

    Of a verified token of ours; 0 for any other. Tokens that were taken back, which
    only the database could tell, differ by it from those that are in force.
    """
    claims = _signed_claims()
    generations = claims.get(CLAIM_GENERATIONS)
    if not isinstance(generations, dict):
        return 0
    generation = generations.get(owner_holder(str(claims.get("sub"))), 0)
    return generation if isinstance(generation, int) else 0


def _signed_claims() -> dict[str, Any]:
    if "signed_claims" not in g:
        view = current_app.view_functions.get(request.endpoint or "")
        refresh = getattr(view, "access", None) is Access.REFRESH
        try:
            verified = verify_jwt_in_request(
                optional=True, refresh=refresh, skip_revocation_check=True
            )
            g.signed_claims = {} if verified is None else verified[1]
        except (JWTExtendedException, PyJWTError, Unauthenticated):
            g.signed_claims = {}
    claims: dict[str, Any] = g.signed_claims
    return claims


def _check(access: Access, *, asks: bool) -> None:
    if access in (Access.ANYONE, Access.SHARE_TOKEN):
        return
    if access is Access.MONITOR and _monitors():
        return
    identity = _verified_identity(
        optional=access is Access.OPTIONAL, refresh=access is Access.REFRESH
    )
    if identity is None:
        return
    if asks:
        check_in_force(identity)
    if access in (Access.OWNER, Access.REFRESH) and identity.role is not Role.OWNER:
        raise Forbidden("Only the owner may do this.")
    g.identity = identity


def _monitors() -> bool:
    settings: Settings = wired("settings")
    token = settings.metrics_token
    if token is None:
        return not settings.production
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secrets.compare_digest(
        sent.encode(), token.encode()
    ):
        return True
    # It alone opens: whoever may command a room has no business in the statistics.
    raise Unauthenticated("Send the METRICS_TOKEN: Authorization: Bearer ...")


def _verified_identity(*, optional: bool, refresh: bool) -> Identity | None:
    try:
        return _identity(optional=optional, refresh=refresh)
    except NoAuthorizationError as error:
        raise Unauthenticated("Send a token: Authorization: Bearer ...") from error
    except ExpiredSignatureError as error:
        raise Unauthenticated("The token has expired.") from error
    except (JWTExtendedException, PyJWTError) as error:
        raise Unauthenticated("The token is not accepted here.") from error


def _identity(*, optional: bool, refresh: bool) -> Identity | None:
    verified: VerifiedTokens = wired("verified_tokens")
    sent = request.headers.get("Authorization", "")
    known = verified.get(sent, refresh=refresh)
    if known is not None:
        claims, identity = known
        check_validity(claims)
        return identity
    verify_jwt_in_request(
        optional=optional, refresh=refresh, skip_revocation_check=True
    )
    claims = get_jwt()
    return verified.keep(sent, claims, refresh=refresh) if claims else None


def _document_token(view: Any, *, optional: bool) -> None:
    security: list[dict[str, list[str]]] = [{"bearer": []}]
    if optional:
        security.append({})
    documented = {**getattr(view, "_apidoc", {})}
    documented["manual_doc"] = {
        **documented.get("manual_doc", {}),
        "security": security,
    }
    view._apidoc = documented  # noqa: SLF001 - flask-smorest's own place for it
