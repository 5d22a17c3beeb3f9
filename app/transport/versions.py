"""The library insides that this folder relies on, checked when a worker starts."""

from importlib import import_module, metadata

# What was read and tried. A newer release may well do: read what changed, run the
# tests of this folder, then raise the number here.
_RELEASES = {
    "python-engineio": "4.15.",
    "python-socketio": "5.18.",
    "gevent-websocket": "0.10.",
    "gunicorn": "27.",
    "httptools": "0.9.",
}

_INSIDES = {
    "engineio.socket:Socket": (
        "_websocket_handler",
        "close",
        "handle_get_request",
        "handle_post_request",
        "poll",
        "receive",
        "schedule_ping",
    ),
    "engineio.payload:Payload": ("max_decode_packets",),
    "engineio.server:Server": (
        "_cors_headers",
        "_get_socket",
        "_handle_connect",
        "_log_error_once",
        "_ok",
        "create_queue",
        "disconnect",
        "generate_id",
        "handle_request",
    ),
    "gevent.baseserver:BaseServer": ("do_handle",),
    "gevent.socket:socket": ("_sock",),
    "gevent.pywsgi:WSGIHandler": (
        "_log_error",
        "_sendall",
        "_write",
        "finalize_headers",
        "handle_one_response",
        "log_request",
        "process_result",
        "response_use_chunked",
        "run_application",
        "start_response",
    ),
    "gevent.pywsgi:WSGIServer": ("get_environ",),
    "geventwebsocket.websocket:WebSocket": ("raw_read", "read_frame", "send_frame"),
    "gunicorn.workers.ggevent:GeventPyWSGIWorker": ("load_wsgi", "notify", "run"),
    "gunicorn.workers.ggevent": ("base_environ",),
    "socketio:Manager": (
        "emit",
        "enter_room",
        "is_connected",
        "is_sid_room",
        "sid_from_eio_sid",
    ),
    "socketio:PubSubManager": ("_publish", "initialize"),
    "socketio:Server": (
        "_handle_connect",
        "_handle_disconnect",
        "_handle_eio_connect",
        "_handle_eio_message",
        "_handle_event_internal",
        "_send_packet",
    ),
}


class UnsupportedLibraryError(RuntimeError):
    """A library is not as this server knows it."""


def check() -> None:
    """Make sure that the libraries are the ones that this folder knows.

    Raises:
        UnsupportedLibraryError: names everything that changed.
    """
    problems = [
        f"{name} is {metadata.version(name)}, not {release}*"
        for name, release in _RELEASES.items()
        if not metadata.version(name).startswith(release)
    ]
    problems += [
        f"{place} has no {attribute}"
        for place, attributes in _INSIDES.items()
        for attribute in attributes
        if not hasattr(_found(place), attribute)
    ]
    if problems:
        raise UnsupportedLibraryError(
            f"app/transport does not know these libraries: {'; '.join(problems)}."
        )


def _found(place: str) -> object:
    module, _, name = place.partition(":")
    found = import_module(module)
    return getattr(found, name, None) if name else found
