"""What every route, setting and event must have, so that nothing is forgotten."""

from dataclasses import fields
from pathlib import Path

import pytest
from marshmallow import fields as wire
from marshmallow import validate

from app.auth.access import Access
from app.config import Settings
from app.live.schemas import EVENT_SCHEMAS, JoinRoom, RequestSync
from app.payloads import BoundedList, Text
from tests.api.inputs import all_fields, inputs_of

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.database("sqlite")

# flask-smorest's own: the OpenAPI document, for anyone.
FOREIGN_ENDPOINTS = {"api-docs.openapi_json"}
# Told to workers only; viewers get an `error` instead.
INTERNAL_EVENTS = {"share-token-revoked"}
REQUESTS = {"join-room", "ping", "request-sync"}
ANSWERS = {"pong", "error", "user-count"}


def test_every_route_declares_who_may_call_it(app):
    undeclared = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if not isinstance(
            getattr(app.view_functions[rule.endpoint], "access", None), Access
        )
    }

    assert undeclared <= FOREIGN_ENDPOINTS


def operations(api):
    document = api.request("GET", "/api/openapi.json").json
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]


def test_every_route_of_the_api_is_in_the_openapi_document(app, api):
    documented = {name for name, _ in operations(api)}
    served = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if not rule.endpoint.startswith(("web.", "api-docs."))
    }

    assert len(documented) == len(served)


def test_every_operation_says_what_it_does_and_what_it_refuses(api):
    for name, operation in operations(api):
        assert operation["summary"], name
        statuses = set(operation["responses"])
        assert statuses & {"200", "201", "204"}, name
        if "security" in operation:
            assert "401" in statuses, name
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= statuses, name


def test_every_refusal_has_an_example(api):
    for name, operation in operations(api):
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            if "application/problem+json" in content:
                assert content["application/problem+json"]["examples"], (name, status)


def inputs(app):
    """Every field that a client can fill, by its path."""
    schemas = [JoinRoom(), RequestSync()]
    for endpoint in app.view_functions:
        schemas += inputs_of(app, endpoint)
    return dict(found for schema in schemas for found in all_fields(schema))


def test_every_list_that_a_client_sends_is_counted_before_it_is_read(app):
    lists = {
        path: field
        for path, field in inputs(app).items()
        if isinstance(field, wire.List)
    }

    assert "OrderInput.timer_ids" in lists
    for path, field in lists.items():
        assert isinstance(field, BoundedList), path
        assert any(rule.max for rule in field.validators), path


def test_every_text_that_a_client_sends_has_a_maximum(app):
    for path, field in inputs(app).items():
        if isinstance(field, wire.UUID):
            continue
        if isinstance(field, wire.String):
            assert isinstance(field, Text), path
            lengths = [v for v in field.validators if isinstance(v, validate.Length)]
            assert any(rule.max for rule in lengths), path
        # Whatever holds values of any kind and number has no place in what is read.
        assert not isinstance(field, wire.Dict | wire.Raw), path


@pytest.mark.parametrize("setting", [field.name.upper() for field in fields(Settings)])
def test_every_setting_is_documented(setting):
    assert f"`{setting}`" in (ROOT / "docs/operations.md").read_text()


@pytest.mark.parametrize(
    "event", sorted((EVENT_SCHEMAS.keys() - INTERNAL_EVENTS) | REQUESTS | ANSWERS)
)
def test_every_event_is_documented(event):
    assert f"`{event}`" in (ROOT / "docs/protocol.md").read_text()
