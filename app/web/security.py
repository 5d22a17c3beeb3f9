"""The headers that keep a browser from being used against its person."""

import re
from functools import lru_cache

from flask import Flask, Response, request
from secure import (
    ContentSecurityPolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Secure,
    StrictTransportSecurity,
    XContentTypeOptions,
    XFrameOptions,
)

from app.config import Settings

_YEAR_SECONDS = 365 * 24 * 60 * 60
# What the grammar of a policy's sources takes (CSP 3, section 2.3.1): no IPv6 address.
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?")
_HOSTS_KEPT = 64


def init_app(app: Flask, settings: Settings) -> None:
    """Send the headers with every answer; HSTS only where TLS can be expected."""
    policy = Secure(
        hsts=StrictTransportSecurity().max_age(_YEAR_SECONDS)
        if settings.production
        else None,
        permissions=PermissionsPolicy().geolocation().camera().microphone(),
        # The share token stands in the address: no other site may learn it.
        referrer=ReferrerPolicy().no_referrer(),
        xcto=XContentTypeOptions().nosniff(),
        xfo=XFrameOptions().sameorigin(),
    )
    headers = tuple(policy.headers.items())

    @app.after_request
    def secure(response: Response) -> Response:
        said = {name.lower() for name, _ in response.headers}
        policy = _content_security_policy(
            request.headers.get("Host", ""), secure=request.is_secure
        )
        for name, value in (*headers, policy):
            if name.lower() not in said:
                response.headers.add(name, value)
        return response


# Clients choose the host that they name: no more than a few are worth remembering.
@lru_cache(_HOSTS_KEPT)
def _content_security_policy(host: str, *, secure: bool) -> tuple[str, str]:
    """Return the policy's header for a page that was fetched from `host`.

    The page may open WebSockets to that host alone. `'self'` says so in new browsers,
    but older ones do not take it for WebSockets. A host that is none is not repeated.
    """
    sockets = []
    if _HOST.fullmatch(host):
        # Behind a proxy that ends TLS and is not trusted, https looks like http.
        schemes = ("wss",) if secure else ("ws", "wss")
        sockets = [f"{scheme}://{host}" for scheme in schemes]
    policy = (
        ContentSecurityPolicy()
        .default_src("'none'")
        .base_uri("'none'")
        .connect_src("'self'", *sockets)
        .font_src("'self'")
        .form_action("'self'")
        .frame_ancestors("'self'")
        .img_src("'self'", "data:")
        .manifest_src("'self'")
        .script_src("'self'")
        .style_src("'self'")
    )
    return policy.header_name, policy.header_value
