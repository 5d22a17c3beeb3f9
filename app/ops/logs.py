"""Provisional: the real module is on its way."""

from flask import Flask

from app.config import Settings


def configure(settings: Settings) -> None:
    """Set up logging."""


def init_app(app: Flask) -> None:
    """Log requests."""
