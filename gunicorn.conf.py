"""How gunicorn runs the server: `gunicorn -c gunicorn.conf.py wsgi:app`.

It is read once in the master, and again at SIGHUP. Everything comes from the settings
in the environment; `docs/operations.md` explains them.
"""

from gevent import monkey

# Before anything else is imported, or what it holds stays unpatched.
monkey.patch_all()

import atexit  # noqa: E402
import logging  # noqa: E402
import os  # noqa: E402
import resource  # noqa: E402
import shutil  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from typing import TYPE_CHECKING, Any  # noqa: E402

if TYPE_CHECKING:
    from app.config import Settings

_METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# Beside the viewers: connections that are reserved for others and those that are turned
# away (both in app/transport/server.py), the database, Redis, the program's own files.
_OTHER_FILES = 100 + 50 + 100

_log = logging.getLogger("live_timer")


def _load_settings() -> "Settings":
    from app.config import InvalidSettingsError, load  # noqa: PLC0415

    try:
        return load()
    except InvalidSettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


def _make_metrics_folder() -> None:
    # At SIGHUP this file is read again, and the workers' folder stays.
    if _METRICS_VARIABLE in os.environ:  # noqa: TID251 - prometheus_client reads it
        return
    folder = tempfile.mkdtemp(prefix="live-timer-metrics-")
    os.environ[_METRICS_VARIABLE] = folder  # noqa: TID251 - it has no other way in
    atexit.register(_remove_metrics_folder, folder, os.getpid())


def _remove_metrics_folder(folder: str, owner: int) -> None:
    # Workers inherit the hook, and end before their master does.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def _raise_open_files_limit(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < wanted:
        _log.warning(
            "the limit of open files is below WORKER_CONNECTIONS",
            extra={"limit": hard, "wanted": wanted},
        )


def _configure_logs(settings: "Settings") -> None:
    from app.ops import logs  # noqa: PLC0415 - needs its folder first

    logs.configure(settings)


# Whatever is imported of the application imports prometheus_client with it.
_make_metrics_folder()
_settings = _load_settings()
_configure_logs(_settings)

_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
proc_name = "live-timer"
workers = _settings.web_concurrency
worker_class = "app.transport.worker.Worker"
worker_connections = _settings.worker_connections
graceful_timeout = max(1, _settings.graceful_timeout_ms // 1000)
# A worker that does not even beat for so long hangs.
timeout = 30
preload_app = False
# Instances of one user would share the socket's path.
control_socket_disable = True
logger_class = "app.transport.gunicorn_log.PropagatingLogger"
loglevel = _settings.log_level
_raise_open_files_limit(worker_connections + _OTHER_FILES)


def on_starting(server: Any) -> None:
    """Make the folder in which the workers reach each other; only this user enters."""
    server.folder = tempfile.mkdtemp(prefix="live-timer-")


def pre_fork(server: Any, worker: Any) -> None:
    """Tell a worker where to reach the others."""
    worker.folder = server.folder
    worker.machine = _settings.machine_id
    worker.strict = _settings.production


def on_exit(server: Any) -> None:
    """Remove the folder."""
    shutil.rmtree(server.folder, ignore_errors=True)


def when_ready(_server: Any) -> None:
    """Tell whoever started it by hand what to do next."""
    here = _settings.host in ("127.0.0.1", "0.0.0.0", "::")  # noqa: S104 - compared
    address = f"http://{'localhost' if here else _host}:{_settings.port}"
    if _settings.production:
        _log.info("ready", extra={"address": address})
        return
    sys.stdout.write(
        f"\n  Live Timer Server: {address}\n\n"
        "  Create a room:\n"
        f"    curl -X POST {address}/api/rooms"
        " -H 'Content-Type: application/json' -d '{\"name\": \"Main hall\"}'\n\n"
        f"  The API: {address}/api/docs\n\n"
    )
    sys.stdout.flush()


def post_worker_init(worker: Any) -> None:
    """Start what a worker does beside its requests."""
    from app import start_background  # noqa: PLC0415 - the master need not load it

    start_background(worker.wsgi)


def worker_exit(_server: Any, worker: Any) -> None:
    """Have the other workers forget this one's viewers, and close the database."""
    from app import stop_background  # noqa: PLC0415 - the master need not load it

    # A worker that could not load the application has nothing to take leave of.
    if worker.wsgi is not None:
        stop_background(worker.wsgi)


def child_exit(_server: Any, worker: Any) -> None:
    """Forget the gauges of a worker that is gone."""
    from prometheus_client import multiprocess  # noqa: PLC0415 - needs its folder

    multiprocess.mark_process_dead(worker.pid)
