"""What operations people and their monitors ask for."""

from typing import Any

from flask import Response

from app.auth.access import Access, allow
from app.auth.ratelimits import unlimited
from app.errors import Unauthenticated
from app.extensions import wired
from app.live.audience import Audience
from app.openapi import Blueprint
from app.ops import health, metrics
from app.ops.schemas import HealthSchema, SocketStatsSchema

ops = Blueprint("ops", __name__, description="Operations")


@ops.get("/health")
@unlimited
@allow(Access.ANYONE)
@ops.response(200, HealthSchema)
@ops.alt_response(503, schema=HealthSchema, description="Commands cannot work")
def check_health() -> tuple[health.Health, int]:
    """Tell whether commands work, and how each dependency does."""
    state = health.check()
    return state, state.http_status


@ops.get("/api/stats/socket")
@unlimited
@allow(Access.MONITOR)
@ops.response(200, SocketStatsSchema)
@ops.refuses(Unauthenticated)
def socket_stats() -> dict[str, Any]:
    """Count connections, watched rooms and viewers over all workers."""
    audience: Audience = wired("audience")
    census = audience.census
    by_room = census.by_room()
    by_worker = {
        worker: sum(rooms.values()) for worker, rooms in census.viewers.items()
    }
    return {
        "connections": sum(census.connections.values()),
        "rooms": len(by_room),
        "viewers": {"by_room": by_room, "by_worker": by_worker},
    }


@ops.get("/metrics")
@unlimited
@allow(Access.MONITOR)
@ops.response(200, {"type": "string"}, content_type="text/plain")
@ops.refuses(Unauthenticated)
def show_metrics() -> Response:
    """Answer Prometheus's text format, over all workers of this machine."""
    body, content_type = metrics.render()
    return Response(body, content_type=content_type)
