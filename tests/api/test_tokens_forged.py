"""A token that this server did not sign, or no longer accepts, opens nothing."""

import base64
import json

import pytest

from app.clock import now
from tests.api.people import SECRET, claims_of, signed

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def knock(api, room, timer):
    """Sends a command of the owner with a token; returns the answer."""

    def knock(token=None, header=None):
        given = {"Authorization": header} if header is not None else {}
        path = f"/api/timers/{timer['id']}/start"
        return api.request("POST", path, token=token, headers=given)

    return knock


@pytest.fixture
def owner(room):
    """The subject that owns `room`, known to the forger."""
    return claims_of(room.admin_token)["sub"]


def seconds():
    """The time in the unit of tokens (RFC 7519, section 2)."""
    return now() // 1000


def assert_refused(answer):
    assert answer.status == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["code"] == "unauthenticated"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def unsigned(claims, algorithm):
    def part(value):
        text = json.dumps(value).encode()
        return base64.urlsafe_b64encode(text).rstrip(b"=").decode()

    return f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims)}."


def test_the_owner_s_own_token_opens(knock, room, owner):
    assert knock(room.admin_token).status == 200
    assert knock(signed(sub=owner)).status == 200


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "HS256"])
def test_a_token_without_a_signature_is_refused(knock, owner, algorithm):
    claims = {"sub": owner, "iat": seconds(), "exp": seconds() + 600}

    assert_refused(knock(unsigned(claims, algorithm)))


def test_a_token_of_another_secret_is_refused(knock, owner):
    assert_refused(knock(signed(sub=owner, key="x" * 64)))


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_with_the_right_secret_is_refused(knock, owner, algorithm):
    assert_refused(knock(signed(sub=owner, key=SECRET.ljust(64), algorithm=algorithm)))


def test_a_token_whose_claims_were_changed_is_refused(knock, room, owner):
    head, _, signature = room.admin_token.split(".")
    claims = signed(sub=owner, exp=seconds() + 10**8).split(".")[1]

    assert_refused(knock(f"{head}.{claims}.{signature}"))


@pytest.mark.parametrize("exp", [0, 1, 1_700_000_000])
def test_an_expired_token_is_refused(knock, owner, exp):
    answer = knock(signed(sub=owner, exp=exp))

    assert_refused(answer)
    assert "expired" in answer.json["detail"]


def test_a_token_of_the_future_is_refused(knock, owner):
    assert_refused(knock(signed(sub=owner, nbf=seconds() + 600)))


def test_a_refresh_token_is_no_access_token(knock, room):
    assert_refused(knock(room.refresh_token))


def test_a_revoked_token_is_refused(knock, api, room):
    api.request("POST", "/api/auth/revoke", token=room.admin_token)

    answer = knock(room.admin_token)
    assert_refused(answer)
    assert "taken back" in answer.json["detail"]


def test_a_provider_s_token_from_before_the_revocation_is_refused(
    knock, api, room, owner
):
    old = signed(sub=owner, iat=seconds() - 60)
    ageless = signed(sub=owner, iat=...)
    assert knock(old).status == knock(ageless).status == 200

    api.request("POST", "/api/auth/revoke", token=room.admin_token)

    assert_refused(knock(old))
    assert_refused(knock(ageless))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Basic YWRhOmE=",
        "Token abc",
        "Bearer ..",
        "Bearer a.b.c",
        "Bearer \xe4.\xf6.\xfc",
        "Bearer " + "x" * 7000,
        "Bearer e30.e30.e30",
        "Bearer bnVsbA.bnVsbA.bnVsbA",
    ],
    ids=repr,
)
def test_what_is_no_token_is_refused(knock, header):
    assert_refused(knock(header=header))


def test_no_token_is_refused_with_a_hint(knock):
    answer = knock()

    assert_refused(answer)
    assert "Authorization: Bearer" in answer.json["detail"]


def test_a_token_in_the_address_or_in_a_cookie_does_not_count(api, room, timer):
    path = f"/api/timers/{timer['id']}/start"
    token = room.admin_token

    for query in (f"?jwt={token}", f"?access_token={token}", f"?token={token}"):
        assert_refused(api.request("POST", path + query))
    cookie = {"Cookie": f"access_token_cookie={token}"}
    assert_refused(api.request("POST", path, headers=cookie))
