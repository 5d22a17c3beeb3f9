"""A repeated command answers the first answer (`Idempotency-Key`).

The key is claimed in the command's own transaction: either the command and its answer
are stored together, or neither. The header follows the IETF draft
"The Idempotency-Key HTTP Header Field". Only who has the key can read the answer: the
database holds neither of them in clear.
"""

import hashlib
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Response, request
from sqlalchemy import BigInteger, String, Text, delete
from sqlalchemy.orm import Mapped, mapped_column

from app import instants
from app.database import insert_into, savepoint, transaction
from app.errors import (
    DomainError,
    IdempotencyKeyReused,
    InvalidField,
    Unauthenticated,
)
from app.extensions import Model, db, wired
from app.instants import Instant
from app.problems import render_refusal

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
KEPT_MS = 24 * 60 * 60 * 1000
# The wired `caller` of a request without a token: whoever else shares the address has
# the same, so that the key alone keeps their answers apart.
ANONYMOUS_PREFIX = "address:"
SHORTEST_ANONYMOUS_KEY = 16
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")

View = TypeVar("View", bound=Callable[..., Any])


class IdempotencyKey(Model):
    """The first answer to a caller's command with a key; `None` while it runs.

    `key` is the key's name, and `headers` and `body` are sealed with it: see `_Seal`.
    """

    __tablename__ = "idempotency_keys"

    caller: Mapped[str] = mapped_column(String(300), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    headers: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(BigInteger, index=True)


@dataclass(frozen=True)
class _Seal:
    """What a key is called in the database, and the cipher of its answer."""

    name: str
    cipher: Fernet

    def close(self, text: str) -> str:
        return self.cipher.encrypt(text.encode()).decode()

    def open(self, sealed: str | None) -> str:
        return self.cipher.decrypt(sealed or "").decode()


def idempotent(view: View) -> View:
    """Run a route once for each key of a caller, within 24 hours.

    A repeat answers what the first call answered, refusals of the product included
    (409, 412, ...); input that was not understood (400, 422) takes no key.

    Raises:
        InvalidField: the key is not 1 to 255 visible ASCII characters, or is too
            short for a caller without a token.
        IdempotencyKeyReused: the key came with another request before.
    """

    @wraps(view)
    def once(*args: Any, **kwargs: Any) -> Any:
        key = request.headers.get(HEADER)
        if key is None:
            return view(*args, **kwargs)
        caller = wired("caller")()
        _check(key, caller)
        with transaction():
            return _first_answer(caller, key, lambda: view(*args, **kwargs))

    return once  # type: ignore[return-value]


def prune(before: Instant) -> int:
    """Forget the keys claimed before an instant; answer how many."""
    with transaction():
        result = db.session.execute(
            delete(IdempotencyKey).where(IdempotencyKey.created_at < before)
        )
    return int(result.rowcount)  # type: ignore[attr-defined]


def _check(key: str, caller: str) -> None:
    if not _KEY.fullmatch(key):
        raise InvalidField(HEADER, "It must be 1 to 255 visible ASCII characters.")
    if caller.startswith(ANONYMOUS_PREFIX) and len(key) < SHORTEST_ANONYMOUS_KEY:
        raise InvalidField(
            HEADER,
            f"Without a token it must have at least {SHORTEST_ANONYMOUS_KEY} "
            "characters, such as a new UUID.",
        )


def _seal(caller: str, key: str) -> _Seal:
    # Both come of the key, and neither tells the other nor the key.
    derived = HKDF(SHA256(), 64, salt=caller.encode(), info=b"idempotency").derive(
        key.encode()
    )
    return _Seal(derived[:32].hex(), Fernet(urlsafe_b64encode(derived[32:])))


def _first_answer(caller: str, key: str, act: Callable[[], Response]) -> Response:
    seal, fingerprint = _seal(caller, key), _fingerprint()
    claimed = _claim(caller, seal.name, fingerprint)
    stored = db.session.get_one(IdempotencyKey, (caller, seal.name))
    if not claimed:
        return _replay(stored, fingerprint, seal)
    try:
        with savepoint():
            response = act()
    except Unauthenticated:
        # The token was taken back while the command waited: that takes no key, as it
        # takes none when the request comes with such a token.
        raise
    except DomainError as refusal:
        response = render_refusal(refusal)
    headers = {
        name: response.headers[name]
        for name in _KEPT_HEADERS
        if name in response.headers
    }
    stored.status = response.status_code
    stored.headers = seal.close(json.dumps(headers))
    stored.body = seal.close(response.get_data(as_text=True))
    return response


def _claim(caller: str, name: str, fingerprint: str) -> bool:
    # Waits for a first call that is still running, by the unique key's own lock.
    now = instants.now()
    row = insert_into(IdempotencyKey).values(
        caller=caller, key=name, fingerprint=fingerprint, created_at=now
    )
    renewed = {
        column: row.excluded[column]
        for column in ("fingerprint", "status", "headers", "body", "created_at")
    }
    claimed = db.session.execute(
        row.on_conflict_do_update(
            index_elements=[IdempotencyKey.caller, IdempotencyKey.key],
            set_=renewed,
            where=IdempotencyKey.created_at < now - KEPT_MS,
        ).returning(IdempotencyKey.key)
    )
    return claimed.first() is not None


def _replay(stored: IdempotencyKey, fingerprint: str, seal: _Seal) -> Response:
    if stored.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    response = Response(seal.open(stored.body), stored.status)
    response.headers.update(json.loads(seal.open(stored.headers)))
    response.headers[REPLAYED_HEADER] = "true"
    return response


def _fingerprint() -> str:
    parts = (
        request.method.encode(),
        request.path.encode(),
        request.headers.get("If-Match", "").encode(),
        request.get_data(),
    )
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
