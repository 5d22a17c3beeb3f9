"""Viewers that leave nothing open, however their connection ended."""

from collections.abc import Callable, Iterator

from tests.support.viewers import Viewer


def released(viewer_factory: Callable[..., Viewer]) -> Iterator[Callable[..., Viewer]]:
    """Yield the factory, whose viewers close the sockets that they lose.

    The client's library forgets its socket when the server ends the connection while
    the client writes, which Python reports as a resource that was never closed.
    """
    viewers: list[Viewer] = []

    def connect(*arguments: object, **options: object) -> Viewer:
        viewers.append(viewer := viewer_factory(*arguments, **options))
        _close_lost_sockets(viewer)
        return viewer

    yield connect
    for viewer in viewers:
        viewer.disconnect()
        _close_socket(viewer)


def _close_lost_sockets(viewer: Viewer) -> None:
    engine = viewer.client.eio
    reset = engine._reset

    def closing() -> None:
        _close_socket(viewer)
        reset()

    engine._reset = closing


def _close_socket(viewer: Viewer) -> None:
    connection = viewer.client.eio.ws
    if connection is not None:
        connection.shutdown()
