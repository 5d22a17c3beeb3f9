"""A repeated command answers the first answer (`Idempotency-Key`).

The key is claimed in the command's own transaction: either the command and its answer
are stored together, or neither. The header follows the IETF draft
"The Idempotency-Key HTTP Header Field".
"""

import hashlib
import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Response, request
from sqlalchemy import BigInteger, String, Text, delete
from sqlalchemy.orm import Mapped, mapped_column

from app import instants
from app.database import insert_into, savepoint, transaction
from app.errors import DomainError, IdempotencyKeyReused, InvalidField
from app.extensions import Model, db, wired
from app.instants import Instant
from app.problems import render_refusal

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
KEPT_MS = 24 * 60 * 60 * 1000
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEPT_HEADERS = ("Content-Type", "Location", "ETag")

View = TypeVar("View", bound=Callable[..., Any])


class IdempotencyKey(Model):
    """The first answer to a caller's command with a key; `None` while it runs."""

    __tablename__ = "idempotency_keys"

    caller: Mapped[str] = mapped_column(String(300), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    headers: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(BigInteger, index=True)


def idempotent(view: View) -> View:
    """Run a route once for each key of a caller, within 24 hours.

    A repeat answers what the first call answered, refusals of the product included
    (409, 412, ...); input that was not understood (400, 422) takes no key.

    Raises:
        InvalidField: the key is not 1 to 255 visible ASCII characters.
        IdempotencyKeyReused: the key came with another request before.
    """

    @wraps(view)
    def once(*args: Any, **kwargs: Any) -> Any:
        key = request.headers.get(HEADER)
        if key is None:
            return view(*args, **kwargs)
        if not _KEY.fullmatch(key):
            raise InvalidField(HEADER, "It must be 1 to 255 visible ASCII characters.")
        with transaction():
            return _first_answer(key, lambda: view(*args, **kwargs))

    return once  # type: ignore[return-value]


def prune(before: Instant) -> int:
    """Forget the keys claimed before an instant; answer how many."""
    with transaction():
        result = db.session.execute(
            delete(IdempotencyKey).where(IdempotencyKey.created_at < before)
        )
    return int(result.rowcount)  # type: ignore[attr-defined]


def _first_answer(key: str, act: Callable[[], Response]) -> Response:
    caller, fingerprint = wired("caller")(), _fingerprint()
    claimed = _claim(caller, key, fingerprint)
    stored = db.session.get_one(IdempotencyKey, (caller, key))
    if not claimed:
        return _replay(stored, fingerprint)
    try:
        with savepoint():
            response = act()
    except DomainError as refusal:
        response = render_refusal(refusal)
    stored.status = response.status_code
    stored.headers = json.dumps(
        {
            name: response.headers[name]
            for name in _KEPT_HEADERS
            if name in response.headers
        }
    )
    stored.body = response.get_data(as_text=True)
    return response


def _claim(caller: str, key: str, fingerprint: str) -> bool:
    # Waits for a first call that is still running, by the unique key's own lock.
    now = instants.now()
    row = insert_into(IdempotencyKey).values(
        caller=caller, key=key, fingerprint=fingerprint, created_at=now
    )
    renewed = {
        name: row.excluded[name]
        for name in ("fingerprint", "status", "headers", "body", "created_at")
    }
    claimed = db.session.execute(
        row.on_conflict_do_update(
            index_elements=[IdempotencyKey.caller, IdempotencyKey.key],
            set_=renewed,
            where=IdempotencyKey.created_at < now - KEPT_MS,
        ).returning(IdempotencyKey.key)
    )
    return claimed.first() is not None


def _replay(stored: IdempotencyKey, fingerprint: str) -> Response:
    if stored.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    response = Response(stored.body, stored.status)
    response.headers.update(json.loads(stored.headers or "{}"))
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
