"""Provisional: the real module is on its way."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Measure requests."""


def count_broadcast(event: str, receivers: int) -> None:
    """Count."""


def observe_finish(lateness_ms: int) -> None:
    """Observe."""


def render() -> tuple[bytes, str]:
    """Render."""
    return b"", "text/plain"
