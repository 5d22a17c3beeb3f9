"""Tokens on the wire."""

from marshmallow import fields

from app.payloads import Payload, instant


class AdminTokenSchema(Payload):
    """An owner's access token."""

    admin_token = fields.String(metadata={"description": "The owner's access token."})
    admin_token_expires_at = instant("When the access token expires")


class OwnerTokensSchema(AdminTokenSchema):
    """Both tokens of an owner."""

    refresh_token = fields.String(metadata={"description": "Gets new access tokens."})
