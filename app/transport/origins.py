"""Which web pages may open a connection."""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

Check = Callable[[str | None, Mapping[str, Any]], bool]


def checker(allowed: Collection[str]) -> Check:
    """Return the check for Engine.IO's `cors_allowed_origins`.

    It passes the origins in `allowed` (`https://show.example`), and the page that this
    server itself served. Requests without an origin come from no page: Engine.IO
    passes them without asking, and asks only which headers they need, which is none.
    """
    known = frozenset(origin.lower().rstrip("/") for origin in allowed)

    def is_allowed(origin: str | None, environ: Mapping[str, Any]) -> bool:
        if origin is None:
            return False
        return origin.lower() in known or is_same(origin, environ.get("HTTP_HOST", ""))

    return is_allowed


def is_same(origin: str, host: str) -> bool:
    """Tell whether `origin` is the host that the request went to.

    The scheme is not compared: behind a proxy that ends TLS the server sees http.
    """
    try:
        address = urlsplit(origin)
    except ValueError:
        return False
    return address.scheme in ("http", "https") and (
        bool(host) and address.netloc.lower() == host.lower()
    )
