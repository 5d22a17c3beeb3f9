"""Rate limits by caller: a token's subject where there is one, else the address.

What viewers ask for is exempt: a hall full of them shares one address.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar, cast

from flask import Flask, Response, request
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.auth.access import verified_subject
from app.config import Settings
from app.extensions import limiter, wired
from app.idempotency import ANONYMOUS_PREFIX

View = TypeVar("View", bound=Callable[..., Any])

# A limit that waits for Redis makes a command wait: rather count in memory.
_REDIS_SECONDS = 0.1


def init_app(app: Flask, settings: Settings) -> None:
    """Count in Redis where there is one, and in memory while it is away."""
    app.config.update(
        RATELIMIT_ENABLED=settings.rate_limit_enabled,
        # A function, for the limiter keeps the first application's value for good.
        RATELIMIT_DEFAULT=_global_limit,
        RATELIMIT_STRATEGY="fixed-window",
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
        RATELIMIT_STORAGE_OPTIONS=_redis_options() if settings.redis_url else {},
        RATELIMIT_KEY_PREFIX="live-timer",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=settings.redis_url is not None,
        # Of requests that miss Redis at the same time, the limiter falls back for the
        # first alone; the others are let through rather than answered 500.
        RATELIMIT_SWALLOW_ERRORS=True,
        RATELIMIT_HEADERS_ENABLED=True,
        RATELIMIT_HEADER_LIMIT="RateLimit-Limit",
        RATELIMIT_HEADER_REMAINING="RateLimit-Remaining",
        RATELIMIT_HEADER_RESET="RateLimit-Reset",
    )
    # Before the limiter's own, for Flask runs them backwards.
    app.after_request(_without_needless_retry)
    limiter.init_app(app)


def caller() -> str:
    """Return whom a request counts for."""
    subject = verified_subject()
    if subject:
        return f"subject:{subject}"
    return f"{ANONYMOUS_PREFIX}{request.remote_addr}"


def limit_commands(view: View) -> View:
    """Count a route as a command instead of by the global limit."""
    shared = limiter.shared_limit(
        lambda: wired("settings").rate_limit_commands, scope="commands"
    )
    return cast("View", shared(view))


def limit_rooms(view: View) -> View:
    """Count a route as the creation of a room instead of by the global limit."""
    limited = limiter.limit(lambda: wired("settings").rate_limit_rooms)
    return cast("View", limited(view))


def unlimited(view: View) -> View:
    """Exempt what viewers and monitors ask for."""
    return cast("View", limiter.exempt(view))


def _global_limit() -> str:
    settings: Settings = wired("settings")
    seconds = max(1, settings.rate_limit_window_ms // 1000)
    return f"{settings.rate_limit_max_requests} per {seconds} seconds"


def _without_needless_retry(response: Response) -> Response:
    # flask-limiter tells everybody when to come back, those that it served included.
    if response.status_code < HTTPStatus.BAD_REQUEST:
        response.headers.pop("Retry-After", None)
    return response


def _redis_options() -> dict[str, Any]:
    return {
        "socket_timeout": _REDIS_SECONDS,
        "socket_connect_timeout": _REDIS_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
