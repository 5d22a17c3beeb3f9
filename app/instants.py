"""The former name of `app.clock`."""

from app.clock import Instant, Millis, now

__all__ = ["Instant", "Millis", "now"]
