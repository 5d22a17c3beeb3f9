"""Those who send requests, besides owners: operators and whoever forges a token."""

import json
from collections.abc import Mapping
from typing import Any

import jwt

from app.clock import now
from tests.support.api import Api, Room

SECRET = "a secret that only the tests know, and long enough"


def operator_of(api: Api, room: Room) -> str:
    """Return the token of a new operator of a room."""
    answer = api.request("POST", f"/api/rooms/{room.id}/tokens", token=room.admin_token)
    assert answer.status == 201, answer.text
    return answer.json["operatorToken"]


def claims_of(token: str) -> dict[str, Any]:
    """Return what a token says, whoever signed it."""
    return jwt.decode(token, options={"verify_signature": False})


def signed(
    claims: Mapping[str, Any] | None = None,
    key: Any = SECRET,
    algorithm: str = "HS256",
    **more: Any,
) -> str:
    """Return a token with these claims; `sub`, `iat` and `exp` unless they are given.

    A claim that is `...` is left out. Strange claims are signed as they are, which
    PyJWT's own `encode` refuses.
    """
    issued = now() // 1000
    # Some seconds old, as tokens of a provider are.
    usual = {"sub": "ada", "iat": issued - 5, "exp": issued + 600}
    given = {**usual, **(claims or {}), **more}
    kept = {name: value for name, value in given.items() if value is not ...}
    return jwt.PyJWS().encode(json.dumps(kept).encode(), key, algorithm)
