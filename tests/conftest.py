"""Fixtures of all tests, by subject.

Start real servers from the main thread only, and leave this process unpatched by
gevent: whatever needs patching runs as a process of its own.
"""

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
