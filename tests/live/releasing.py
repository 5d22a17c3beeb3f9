"""Viewers that leave nothing open, however their connection ended."""

from collections.abc import Callable, Iterator

from tests.support.viewers import Viewer


def released(viewer_factory: Callable[..., Viewer]) -> Iterator[Callable[..., Viewer]]:
    """Yield the factory; afterwards end its viewers down to their sockets.

    The client's library forgets its socket when the server ends the connection while
    the client writes, which Python reports as a resource that was never closed.
    """
    viewers: list[Viewer] = []

    def connect(*arguments: object, **options: object) -> Viewer:
        viewers.append(viewer := viewer_factory(*arguments, **options))
        return viewer

    yield connect
    for viewer in viewers:
        viewer.disconnect()
        if viewer.client.eio.ws is not None:
            viewer.client.eio.ws.shutdown()
