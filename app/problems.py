"""Refusals on the wire: problem documents (RFC 9457) for HTTP, `error` for sockets."""

from http import HTTPStatus
from typing import Any

from flask import Flask, Response, abort, request
from structlog import get_logger
from werkzeug.exceptions import HTTPException

from app.db.engine import AWAY
from app.errors import DomainError
from app.transport import packets
from app.transport.requests import REFUSED

_log = get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
_TYPE = "urn:live-timer-server:problem:"
_RETRY_SECONDS = "1"
# What a client sent wrong is named, but never at more length than it helps: 64 kB of
# unknown fields would be answered with a multiple of it.
_MOST_MESSAGES = 20
_LONGEST_NAME = 100

# Python's phrases for statuses change with its versions; what clients rely on must not.
_PHRASES = {
    413: "Content Too Large",
    422: "Unprocessable Content",
}
_DETAILS = {
    400: "The request could not be read: its body must be one JSON object.",
    404: "There is nothing at this address.",
    405: "This address does not know the method.",
    413: "The body is too large.",
    415: "Send the body as application/json.",
    422: "Some fields cannot be accepted; `errors` names them.",
    500: "The server failed; the request id helps to find out why.",
}


def init_app(app: Flask) -> None:
    """Render every refusal and failure of `app` as a problem document."""
    app.before_request(_refuse_what_was_not_read)
    app.register_error_handler(DomainError, render_refusal)
    app.register_error_handler(HTTPException, _render_http_exception)
    for error in AWAY:
        app.register_error_handler(error, _render_database_away)


def problem(
    status: int,
    *,
    code: str | None = None,
    detail: str | None = None,
    errors: dict[str, Any] | None = None,
) -> Response:
    """Return a problem document.

    Args:
        status: the HTTP status.
        code: the stable name of the refusal; by default the status's own phrase.
        detail: what happened this time.
        errors: messages by the wire's field name, for validation.
    """
    phrase = _PHRASES.get(status) or HTTPStatus(status).phrase
    code = code or phrase.lower().replace(" ", "-")
    document: dict[str, Any] = {
        "type": _TYPE + code,
        "title": phrase,
        "status": status,
        "detail": detail or _DETAILS.get(status, phrase),
        "code": code,
    }
    if errors is not None:
        document["errors"] = errors
    response = Response(packets.dumps(document), status, content_type=CONTENT_TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def render_refusal(error: DomainError) -> Response:
    """Return the problem document of a refusal of ours."""
    errors = None if error.errors is None else bounded(error.errors)
    return problem(error.status, code=error.code, detail=error.detail, errors=errors)


def socket_error(code: str, message: str) -> dict[str, str]:
    """Return the payload of the Socket.IO event `error`."""
    return {"code": code, "message": message}


def _refuse_what_was_not_read() -> None:
    if status := request.environ.get(REFUSED):
        abort(status)


def bounded(messages: dict[str, Any]) -> dict[str, Any]:
    """Return messages by field name, at most 20 of them, with names cut short.

    Args:
        messages: as marshmallow has them: nested by field, and by place in lists.
    """
    kept: dict[str, Any] = _first(messages, [_MOST_MESSAGES])
    return kept


def _first(messages: Any, left: list[int]) -> Any:
    if isinstance(messages, dict):
        kept: dict[str, Any] = {}
        for name, inner in messages.items():
            if left[0] <= 0:
                break
            kept[str(name)[:_LONGEST_NAME]] = _first(inner, left)
        return kept
    texts = messages if isinstance(messages, list) else [messages]
    texts = [str(text)[: 5 * _LONGEST_NAME] for text in texts[: left[0]]]
    left[0] -= len(texts)
    return texts


def _render_http_exception(error: HTTPException) -> Response:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    data = getattr(error, "data", {})
    response = problem(
        status, detail=data.get("detail"), errors=_by_field(data.get("messages"))
    )
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _by_field(messages: Any) -> dict[str, Any] | None:
    if not isinstance(messages, dict):
        return None
    # webargs groups by where a field came from, which its name already says.
    fields: dict[str, Any] = {}
    for located in messages.values():
        fields |= located if isinstance(located, dict) else {"_schema": located}
    return bounded(fields)


def _render_database_away(error: Exception) -> Response:
    # A request alone is no failure of ours: /health and the metrics tell of it.
    _log.warning("database away", error=str(error))
    response = problem(503, code="database-away", detail="The database is away.")
    response.headers["Retry-After"] = _RETRY_SECONDS
    return response
