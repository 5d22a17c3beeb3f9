"""What Prometheus may ask for, counted over all workers of this machine.

Where `PROMETHEUS_MULTIPROC_DIR` was set before this module was imported, as
`gunicorn.conf.py` does, each worker keeps its numbers in files of that folder and any
worker answers for all. Elsewhere the numbers are this process's own.

Lower layers know nothing of this module: the factory hands them its functions.
"""

import os
import time

from flask import Flask, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from app.ops.logs import route_template

LATENESS_BUCKETS_MS = (1, 2, 5, 10, 20, 50, 100, 250, 500, 1000, 3000)
_METHODS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"))
_COMMAND_METHODS = frozenset(("DELETE", "PATCH", "POST", "PUT"))

_MANY_PROCESSES = "PROMETHEUS_MULTIPROC_DIR" in os.environ  # noqa: TID251 - the library's own, of which it reads no more

_registry = CollectorRegistry()

_requests = Counter(
    "live_timer_http_requests_total",
    "HTTP requests answered.",
    ("method", "route", "status"),
    registry=_registry,
)
_request_seconds = Histogram(
    "live_timer_http_request_seconds",
    "Time from a request to its answer.",
    ("method", "route"),
    registry=_registry,
)
_commands = Counter(
    "live_timer_commands_total",
    "Requests to change something, by what became of them.",
    ("command", "outcome"),
    registry=_registry,
)
_viewers = Gauge(
    "live_timer_viewers",
    "Viewers connected to the workers of this machine.",
    multiprocess_mode="livesum",
    registry=_registry,
)
_broadcasts = Counter(
    "live_timer_broadcasts_total",
    "Broadcasts that a worker passed on to its viewers of a room.",
    ("event",),
    registry=_registry,
)
_deliveries = Counter(
    "live_timer_broadcast_deliveries_total",
    "Viewers that broadcasts were passed on to.",
    ("event",),
    registry=_registry,
)
_drops = Counter(
    "live_timer_broadcasts_dropped_total",
    "Broadcasts that other workers missed because Redis was away.",
    registry=_registry,
)
_slow_consumers = Counter(
    "live_timer_slow_consumers_total",
    "Viewers that were cut off because they took too little.",
    registry=_registry,
)
_lateness = Histogram(
    "live_timer_finish_lateness_milliseconds",
    "Time from a timer's end to the commit of its finish.",
    buckets=LATENESS_BUCKETS_MS,
    registry=_registry,
)
# Counts the bad case: the master, which has no Redis, takes part with a 0.
_redis_away = Gauge(
    "live_timer_redis_away_workers",
    "Workers of this machine that do not hear Redis.",
    multiprocess_mode="livesum",
    registry=_registry,
)
_loop_lag = Gauge(
    "live_timer_loop_lag_seconds",
    "How late the slowest worker's event loop last woke a sleeper.",
    multiprocess_mode="livemax",
    registry=_registry,
)
# All workers of a machine share its clock. The largest would hide one that is ahead.
_clock_offset = Gauge(
    "live_timer_clock_offset_seconds",
    "How far the database's clock is ahead of this machine's; negative: behind.",
    multiprocess_mode="livemostrecent",
    registry=_registry,
)


def init_app(app: Flask) -> None:
    """Count and time each request of `app`."""
    app.before_request(_begin)
    app.after_request(_count)


def observe_finish(lateness_ms: int) -> None:
    """Note that a timer was finished so many ms after its end."""
    _lateness.observe(lateness_ms)


def count_broadcast(event: str, receivers: int) -> None:
    """Count a broadcast that this worker passes on to so many of its viewers."""
    _broadcasts.labels(event).inc()
    _deliveries.labels(event).inc(receivers)


def count_dropped_broadcasts(number: int) -> None:
    """Count broadcasts that were given up before the other workers got them."""
    _drops.inc(number)


def count_slow_consumers(number: int) -> None:
    """Count viewers that were cut off because they did not read."""
    _slow_consumers.inc(number)


def set_viewers(number: int) -> None:
    """Note how many viewers this worker has now."""
    _viewers.set(number)


def set_redis_connected(connected: bool) -> None:
    """Note whether this worker hears Redis now."""
    _redis_away.set(0 if connected else 1)


def set_loop_lag(seconds: float) -> None:
    """Note how late this worker's event loop woke a sleeper."""
    _loop_lag.set(seconds)


def set_clock_offset(seconds: float) -> None:
    """Note how far the database's clock is ahead of this machine's."""
    _clock_offset.set(seconds)


def render() -> tuple[bytes, str]:
    """Return all numbers in Prometheus's text format, and its content type."""
    return generate_latest(_everything()), CONTENT_TYPE_LATEST


def _everything() -> CollectorRegistry:
    if not _MANY_PROCESSES:
        return _registry
    gathered = CollectorRegistry()
    MultiProcessCollector(gathered)  # type: ignore[no-untyped-call]
    return gathered


def _begin() -> None:
    g.measured_from = time.perf_counter()


def _count(response: Response) -> Response:
    # Anybody can invent methods and paths: neither may make a new series.
    method = request.method if request.method in _METHODS else "other"
    route = route_template()
    seconds = time.perf_counter() - g.measured_from
    _requests.labels(method, route, response.status_code).inc()
    _request_seconds.labels(method, route).observe(seconds)
    if request.method in _COMMAND_METHODS and request.endpoint is not None:
        _commands.labels(request.endpoint, _outcome(response.status_code)).inc()
    return response


def _outcome(status: int) -> str:
    if status >= 500:
        return "failed"
    return "refused" if status >= 400 else "accepted"
