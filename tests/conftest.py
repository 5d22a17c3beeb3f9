"""Fixtures of all tests, by subject.

Start real servers from the main thread only, and leave this process unpatched by
gevent: whatever needs patching runs as a process of its own.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No timing is asserted: a busy machine is no defect.
settings.register_profile(
    "suite", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

pytest_plugins = [
    "tests.support.fixtures_services",
    "tests.support.fixtures_app",
    "tests.support.fixtures_system",
]

_LONGEST_FIRST = ("engine", "browser", "system", "live", "api", "unit")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the kinds of tests that take long, in random order within a kind.

    `make test` runs modules side by side: a long one that began last would run alone.
    """
    items.sort(key=_kind)


def _kind(item: pytest.Item) -> int:
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    return _LONGEST_FIRST.index(folder) if folder in _LONGEST_FIRST else -1
