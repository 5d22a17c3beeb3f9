"""Tokens over HTTP: a new one for a refresh token, and all of them taken back."""

from typing import Any

from app.auth import service
from app.auth.access import Access, allow, current_identity
from app.auth.schemas import AdminTokenSchema
from app.errors import CannotSign, Forbidden, Unauthenticated
from app.openapi import Blueprint

auth = Blueprint("auth", __name__, url_prefix="/api/auth", description="Tokens")


@auth.post("/refresh")
@allow(Access.REFRESH)
@auth.response(200, AdminTokenSchema)
@auth.refuses(Unauthenticated, Forbidden, CannotSign, 429)
def refresh() -> dict[str, Any]:
    """Answer a new access token to a refresh token."""
    identity = current_identity()
    standing = service.check_in_force(identity)
    token = service.issue_access_token(identity.subject, standing)
    return {"admin_token": token.encoded, "admin_token_expires_at": token.expires_at}


@auth.post("/revoke")
@allow(Access.OWNER)
@auth.response(204)
@auth.refuses(Unauthenticated, Forbidden, 429)
def revoke() -> None:
    """End every token of the caller, those of its operators included."""
    service.revoke_owner(current_identity().subject)
