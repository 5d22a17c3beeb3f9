"""Rate limits by caller: a token's subject where there is one, else the address.

The commands of a room's operators are counted by their room as well. What viewers ask
for is exempt: a hall full of them shares one address.
"""

from collections.abc import Callable
from http import HTTPStatus
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any, TypeVar, cast

from flask import Flask, Response, g, request
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.auth.access import (
    current_identity,
    optional_identity,
    signed_generation,
    verified_subject,
)
from app.config import Settings
from app.extensions import limiter, wired
from app.idempotency import ANONYMOUS_PREFIX

View = TypeVar("View", bound=Callable[..., Any])

# A limit that waits for Redis makes a command wait: rather count in memory.
_REDIS_SECONDS = 0.1
# What a provider gives to one customer (RFC 6177): whoever has one address has 2 ** 64.
_IPV6_PREFIX = 64
# What a proxy says in the place of an address may be anything.
_ADDRESS_CHARACTERS = 64


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
    app.extensions["counted"] = _counted
    limiter.init_app(app)


def caller() -> str:
    """Return whom a request counts for."""
    subject = verified_subject()
    if subject:
        return f"subject:{subject}"
    return f"{ANONYMOUS_PREFIX}{network_of(request.remote_addr or '')}"


def network_of(address: str) -> str:
    """Return what one caller can choose its address from.

    That is the /64 of an IPv6 address, and an IPv4 address itself, also where it is
    written as an IPv6 one (RFC 4291, section 2.5.5.2).
    """
    try:
        read = ip_address(address)
    except ValueError:
        return address[:_ADDRESS_CHARACTERS]
    if not isinstance(read, IPv6Address):
        return str(read)
    if read.ipv4_mapped is not None:
        return str(read.ipv4_mapped)
    return str(IPv6Network((int(read), _IPV6_PREFIX), strict=False))


def limit_commands(view: View) -> View:
    """Count a route as a command instead of by the global limit.

    An operator's command counts for the operator and for the room; an owner's for the
    owner alone, whom no operator can keep from commanding.
    """
    by_caller = limiter.shared_limit(
        lambda: wired("settings").rate_limit_commands, scope="commands"
    )
    by_room = limiter.shared_limit(
        lambda: wired("settings").rate_limit_room_commands,
        scope="operators",
        key_func=lambda: f"room:{current_identity().room_id}",
        exempt_when=_is_no_operator,
    )
    return cast("View", by_room(by_caller(view)))


def limit_rooms(view: View) -> View:
    """Count a route as the creation of a room instead of by the global limit."""
    limited = limiter.limit(lambda: wired("settings").rate_limit_rooms)
    return cast("View", limited(view))


def unlimited(view: View) -> View:
    """Exempt what viewers and monitors ask for."""
    return cast("View", limiter.exempt(view))


def _counted() -> str:
    """Return what the limits count a request by.

    Limits that are counted before the database was asked cannot know whether a token
    was taken back; by its generation it leaves the budget of those in force alone.
    """
    key = caller()
    if "identity" in g or key.startswith(ANONYMOUS_PREFIX):
        return key
    return f"{key}#{signed_generation()}"


def _is_no_operator() -> bool:
    identity = optional_identity()
    return identity is None or identity.room_id is None


@limiter.request_filter
def _asks_what_is_allowed() -> bool:
    # A browser asks so before it sends a command from another origin, without a token:
    # counted by address, the hall could keep an owner from asking.
    return request.method == "OPTIONS"


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
