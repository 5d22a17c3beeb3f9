"""What operations people read, on the wire."""

from marshmallow import fields

from app.payloads import Payload


class HealthSchema(Payload):
    """The state of the server and of each dependency."""

    status = fields.String(
        required=True, metadata={"enum": ["ok", "degraded", "down"], "example": "ok"}
    )
    database = fields.String(required=True, metadata={"enum": ["up", "down"]})
    redis = fields.String(required=True, metadata={"enum": ["up", "down", "none"]})


class ViewerCounts(Payload):
    """Viewers by room and by worker."""

    by_room = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    by_worker = fields.Dict(
        keys=fields.String(), values=fields.Integer(), required=True
    )


class SocketStatsSchema(Payload):
    """Who is connected, over all workers, about a second ago."""

    connections = fields.Integer(required=True)
    rooms = fields.Integer(
        required=True, metadata={"description": "Rooms that somebody watches."}
    )
    viewers = fields.Nested(ViewerCounts, required=True)
