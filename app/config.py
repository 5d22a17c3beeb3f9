"""The settings: sole reader of the environment, typed, validated at start."""

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit, urlunsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from limits import parse as parse_limit

from app.instance import DEFAULT, make_private, make_private_file

T = TypeVar("T")

SECRET_BYTES = 32
LOG_LEVELS = ("debug", "info", "warning", "error")


class InvalidSettingsError(Exception):
    """Settings that the server cannot start with.

    Attributes:
        problems: a sentence for each wrong value, each naming its variable.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an operations person may set; `docs/operations.md` explains each.

    Attributes are named after their environment variables, in lower case. Lengths of
    time are in milliseconds.
    """

    app_env: Literal["development", "production"]
    host: str
    port: int
    database_url: str
    redis_url: str | None
    jwt_secret: str | None
    jwt_public_key: str | None
    jwt_issuer: str | None
    jwt_audience: str | None
    access_token_ttl_ms: int
    refresh_token_ttl_ms: int
    operator_token_ttl_ms: int
    cors_origin: tuple[str, ...]
    log_level: str
    log_retention_days: int
    rate_limit_enabled: bool
    rate_limit_window_ms: int
    rate_limit_max_requests: int
    rate_limit_commands: str
    rate_limit_room_commands: str
    rate_limit_rooms: str
    web_concurrency: int
    worker_connections: int
    machine_id: str
    graceful_timeout_ms: int
    trusted_proxies: int
    allow_anonymous_rooms: bool
    metrics_token: str | None
    instance_path: Path

    @property
    def production(self) -> bool:
        """Whether this server carries real shows."""
        return self.app_env == "production"

    @property
    def on_sqlite(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url.startswith("sqlite")

    def public(self) -> dict[str, str]:
        """Return every setting as text by variable, secrets and passwords hidden."""
        return {
            field.name.upper(): _shown(field.name, getattr(self, field.name))
            for field in fields(self)
        }


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environ` (the process's environment by default).

    In development a missing `JWT_SECRET` is made once and kept in the instance folder.

    Raises:
        InvalidSettingsError: names every wrong value at once.
    """
    reader = _Reader(os.environ if environ is None else environ)
    settings = _read(reader)
    reader.problems += _contradictions(settings, reader)
    if reader.problems:
        raise InvalidSettingsError(reader.problems)
    return settings


class _Reader:
    """Collects a problem for each variable that cannot be read."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def text(self, name: str, default: T) -> str | T:
        return self._environ.get(name, "").strip() or default

    def parsed(self, name: str, default: T, parse: Callable[[str], T]) -> T:
        value = self.text(name, None)
        if value is None:
            return default
        try:
            return parse(value)
        except ValueError as error:
            self.problems.append(f"{name}: {error} (it is {_quoted(name, value)}).")
            return default

    def number(self, name: str, default: int, low: int, high: int) -> int:
        return self.parsed(name, default, lambda value: _whole(value, low, high))


def _read(reader: _Reader) -> Settings:
    environment = reader.parsed("APP_ENV", "development", _environment)
    production = environment == "production"
    instance = Path(reader.text("INSTANCE_PATH", str(DEFAULT)))
    day = 24 * 60 * 60 * 1000
    return Settings(
        app_env="production" if production else "development",
        host=reader.text("HOST", "0.0.0.0" if production else "127.0.0.1"),  # noqa: S104 - a server in production is there to be reached
        port=reader.number("PORT", 3000, 1, 65535),
        database_url=reader.parsed(
            "DATABASE_URL", f"sqlite:///{instance / 'timers.db'}", _database_url
        ),
        redis_url=reader.parsed("REDIS_URL", None, _redis_url),
        jwt_secret=_secret(reader, instance, production=production),
        jwt_public_key=reader.parsed("JWT_PUBLIC_KEY", None, _public_key),
        jwt_issuer=reader.text("JWT_ISSUER", None),
        jwt_audience=reader.text("JWT_AUDIENCE", None),
        access_token_ttl_ms=reader.number(
            "ACCESS_TOKEN_TTL_MS", day, 60_000, 365 * day
        ),
        refresh_token_ttl_ms=reader.number(
            "REFRESH_TOKEN_TTL_MS", 90 * day, 60_000, 3650 * day
        ),
        operator_token_ttl_ms=reader.number(
            "OPERATOR_TOKEN_TTL_MS", 7 * day, 60_000, 365 * day
        ),
        cors_origin=reader.parsed("CORS_ORIGIN", ("http://localhost:5173",), _origins),
        log_level=reader.parsed("LOG_LEVEL", "info", _log_level),
        log_retention_days=reader.number("LOG_RETENTION_DAYS", 90, 1, 3650),
        rate_limit_enabled=reader.parsed("RATE_LIMIT_ENABLED", True, _boolean),
        rate_limit_window_ms=reader.number(
            "RATE_LIMIT_WINDOW_MS", 60_000, 1000, 30 * day
        ),
        rate_limit_max_requests=reader.number("RATE_LIMIT_MAX_REQUESTS", 100, 1, 10**9),
        rate_limit_commands=reader.parsed(
            "RATE_LIMIT_COMMANDS", "100 per 10 seconds", _rate
        ),
        rate_limit_room_commands=reader.parsed(
            "RATE_LIMIT_ROOM_COMMANDS", "300 per 10 seconds", _rate
        ),
        rate_limit_rooms=reader.parsed("RATE_LIMIT_ROOMS", "5 per minute", _rate),
        web_concurrency=reader.number("WEB_CONCURRENCY", 1, 1, 256),
        worker_connections=reader.number("WORKER_CONNECTIONS", 10_000, 10, 1_000_000),
        machine_id=reader.parsed("MACHINE_ID", "a", _machine_id),
        graceful_timeout_ms=reader.number("GRACEFUL_TIMEOUT_MS", 30_000, 1000, 600_000),
        trusted_proxies=reader.number("TRUSTED_PROXIES", 0, 0, 10),
        allow_anonymous_rooms=reader.parsed(
            "ALLOW_ANONYMOUS_ROOMS", not production, _boolean
        ),
        metrics_token=reader.text("METRICS_TOKEN", None),
        instance_path=instance,
    )


def _contradictions(settings: Settings, reader: _Reader) -> list[str]:
    problems = []
    if settings.production and reader.text("DATABASE_URL", None) is None:
        problems.append(
            "DATABASE_URL: production needs a database, "
            "such as postgresql://user:password@host/name."
        )
    if settings.jwt_secret is not None:
        if len(settings.jwt_secret.encode()) < SECRET_BYTES:
            problems.append(f"JWT_SECRET: it needs at least {SECRET_BYTES} bytes.")
    elif settings.jwt_public_key is None:
        problems.append(
            f"JWT_SECRET: production needs a secret of at least {SECRET_BYTES} bytes, "
            "or JWT_PUBLIC_KEY of an identity provider."
        )
    if settings.production and settings.jwt_public_key is not None:
        # A provider signs for many applications with one key: without these, a token
        # that it made for another one would command rooms here.
        problems += [
            f"{name}: with JWT_PUBLIC_KEY production needs the `{claim}` "
            "of the tokens that the identity provider makes for this server."
            for name, claim, value in (
                ("JWT_ISSUER", "iss", settings.jwt_issuer),
                ("JWT_AUDIENCE", "aud", settings.jwt_audience),
            )
            if value is None
        ]
    if settings.web_concurrency > 1 and settings.redis_url is None:
        problems.append(
            "WEB_CONCURRENCY: more than one worker needs REDIS_URL, "
            "such as redis://localhost:6379/0, or viewers miss each other's changes."
        )
    if settings.web_concurrency > 1 and settings.on_sqlite:
        problems.append(
            "WEB_CONCURRENCY: SQLite serves one worker; "
            "set DATABASE_URL to a PostgreSQL database."
        )
    return problems


def _secret(reader: _Reader, instance: Path, *, production: bool) -> str | None:
    secret = reader.text("JWT_SECRET", None)
    if secret is not None or production:
        return secret
    kept = instance / "jwt-secret"
    make_private(instance)
    if not kept.exists():
        made = instance / f"jwt-secret.{os.getpid()}"
        make_private_file(made)
        made.write_text(secrets.token_urlsafe(48))
        try:
            # A link appears whole or not at all: two first starts agree on one secret.
            kept.hardlink_to(made)
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return kept.read_text().strip()


def _whole(value: str, low: int, high: int) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", value) or not low <= int(value) <= high:
        raise ValueError(f"it must be a whole number from {low} to {high}")
    return int(value)


def _boolean(value: str) -> bool:
    if value.lower() in ("1", "true", "yes", "on"):
        return True
    if value.lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError("it must be true or false")


def _environment(value: str) -> str:
    if value not in ("development", "production"):
        raise ValueError("it must be development or production")
    return value


def _log_level(value: str) -> str:
    if value.lower() not in LOG_LEVELS:
        raise ValueError(f"it must be one of {', '.join(LOG_LEVELS)}")
    return value.lower()


def _machine_id(value: str) -> str:
    if not re.fullmatch("[a-z0-9]{1,16}", value):
        raise ValueError("it must be 1 to 16 lower-case letters and digits")
    return value


def _rate(value: str) -> str:
    try:
        parse_limit(value)
    except ValueError as error:
        raise ValueError("it must read like '100 per 10 seconds'") from error
    return value


def _origins(value: str) -> tuple[str, ...]:
    origins = tuple(part.strip().rstrip("/") for part in value.split(",") if part)
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path:
            raise ValueError(
                "it must list origins such as https://show.example, never '*'"
            )
    return origins


def _database_url(value: str) -> str:
    # SQLAlchemy 2.1 reads a plain postgresql:// as psycopg 3, which is not installed.
    for plain in ("postgresql://", "postgres://"):
        if value.startswith(plain):
            return "postgresql+psycopg2://" + value.removeprefix(plain)
    if value.startswith(("postgresql+psycopg2://", "sqlite:///")):
        return value
    raise ValueError("it must begin with postgresql:// or sqlite:///")


def _redis_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        raise ValueError("it must begin with redis:// or rediss:// and name a host")
    return value


def _public_key(value: str) -> str:
    # Environment files cannot hold line breaks, so "\n" stands for one.
    key = value.replace("\\n", "\n")
    try:
        read = load_pem_public_key(key.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("it must be a PEM public key") from error
    p256 = isinstance(read, EllipticCurvePublicKey) and isinstance(
        read.curve, SECP256R1
    )
    if not p256 and not isinstance(read, RSAPublicKey):
        raise ValueError("it must be an RSA key or one on the curve P-256")
    return key


# The public key is among them in case somebody pasted the private one.
_SECRETS = ("jwt_secret", "jwt_public_key", "metrics_token")


def _shown(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in _SECRETS:
        return "(hidden)"
    if name.endswith("_url"):
        return without_password(str(value))
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(name: str, value: str) -> str:
    return repr(_shown(name.lower(), value))


def without_password(url: str) -> str:
    """Return `url` with its password replaced, fit for logs."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    user, _, address = parts.netloc.rpartition("@")
    return urlunsplit(
        parts._replace(netloc=f"{user.partition(':')[0]}:(hidden)@{address}")
    )
