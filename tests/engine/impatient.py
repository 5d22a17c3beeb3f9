"""A worker that waits a moment, not a minute, for its sessions to join a room."""

from app.transport.worker import Worker
from tests.support.server import Server

WANTED_SECONDS = 1.0


class ImpatientWorker(Worker):
    """Serves as the product does, but for that."""

    wanted_seconds = WANTED_SECONDS


class ImpatientServer(Server):
    """The product with such workers."""

    def command(self):
        """Return gunicorn with that class of workers."""
        *gunicorn, application = super().command()
        return [*gunicorn, "-k", "tests.engine.impatient.ImpatientWorker", application]
