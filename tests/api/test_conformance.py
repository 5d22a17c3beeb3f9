"""The API answers as its OpenAPI document says, whatever it is sent."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

pytestmark = pytest.mark.database("sqlite")

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


def test_every_operation_conforms(app, room, timer):
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    known = {"room_id": room.id, "timer_id": timer["id"], "share_token": "unknown"}
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        strategy = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        strategy |= operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
        _try(strategy, operation, room, known)
        tried += 1
    assert tried > 15


def _try(strategy, operation, room, known):
    from hypothesis import given

    @settings(
        max_examples=15,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def check(case):
        # Things that exist, so that the body is what decides.
        for name in case.path_parameters or {}:
            case.path_parameters[name] = known.get(name, case.path_parameters[name])
        case.call_and_validate(
            checks=CHECKS,
            headers={
                "Authorization": f"Bearer {room.admin_token}",
                "Accept-Encoding": "identity",
            },
        )

    check()
