"""The catalogue of refusals: each has a code of its own that clients may rely on."""

import re

import pytest

from app import errors
from app.errors import DomainError, InvalidField
from app.problems import CONTENT_TYPE, render_refusal, socket_error
from tests.support.environment import ROOT


def subclasses(error):
    return {error}.union(*map(subclasses, error.__subclasses__()))


CATALOGUE = sorted(
    subclasses(DomainError) - {DomainError}, key=lambda error: error.code
)
every_error = pytest.mark.parametrize("error", CATALOGUE, ids=lambda error: error.code)


def raised(error):
    return error("name", "Too short.") if error is InvalidField else error()


def test_each_code_is_unique():
    codes = [error.code for error in CATALOGUE]

    assert len(codes) == len(set(codes))


def test_every_refusal_is_in_the_catalogue():
    assert {error.__module__ for error in CATALOGUE} == {errors.__name__}


@every_error
def test_a_code_is_in_kebab_case_and_goes_with_a_refusal_s_status(error):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", error.code)
    assert 400 <= error.status < 500


@every_error
def test_a_code_is_documented_with_its_status(error):
    rows = (ROOT / "docs/protocol.md").read_text().splitlines()

    assert any(row.startswith(f"| `{error.code}` | {error.status} |") for row in rows)


@every_error
def test_a_title_is_a_sentence(error):
    assert error.title[0].isupper()
    assert error.title.endswith(".")


@every_error
def test_a_refusal_is_rendered_as_a_problem_document(error):
    response = render_refusal(raised(error))

    assert response.status_code == error.status
    assert response.content_type == CONTENT_TYPE
    document = response.get_json()
    assert document["code"] == error.code
    assert document["type"].endswith(f":{error.code}")
    assert document["status"] == error.status
    assert {"title", "detail"} <= set(document)


def test_what_happened_this_time_is_told_in_detail():
    assert render_refusal(errors.NotFound("Join first.")).get_json()["detail"] == (
        "Join first."
    )


def test_an_invalid_field_is_named():
    document = render_refusal(InvalidField("timerIds", "Name each once.")).get_json()

    assert document["errors"] == {"timerIds": ["Name each once."]}


def test_a_refusal_for_lack_of_a_token_says_how_to_send_one():
    response = render_refusal(errors.Unauthenticated())

    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_socket_s_error_is_a_code_and_a_message():
    assert socket_error("not-found", "Nothing here.") == {
        "code": "not-found",
        "message": "Nothing here.",
    }
