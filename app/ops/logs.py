"""Logging: structlog's events and the libraries' records, through one pipeline.

Every line goes to standard error: as JSON in production, for people in development.
What must stay secret is masked as the last thing before a line is written.
"""

import logging
import re
import sys
import time
import uuid
from typing import TextIO

import structlog
from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from app.config import Settings
from app.ops import secrecy

REQUEST_ID_HEADER = "X-Request-Id"
NO_ROUTE = "(none)"

# They tell of every packet at `info`, and of every statement with its values.
_TALKATIVE = ("engineio", "geventwebsocket", "socketio", "sqlalchemy")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

_access = structlog.get_logger("app.access")


class StandardErrorHandler(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stderr` is at that moment; the one handler of `configure`."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """Where the next line goes."""
        return sys.stderr


def configure(settings: Settings) -> None:
    """Send structlog's and the standard library's logging through one pipeline.

    It may be called again, with other settings. Loggers that would tell of every
    packet or statement speak from `warning` on, or from `info` on at `LOG_LEVEL=debug`.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_describing(),
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = StandardErrorHandler()
    handler.setFormatter(_formatter(production=settings.production))
    root = logging.getLogger()
    for former in root.handlers[:]:
        if isinstance(former, StandardErrorHandler):
            root.removeHandler(former)
    root.addHandler(handler)
    _set_levels(settings.log_level)


def init_app(app: Flask) -> None:
    """Give each request an id, and log one line when it is answered.

    A caller's own `X-Request-Id` is kept if it is well-formed. The line names the
    route's template, for the path itself may hold a share token. Where nobody has
    called `configure`, as on the command line, it is called with the settings of `app`.
    """
    if not structlog.is_configured():
        configure(app.extensions["settings"])
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_forget)


def route_template() -> str:
    """Return the current request's route, such as `/api/rooms/<share_token>`."""
    return NO_ROUTE if request.url_rule is None else request.url_rule.rule


def _describing() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]


def _formatter(*, production: bool) -> ProcessorFormatter:
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if production
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    return ProcessorFormatter(
        foreign_pre_chain=[
            *_describing(),
            structlog.stdlib.ExtraAdder(),
            _drop_message,
        ],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            _hide_secrets,
            renderer,
        ],
    )


def _drop_message(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    # Another handler that formats a record leaves its text there, like an extra.
    event.pop("message", None)
    return event


def _hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return secrecy.masked_fields(event)


def _set_levels(name: str) -> None:
    level = logging.getLevelNamesMapping()[name.upper()]
    logging.getLogger().setLevel(level)
    quiet = logging.INFO if level == logging.DEBUG else max(level, logging.WARNING)
    for talkative in _TALKATIVE:
        logging.getLogger(talkative).setLevel(quiet)


def _begin() -> None:
    # A connection that is kept alive serves all its requests in one greenlet, hence in
    # one context.
    clear_contextvars()
    g.request_id = _request_id(request.headers.get(REQUEST_ID_HEADER, ""))
    g.began_at = time.perf_counter()
    bind_contextvars(request_id=g.request_id)


def _request_id(offered: str) -> str:
    return offered if _REQUEST_ID.fullmatch(offered) else uuid.uuid4().hex


def _finish(response: Response) -> Response:
    response.headers[REQUEST_ID_HEADER] = g.request_id
    _access.info(
        "request",
        method=request.method,
        route=route_template(),
        status=response.status_code,
        duration_ms=round(1000 * (time.perf_counter() - g.began_at), 1),
    )
    return response


def _forget(_error: BaseException | None) -> None:
    # What the connection does next is no part of this request.
    clear_contextvars()
