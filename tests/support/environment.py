"""What child processes inherit; the one reader of the environment in the tests."""

import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
"""The folder of the repository."""

# Coverage tells its children where to report through the environment.
_INHERITED = ("PATH", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")

_TEST_SETTINGS = {
    "jwt_secret": "a secret that only the tests know, and long enough",
    "rate_limit_enabled": False,
    "graceful_timeout_ms": 5000,
}


def variable(name: str) -> str | None:
    """Return what the caller of the tests set `name` to, None where nothing."""
    return os.environ.get(name) or None  # noqa: TID251 - this is its one reader


def child_environment(home: Path) -> dict[str, str]:
    """Build an environment from scratch, with what any program needs."""
    inherited = {name: value for name in _INHERITED if (value := variable(name))}
    return inherited | {"HOME": str(home), "LC_ALL": "C.UTF-8"}


def product_settings(instance_path: Path, **settings: Any) -> dict[str, str]:
    """Return variables for the product: the tests' defaults, and `settings` over them.

    Names become upper case and values text; None leaves a setting to the product.
    """
    given = _TEST_SETTINGS | {"instance_path": instance_path} | settings
    return {
        name.upper(): _text(value) for name, value in given.items() if value is not None
    }


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
