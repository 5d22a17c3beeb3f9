"""What gunicorn serves in a test: the product, and what it keeps for its clients."""

import gc

from greenlet import greenlet

from app.transport.link import Link
from tests.engine.counting import Kept
from wsgi import app


@app.get("/kept")
def count_kept() -> Kept:
    """Answer how many there are of each kind."""
    gc.collect()
    # By type: `isinstance` asks a proxy for what it stands for, which may be nothing.
    found = gc.get_objects()
    greenlets = [each for each in found if issubclass(type(each), greenlet)]
    server = app.extensions["socketio"].server
    audience = app.extensions["audience"]
    return {
        "greenlets": sum(not each.dead for each in greenlets),
        "links": sum(type(each) is Link for each in found),
        "sessions": len(server.eio.sockets),
        "environments": len(server.environ),
        "clients": sum(1 for _ in server.manager.get_participants("/", None)),
        "sockets": len(audience.viewers.sockets),
        "watched rooms": len(audience.broadcaster.watched()),
    }
