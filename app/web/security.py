"""The headers that keep a browser from being used against its person."""

from flask import Flask, Response
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


def init_app(app: Flask, settings: Settings) -> None:
    """Send the headers with every answer; HSTS only where TLS can be expected."""
    policy = Secure(
        csp=_content_security_policy(),
        hsts=StrictTransportSecurity().max_age(_YEAR_SECONDS)
        if settings.production
        else None,
        permissions=PermissionsPolicy().geolocation().camera().microphone(),
        # The share token stands in the address: no other site may learn it.
        referrer=ReferrerPolicy().no_referrer(),
        xcto=XContentTypeOptions().nosniff(),
        xfo=XFrameOptions().sameorigin(),
    )
    headers = dict(policy.headers)

    @app.after_request
    def secure(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        return response


def _content_security_policy() -> ContentSecurityPolicy:
    return (
        ContentSecurityPolicy()
        .default_src("'none'")
        .base_uri("'none'")
        .connect_src("'self'", "ws:", "wss:")
        .font_src("'self'")
        .form_action("'self'")
        .frame_ancestors("'self'")
        .img_src("'self'", "data:")
        .manifest_src("'self'")
        .script_src("'self'")
        .style_src("'self'")
    )
