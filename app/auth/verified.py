"""Tokens whose signature this worker has verified.

Who sends a hundred commands sends the same token a hundred times, and its signature
does not change.
"""

from typing import Any

from app.auth.identity import Identity, identity_of
from app.caches import ByteBoundedCache

KEPT_BYTES = 2 * 1024 * 1024
# What a token's claims take as objects, about, beside its text.
_OBJECTS = 4


class VerifiedTokens:
    """Claims and holders by the header that brought them, bounded in bytes.

    Whether a token is still valid, or was taken back, is asked anew each time.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: ByteBoundedCache[
            tuple[str, bool], tuple[dict[str, Any], Identity]
        ] = ByteBoundedCache(KEPT_BYTES)

    def get(
        self, authorization: str, *, refresh: bool
    ) -> tuple[dict[str, Any], Identity] | None:
        """Return a verified token's claims and its holder, if it is known."""
        return self._kept.get((authorization, refresh))

    def keep(
        self, authorization: str, claims: dict[str, Any], *, refresh: bool
    ) -> Identity:
        """Keep the claims of a token that was verified; return its holder.

        Raises:
            Unauthenticated: the claims name a role or a room that this server lacks.
        """
        identity = identity_of(claims)
        size = _OBJECTS * len(authorization)
        self._kept.put((authorization, refresh), (claims, identity), size)
        return identity
