"""Logging: structlog's events and the libraries' records, through one pipeline.

Every line goes to standard error: as JSON in production, for people in development.
What must stay secret is masked, and what is too long is cut, as the last thing before
a line is written. How many lines clients can cause is bounded (`log_limits`).
"""

import logging
import re
import sys
import time
import uuid
from typing import Any, TextIO

import structlog
from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from app.config import Settings
from app.ops import secrecy
from app.ops.log_limits import ACCESS_LOGGER, ANSWERED, ANYONE, LineLimits

REQUEST_ID_HEADER = "X-Request-Id"
NO_ROUTE = "(none)"

# They tell of every packet at `info`, and of every statement with its values.
_TALKATIVE = ("engineio", "geventwebsocket", "socketio", "sqlalchemy")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

# A client's text in a line, such as a method, is as long as the client likes.
_TEXT_CHARACTERS = 1000
# Their end says what went wrong.
_TRACEBACKS = ("exception", "stack")
_TRACEBACK_CHARACTERS = 16_000
# Engine.IO logs the first of each kind of a client's mistakes as an error of its own.
_MISTAKE_OF_A_CLIENT = (
    "(further occurrences of this error will be logged with level INFO)"
)

_access = structlog.get_logger(ACCESS_LOGGER)


class StandardErrorHandler(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stderr` is at that moment; the one handler of `configure`.

    With `limits`, which a worker has for itself, it writes only what they admit.
    """

    def __init__(self, limits: LineLimits | None = None) -> None:
        logging.Handler.__init__(self)
        self._limits = limits

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """Where the next line goes."""
        return sys.stderr

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record, after what is due of those that were left out."""
        if self._limits is None:
            super().emit(record)
            return
        for summary in self._limits.summaries():
            super().emit(summary)
        if self._limits.admits(record):
            super().emit(record)


def configure(settings: Settings) -> None:
    """Send structlog's and the standard library's logging through one pipeline.

    It may be called again, with other settings. Loggers that would tell of every
    packet or statement speak from `warning` on, or from `info` on at `LOG_LEVEL=debug`.
    At that level every line is written, however many there are.
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
    complete = settings.log_level == "debug"
    handler = StandardErrorHandler(None if complete else LineLimits())
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
            _bound,
            renderer,
        ],
    )


def _drop_message(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    # Another handler that formats a record leaves its text there, like an extra.
    event.pop("message", None)
    return event


def _hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return secrecy.masked_fields(event)


def _bound(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: _bounded(name, value) for name, value in event.items()}


def _bounded(name: str, value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = value if isinstance(value, str) else repr(value)
    if name in _TRACEBACKS:
        more = len(text) - _TRACEBACK_CHARACTERS
        return value if more <= 0 else f"({more} more)…{text[more:]}"
    more = len(text) - _TEXT_CHARACTERS
    return value if more <= 0 else f"{text[:_TEXT_CHARACTERS]}…({more} more)"


def _no_error_of_ours(record: logging.LogRecord) -> bool:
    if record.levelno == logging.ERROR and str(record.msg).endswith(
        _MISTAKE_OF_A_CLIENT
    ):
        record.levelno, record.levelname = logging.INFO, "INFO"
    return logging.getLogger(record.name).isEnabledFor(record.levelno)


def _set_levels(name: str) -> None:
    logging.getLogger("engineio").addFilter(_no_error_of_ours)
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
    identity = g.get("identity")
    _access.info(
        ANSWERED,
        caller=ANYONE if identity is None else str(identity.role),
        method=request.method,
        route=route_template(),
        status=response.status_code,
        duration_ms=round(1000 * (time.perf_counter() - g.began_at), 1),
    )
    return response


def _forget(_error: BaseException | None) -> None:
    # What the connection does next is no part of this request.
    clear_contextvars()
