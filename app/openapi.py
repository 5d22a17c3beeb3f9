"""The OpenAPI document, generated from the routes and their marshmallow schemas."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

import flask_smorest
import marshmallow as ma
from marshmallow import fields

from app.errors import DomainError
from app.payloads import JsonParser
from app.problems import CONTENT_TYPE, problem

View = TypeVar("View", bound=Callable[..., Any])

SETTINGS = {
    "API_TITLE": "Live Timer Server",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.0.3",
    "OPENAPI_URL_PREFIX": "/api",
    "OPENAPI_JSON_PATH": "openapi.json",
    "API_SPEC_OPTIONS": {
        "info": {
            "description": "Countdown timers that every screen of a live show agrees "
            "on. All instants and lengths are integers in milliseconds. Viewers watch "
            "over Socket.IO: see the protocol's description in docs/protocol.md.",
            "license": {"name": "MIT", "url": "https://opensource.org/license/mit"},
        },
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            }
        },
    },
}


class Problem(ma.Schema):
    """A problem document (RFC 9457)."""

    type = fields.String(required=True, metadata={"format": "uri-reference"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.Raw())


class Api(flask_smorest.Api):  # type: ignore[misc] # it has no types
    """flask-smorest's API with our problem documents for errors."""

    ERROR_SCHEMA = Problem

    def _register_error_handlers(self) -> None:
        """Leave errors to `app.problems`."""


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc] # it has no types
    """A blueprint whose routes say in the document what they may refuse."""

    ARGUMENTS_PARSER = JsonParser()

    def refuses(self, *refusals: int | type[DomainError]) -> Callable[[View], View]:
        """Document the statuses and domain errors that a route may answer."""

        def decorate(view: View) -> View:
            for status, examples in _by_status(refusals).items():
                documented: Any = self.alt_response(
                    status,
                    schema=Problem,
                    content_type=CONTENT_TYPE,
                    description=HTTPStatus(status).phrase,
                    examples=examples,
                )(view)
                # Only its notes: the wrapper would cost every call of the route.
                view._apidoc = documented._apidoc  # type: ignore[attr-defined] # noqa: SLF001 - flask-smorest's own place for it
            return view

        return decorate


def _by_status(
    refusals: tuple[int | type[DomainError], ...],
) -> dict[int, dict[str, Any]]:
    by_status: dict[int, dict[str, Any]] = {}
    for refusal in refusals:
        if isinstance(refusal, int):
            status, document = refusal, problem(refusal)
        else:
            status = refusal.status
            document = problem(status, code=refusal.code, detail=refusal.title)
        body = document.get_json()
        by_status.setdefault(status, {})[body["code"]] = {"value": body}
    return by_status
