"""Rate limits by caller: a token's subject where there is one, else the address.

The commands of a room's operators are counted by their room as well. What viewers ask
for is exempt: a hall full of them shares one address.
"""

from collections.abc import Callable
from functools import cache, wraps
from http import HTTPStatus
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import Flask, Response, request
from flask_limiter import RateLimitExceeded, RequestLimit

from app.auth.access import (
    optional_identity,
    signed_generation,
    verified_subject,
)
from app.auth.settled_counts import SettledCounts, storage_uri
from app.config import Settings
from app.extensions import limiter, wired
from app.idempotency import ANONYMOUS_PREFIX

if TYPE_CHECKING:
    from flask_limiter._limits import RuntimeLimit

View = TypeVar("View", bound=Callable[..., Any])

# What a provider gives to one customer (RFC 6177): whoever has one address has 2 ** 64.
_IPV6_PREFIX = 64
# What a proxy says in the place of an address may be anything.
_ADDRESS_CHARACTERS = 64


def init_app(app: Flask, settings: Settings) -> None:
    """Count in the worker, and over all workers where there is a Redis."""
    app.config.update(
        RATELIMIT_ENABLED=settings.rate_limit_enabled,
        # A function, for the limiter keeps the first application's value for good.
        RATELIMIT_DEFAULT=_global_limit,
        RATELIMIT_STRATEGY="fixed-window",
        RATELIMIT_STORAGE_URI=storage_uri(settings.redis_url),
        RATELIMIT_HEADERS_ENABLED=True,
        RATELIMIT_HEADER_LIMIT="RateLimit-Limit",
        RATELIMIT_HEADER_REMAINING="RateLimit-Remaining",
        RATELIMIT_HEADER_RESET="RateLimit-Reset",
    )
    # Before the limiter's own, for Flask runs them backwards.
    app.after_request(_without_needless_retry)
    app.extensions["counted"] = _counted
    limiter.init_app(app)


def start() -> None:
    """Settle with the other workers beside the requests, as long as the process lives.

    For the application that was made last.
    """
    if limiter.enabled:
        cast("SettledCounts", limiter.storage).start()


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

    @wraps(view)
    def counted(*args: Any, **kwargs: Any) -> Any:
        if limiter.enabled:
            _count_command()
        return view(*args, **kwargs)

    counted.counts_itself = True  # type: ignore[attr-defined]
    return cast("View", counted)


def _count_command() -> None:
    # The limiter's own decorators look for what counts, and read it, at each request;
    # that takes longer than all the rest of counting.
    settings: Settings = wired("settings")
    by_caller = _declared(settings.rate_limit_commands, "commands")
    limiter.context.view_rate_limit = _hit(by_caller, _counted())
    identity = optional_identity()
    if identity is not None and identity.room_id is not None:
        by_room = _declared(settings.rate_limit_room_commands, "operators")
        # With the generations, so that those whose tokens were taken back use up
        # nothing of what those in force have.
        _hit(by_room, f"room:{identity.room_id}#{identity.generations}")


@cache
def _declared(rate: str, scope: str) -> "RuntimeLimit":
    (limit,) = limiter.shared_limit(rate, scope)
    return limit


def _hit(declared: "RuntimeLimit", key: str) -> RequestLimit:
    whose = [key, str(declared.scope)]
    within = limiter.limiter.hit(declared.limit, *whose)
    limit = RequestLimit(limiter, declared.limit, whose, not within, declared.shared)
    if not within:
        limiter.context.view_rate_limit = limit
        raise RateLimitExceeded(declared)
    return limit


def limit_rooms(view: View) -> View:
    """Count a route as the creation of a room instead of by the global limit."""
    limited = limiter.limit(lambda: wired("settings").rate_limit_rooms)
    return cast("View", limited(view))


def unlimited(view: View) -> View:
    """Exempt what viewers and monitors ask for."""
    return cast("View", limiter.exempt(view))


def _counted() -> str:
    """Return what the limits count a request by.

    Limits are counted before the database was asked, and cannot know whether a token
    was taken back; by its generation it leaves the budget of those in force alone.
    """
    key = caller()
    if key.startswith(ANONYMOUS_PREFIX):
        return key
    identity = optional_identity()
    generation = signed_generation() if identity is None else identity.generation
    return f"{key}#{generation}"


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
