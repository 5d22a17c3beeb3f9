"""Fixtures of all tests, by subject.

Start real servers from the main thread only, and leave this process unpatched by
gevent: whatever needs patching runs as a process of its own.
"""

pytest_plugins = [
    "tests.support.fixtures_services",
    "tests.support.fixtures_app",
    "tests.support.fixtures_system",
]
