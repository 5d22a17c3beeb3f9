"""Which tokens have been taken back."""

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model


class TokenGeneration(Model):
    """How often the tokens of one holder have been revoked; no row means never.

    A holder is an owner (`owner:<subject>`) or the operators of a room
    (`room:<id>`). `revoked_at` (ms since the epoch, UTC) ends the tokens of an
    identity provider, which know no generation.
    """

    __tablename__ = "token_generations"

    holder: Mapped[str] = mapped_column(String(300), primary_key=True)
    generation: Mapped[int]
    revoked_at: Mapped[int] = mapped_column(BigInteger)
