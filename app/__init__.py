"""The Live Timer Server: `create_app` is the one place where the parts are wired."""

import os
import secrets
import socket
from typing import cast

import redis
from flask import Flask, Response, request
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy.engine import make_url
from werkzeug.middleware.proxy_fix import ProxyFix

from app import compression, openapi, payloads, problems
from app.auth import ratelimits, tokens
from app.auth.routes import auth
from app.config import Settings
from app.db.engine import close_engine, engine_options, prepare_engine
from app.db.transaction import Database
from app.extensions import cors, db, migrate
from app.instance import make_private, make_private_file
from app.live import handlers
from app.live.audience import Audience
from app.live.broadcast import Broadcaster
from app.live.presence import LocalViewers, Presence, ProcessPresence, RedisPresence
from app.live.reconcile import Reconciler
from app.live.routes import live
from app.live.state import RoomStates
from app.live.sweeper import Sweeper
from app.ops import cli, janitor, logs, metrics, timekeeper
from app.ops.gauges import Gauges
from app.ops.routes import ops
from app.rooms.change import Changes
from app.rooms.finisher import Finisher
from app.rooms.log import Log
from app.rooms.routes import rooms, timers
from app.transport.broadcasts import LocalManager, Manager, RedisManager
from app.transport.greenlets import keep_running
from app.transport.loop_guard import LoopGuard
from app.web import security
from app.web.routes import web

MAX_BODY_BYTES = 64 * 1024
_CHANNEL = "live-timer"
_COMMAND_METHODS = frozenset(("DELETE", "POST", "PUT"))
_REDIS_SECONDS = 1.0


def create_app(settings: Settings) -> Flask:
    """Return the application for `settings`, wired but with nothing running yet.

    `start_background` starts what runs beside the requests.
    """
    app = Flask(
        __name__,
        instance_path=str(settings.instance_path.absolute()),
        static_folder=None,  # app/web has its own
    )
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.extensions["settings"] = settings
    app.extensions["caller"] = ratelimits.caller
    logs.init_app(app)
    payloads.init_app(app)
    metrics.init_app(app)
    problems.init_app(app)
    _bind_database(app, settings)
    tokens.init_app(app, settings)
    ratelimits.init_app(app, settings)
    _wire_live(app, settings)
    _register_routes(app)
    security.init_app(app, settings)
    compression.init_app(app)
    cors.init_app(
        app,
        resources={r"/api/*": {"origins": list(settings.cors_origin)}},
        expose_headers=[
            "ETag",
            "Idempotency-Replayed",
            "Location",
            "RateLimit-Limit",
            "RateLimit-Remaining",
            "RateLimit-Reset",
            "Retry-After",
            "Server-Time",
            "X-Request-Id",
        ],
    )
    _answer_origins_alone(app)
    cli.init_app(app)
    if settings.trusted_proxies:
        # After Socket.IO has wrapped the application: it must see what nginx says.
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    return app


def _answer_origins_alone(app: Flask) -> None:
    """Spare commands that come from no page of another origin what CORS costs them.

    What may be cached goes through all of it, for its `Vary`.
    """
    with_origin = app.after_request_funcs[None].pop()

    @app.after_request
    def answer_origins(response: Response) -> Response:
        if request.method in _COMMAND_METHODS and "Origin" not in request.headers:
            return response
        return cast("Response", with_origin(response))


def start_background(app: Flask) -> None:
    """Start what runs beside the requests, for as long as the process lives.

    Finishing, listening to the other workers, reconciling, counting, cleaning up. The
    first viewer finds the clock set.
    """
    timekeeper.set_clock(app)
    app.extensions["manager"].start()
    ratelimits.start()
    for run in (
        app.extensions["finisher"].run,
        app.extensions["reconciler"].run,
        app.extensions["audience"].run,
        app.extensions["sweeper"].run,
        app.extensions["janitor"].run,
        app.extensions["loop_guard"].run,
    ):
        keep_running(run)
    if not app.extensions["settings"].production:
        app.extensions["loop_guard"].name_culprits()


def stop_background(app: Flask) -> None:
    """Take leave of the other workers and of the database before the process ends."""
    app.extensions["audience"].withdraw()
    app.extensions["manager"].stop()
    app.extensions["database"].close()
    with app.app_context():
        close_engine(db.engine)


def _bind_database(app: Flask, settings: Settings) -> None:
    if settings.on_sqlite:
        make_private(settings.instance_path)
        _make_private_database(settings)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_url)
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
        app.extensions["database"] = Database(db.engine)
    migrate.init_app(app, db, render_as_batch=True)


def _make_private_database(settings: Settings) -> None:
    # SQLite gives the files beside it (-wal, -shm) the mode of the database.
    name = make_url(settings.database_url).database
    if name and name != ":memory:" and not name.startswith("file:"):
        make_private_file(settings.instance_path / name)


def _wire_live(app: Flask, settings: Settings) -> None:
    worker = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    manager, presence = _between_workers(settings, worker)
    viewers, states = LocalViewers(), RoomStates()
    broadcaster = Broadcaster(manager, viewers, states, metrics.count_broadcast)
    audience = Audience(viewers, states, broadcaster, presence)
    reconciler = Reconciler(app, broadcaster, states)

    def lost_touch() -> None:
        reconciler.wake()
        audience.look_around()

    manager.on_subscribed = lost_touch
    manager.on_recount = audience.look_around
    changes = Changes(app.extensions["database"])
    finisher = Finisher(changes, metrics.observe_finish)
    changes.subscribe(finisher.notice)
    changes.subscribe(broadcaster.publish)
    app.extensions |= {
        "worker": worker,
        "manager": manager,
        "changes": changes,
        "log": Log(app.extensions["database"]),
        "audience": audience,
        "reconciler": reconciler,
        "finisher": finisher,
        "janitor": janitor.Janitor(app),
    }
    app.extensions["loop_guard"] = LoopGuard(Gauges(app).read)
    handlers.init_app(app, settings, manager, audience)
    app.extensions["sweeper"] = Sweeper(app.extensions["socketio"])


def _between_workers(settings: Settings, worker: str) -> tuple[Manager, Presence]:
    if settings.redis_url is None:
        return LocalManager(), ProcessPresence(worker)
    client = redis.Redis.from_url(
        settings.redis_url,
        socket_timeout=_REDIS_SECONDS,
        socket_connect_timeout=_REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    return RedisManager(settings.redis_url, _CHANNEL), RedisPresence(
        worker, client, _CHANNEL
    )


def _register_routes(app: Flask) -> None:
    app.config.update(openapi.SETTINGS)
    api = openapi.Api(app)
    for blueprint in (rooms, timers, live, auth, ops):
        api.register_blueprint(blueprint)
    app.register_blueprint(web)
