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
from typing import Any, NamedTuple, TypeVar

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Response, request
from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app import clock
from app.clock import Instant
from app.db.transaction import Database, Transaction
from app.errors import (
    DomainError,
    IdempotencyKeyReused,
    InvalidField,
    Unauthenticated,
)
from app.extensions import Model, wired
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


@dataclass(frozen=True)
class _Claim:
    """A caller's request with a key."""

    caller: str
    seal: _Seal
    fingerprint: str

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "caller": self.caller,
            "key": self.seal.name,
            "fingerprint": self.fingerprint,
        }


class _Kept(NamedTuple):
    """What is kept for a key; no status while the first call runs."""

    fingerprint: str
    status: int | None
    headers: str
    body: str


# A key that has expired is claimed like one that was never used.
_CLAIM = """INSERT INTO idempotency_keys (caller, key, fingerprint, created_at)
  VALUES (%(caller)s, %(key)s, %(fingerprint)s, %(now)s)
  ON CONFLICT (caller, key) DO UPDATE SET fingerprint = excluded.fingerprint,
  status = NULL, headers = NULL, body = NULL, created_at = excluded.created_at
  WHERE idempotency_keys.created_at < %(expired)s"""
_OF_KEY = "WHERE caller = %(caller)s AND key = %(key)s"
_READ = f"SELECT fingerprint, status, headers, body FROM idempotency_keys {_OF_KEY}"  # noqa: S608 - text of ours
_KEEP = f"""UPDATE idempotency_keys
  SET status = %(status)s, headers = %(headers)s, body = %(body)s {_OF_KEY}"""  # noqa: S608 - text of ours
_GIVE_BACK = f"DELETE FROM idempotency_keys {_OF_KEY}"  # noqa: S608 - text of ours
_PRUNE = "DELETE FROM idempotency_keys WHERE created_at < %(before)s RETURNING 1"


def idempotent(view: View, may_replay: Callable[[], None]) -> View:
    """Run a route once for each key of a caller, within 24 hours.

    A repeat answers what the first call answered, refusals of the product included
    (409, 412, ...); input that was not understood (400, 422) takes no key.

    Args:
        view: the route.
        may_replay: raises a `DomainError` if the caller may not have an answer that is
            kept: the route itself asks that only the first time.

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
        claim = _Claim(caller, _seal(caller, key), _fingerprint())
        return _first_answer(claim, lambda: view(*args, **kwargs), may_replay)

    return once  # type: ignore[return-value]


def prune(before: Instant) -> int:
    """Forget the keys claimed before an instant; answer how many."""
    database: Database = wired("database")
    with database.transaction() as transaction:
        forgotten = transaction.ask([_PRUNE], {"before": before})
    return len(forgotten)


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


def _first_answer(
    claim: _Claim, act: Callable[[], Response], may_replay: Callable[[], None]
) -> Response:
    database: Database = wired("database")
    with database.transaction() as transaction:
        kept = _claim(transaction, claim)
        if kept is not None:
            may_replay()
            return _replay(kept, claim)
        try:
            response = act()
        except Unauthenticated as refusal:
            # The token was taken back while the command waited: that takes no key, as
            # it takes none when the request comes with such a token.
            transaction.write(_GIVE_BACK, claim.parameters)
            not_in_force = refusal
        except DomainError as refusal:
            return _keep(transaction, claim, render_refusal(refusal))
        else:
            return _keep(transaction, claim, response)
    # What time owed in the room is committed all the same.
    raise not_in_force


def _claim(transaction: Transaction, claim: _Claim) -> _Kept | None:
    """Claim a key, or return what is kept for it.

    Waits for a first call that is still running, by the unique key's own lock.
    """
    now = clock.now()
    parameters = claim.parameters | {"now": now, "expired": now - KEPT_MS}
    row = transaction.ask([_CLAIM, _READ], parameters)[0]
    return None if row[1] is None else _Kept(*row)


def _keep(transaction: Transaction, claim: _Claim, response: Response) -> Response:
    headers = {
        name: response.headers[name]
        for name in _KEPT_HEADERS
        if name in response.headers
    }
    answer = {
        "status": response.status_code,
        "headers": claim.seal.close(json.dumps(headers)),
        "body": claim.seal.close(response.get_data(as_text=True)),
    }
    transaction.write(_KEEP, claim.parameters | answer)
    return response


def _replay(kept: _Kept, claim: _Claim) -> Response:
    if kept.fingerprint != claim.fingerprint:
        raise IdempotencyKeyReused
    response = Response(claim.seal.open(kept.body), kept.status)
    response.headers.update(json.loads(claim.seal.open(kept.headers)))
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
